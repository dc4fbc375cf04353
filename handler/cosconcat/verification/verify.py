"""By which way an output is judged: stream by stream, by bytes, or not at all; and with which probes.

CONCAT_ON_MIXED=trust is the deployment's own word that its pieces are alike. Bytes may prove a join then; stream by
stream it stays a doubt, as nothing was compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from cosconcat.errors import Unprobed
from cosconcat.inputs.probes import probe, recorded_probes, wait_for_probe
from cosconcat.model import Head, Job, ObjectInfo, ProbeError, Unanswered
from cosconcat.records.records import Claim, Probes
from cosconcat.services import Services
from cosconcat.verification.join import JoinOptions, ProbedFragment
from cosconcat.verification.objects import check_kinds, check_size
from cosconcat.verification.options import is_direct, join_options, request_of
from cosconcat.verification.output import output_media
from cosconcat.verification.own_reads import judge
from cosconcat.verification.rules.table import LOOK
from cosconcat.verification.verdict import Unverified, Verdict, Verified


def verify(
    services: Services, claim: Claim, job: Job, head: Head, joined: Sequence[ObjectInfo], *, probes_recorded: bool
) -> tuple[str, Verdict]:
    """By which of CONCAT_VERIFY's ways the output was judged, and how.

    `joined` is everything that the job joined, in order. Probes of an earlier invocation are looked for unless it is
    known that there are none.

    Raises:
        ServiceUnavailable: something could not be looked at for now.
    """
    config = services.config
    if config.verify == "none":
        return "none", Verified({"rule": "none"})
    request = request_of(config, claim)
    trusted = request.direct and config.on_mixed == "trust"
    known = Probes(claim.fingerprint)
    if probes_recorded or (request.direct and not trusted):
        known = recorded_probes(services, claim)
    direct = is_direct(request, posted_directly=trusted or known.probed in ("alike", "unread"))
    options = join_options(config, claim, direct=direct, configurations="" if trusted else known.probed)
    by_bytes = config.verify == "size" and direct and claim.format != "hls"
    judged = _by_bytes if by_bytes else _by_streams
    try:
        verdict = judged(services, claim, job, head, joined, known, options)
    except Unprobed as failure:
        verdict = Unverified(str(failure), {}, "no-length")
    return "size" if by_bytes else "duration", verdict


def _by_streams(
    services: Services,
    claim: Claim,
    job: Job,
    head: Head,
    joined: Sequence[ObjectInfo],
    known: Probes,
    options: JoinOptions,
) -> Verdict:
    """Each stream of the output against those of the pieces, which are probed first: what they tell is kept."""
    probes = probe(services, claim, [o.key for o in joined], known)
    output = output_media(services, claim, job, head)
    if isinstance(output, Unanswered):
        wait_for_probe(services, claim, known, probes, output.message)
    if isinstance(output, Unverified):
        return output
    trims = {f.object.key: (f.start, f.end) for f in claim.set.fragments}  # a direct join with trims is refused
    pieces = [ProbedFragment(o.key, probes[o.key], *trims.get(o.key, ("", ""))) for o in joined]
    return judge(services, claim.output, head.object.key, pieces, output, options)


def _by_bytes(
    services: Services,
    claim: Claim,
    job: Job,
    head: Head,
    joined: Sequence[ObjectInfo],
    known: Probes,
    options: JoinOptions,
) -> Verdict:
    """CONCAT_VERIFY=size: the pieces' bytes, and their kinds of stream as the first piece's probe shows them."""
    verdict = check_size([o.size for o in joined], head.object.size)
    if isinstance(verdict, Unverified):
        return verdict
    first = joined[0].key
    probes = probe(services, claim, [first], known)
    media = probes[first]
    if isinstance(media, ProbeError):
        return Unverified(f"{first} cannot be probed ({media.code})", verdict.figures, "no-length")
    output = output_media(services, claim, job, head)
    if isinstance(output, Unanswered):
        wait_for_probe(services, claim, known, probes, output.message)
    if isinstance(output, Unverified):
        return output
    kinds = check_kinds(first, media, output, options)
    if not isinstance(kinds, Unverified) and known.probed == "unread":
        kinds = Unverified("the decoder configurations of the pieces cannot be read", {}, "configurations", LOOK)
    return replace(kinds, figures={**verdict.figures, **kinds.figures})
