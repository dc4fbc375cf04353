"""`Operation`: what one job does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.job import additions, parts, template
from cosconcat.job.parts import ID, PAGE
from cosconcat.job.schema import Node, branch, branches, leaf, leaves, like, one_of

if TYPE_CHECKING:
    from collections.abc import Iterator


class Operation(Node):
    """What to do. `TemplateId` has priority over `ConcatTemplate`; `UserData` comes back with the job."""

    TemplateId: str = leaf(ID, PAGE)
    ConcatTemplate: template.ConcatTemplate | None = branch(template.ConcatTemplate, PAGE)
    WatermarkTemplateId: tuple[str, ...] = leaves(ID, PAGE, most=3)
    Watermark: tuple[additions.Watermark, ...] = branches(additions.Watermark, PAGE, most=3)
    Output: parts.Output | None = branch(parts.Output, PAGE, required=True)
    UserData: str = leaf(like(r"[ -~]{1,1024}", "at most 1024 printable ASCII characters"), PAGE)
    JobLevel: str = leaf(one_of("0", "1", "2"), PAGE)

    def lacking(self, path: str) -> Iterator[str]:
        """The page: splicing parameters must be set, by a template or here."""
        if not self.TemplateId and self.ConcatTemplate is None:
            yield f"{path}: neither TemplateId nor ConcatTemplate; one of them must be set"

    def addresses(self, path: str) -> list[tuple[str, str]]:
        """(path of its node, address) of every sound and image that it names; an overlay may leave the address out."""
        concat = self.ConcatTemplate
        found: list[tuple[str, str]] = []
        if concat is not None and concat.AudioMix is not None:
            found.append((f"{path}.ConcatTemplate.AudioMix.AudioSource", concat.AudioMix.AudioSource))
        for i, mix in enumerate(concat.AudioMixArray if concat is not None else ()):
            found.append((f"{path}.ConcatTemplate.AudioMixArray[{i}].AudioSource", mix.AudioSource))
        for i, watermark in enumerate(self.Watermark):
            if watermark.Image is not None:
                found.append((f"{path}.Watermark[{i}].Image.Url", watermark.Image.Url))
        return [one for one in found if one[1]]
