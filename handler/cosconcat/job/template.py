"""`ConcatTemplate`: which files are joined, and how."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from cosconcat.job import additions, parts
from cosconcat.job.parts import PAGE
from cosconcat.job.schema import BOOLEAN, Node, as_number, branch, branches, leaf, number

if TYPE_CHECKING:
    from collections.abc import Iterator

# A list that the API does not limit still ends somewhere: this many fragments are some 10 MB of XML.
_MANY = 100_000
_HOST_END = re.compile("[/?#]")


class ConcatTemplate(Node):
    """How to join. `Index` is the place of `Request.Input` among the fragments: 0 before all, their count after all."""

    ConcatFragment: tuple[parts.ConcatFragment, ...] = branches(parts.ConcatFragment, PAGE, most=_MANY)
    Audio: parts.Audio | None = branch(parts.Audio, PAGE)
    Video: parts.Video | None = branch(parts.Video, PAGE)
    Container: parts.Container | None = branch(parts.Container, PAGE, required=True)
    AudioMix: additions.AudioMix | None = branch(additions.AudioMix, PAGE)
    AudioMixArray: tuple[additions.AudioMix, ...] = branches(additions.AudioMix, PAGE, most=2)
    Index: str = leaf(number(0, whole=True), PAGE)
    SceneChangeInfo: parts.SceneChangeInfo | None = branch(parts.SceneChangeInfo, PAGE)
    DirectConcat: str = leaf(BOOLEAN, PAGE)

    def inconsistent(self, path: str) -> Iterator[str]:
        """An Index beyond the fragments; fragments of several buckets."""
        index, last = as_number(self.Index), len(self.ConcatFragment)
        if index is not None and index > last:
            yield f"{path}.Index: '{self.Index}' is beyond the fragments; allowed: 0 to {last}"
        beyond = (fragment.Url.partition("//")[2] for fragment in self.ConcatFragment)
        hosts = sorted({_HOST_END.split(address, 1)[0] for address in beyond if address})
        if len(hosts) > 1:
            yield f"{path}.ConcatFragment: Urls of several buckets ({', '.join(hosts)}); allowed: one bucket"
