"""What a group's request says about how the output may differ from its pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.job.compose import compose, transition_seconds
from cosconcat.verification.join import JoinOptions

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.job.request import ConcatTemplate, Request
    from cosconcat.model import StreamKind
    from cosconcat.records.records import Claim, Probed


def request_of(config: Config, claim: Claim) -> Request:
    """The request of a claim as it was posted if its fragments were alike, without a callback."""
    return compose(config, claim.set, claim.output_key, str(claim.token), callback="")


def is_direct(request: Request, *, posted_directly: bool) -> bool:
    """Whether it is known that nothing was transcoded: not with a template, whose own nodes are not known here."""
    template = request.Operation is not None and bool(request.Operation.TemplateId)
    return request.direct and posted_directly and not template


def join_options(config: Config, claim: Claim, *, direct: bool, configurations: Probed = "") -> JoinOptions:
    """The nodes of the claim's request that bear on the proof; a direct join makes all of them void."""
    operation = request_of(config, claim).Operation
    template = operation.ConcatTemplate if operation is not None else None
    video = template.Video if template is not None and not direct else None
    return JoinOptions(
        format=claim.format,
        direct=direct,
        template=operation is not None and bool(operation.TemplateId),
        fps=float(video.Fps) if video is not None and video.Fps else None,
        resized=video is not None and bool(video.Width or video.Height),
        transition=0.0 if direct else transition_seconds(config, claim.set),
        removed=_removed(template) if template is not None and not direct else frozenset(),
        may_lose=config.may_lose,
        configurations=configurations,
    )


def _removed(template: ConcatTemplate) -> frozenset[StreamKind]:
    """Kinds that the request takes out: by Remove, or by a sound that replaces the pieces' own."""
    mixes = [template.AudioMix] if template.AudioMix is not None else list(template.AudioMixArray)
    found: set[StreamKind] = set()
    if template.Video is not None and template.Video.Remove == "true":
        found.add("video")
    silenced = template.Audio is not None and template.Audio.Remove == "true"
    if silenced or any(mix.Replace == "true" for mix in mixes):
        found.add("audio")
    return frozenset(found)
