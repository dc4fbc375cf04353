"""Looking at a group with as few LIST pages as its convention allows."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cosconcat.groups import Piece
from cosconcat.naming import FragmentName, ManifestName, MarkerName, Span, common_beginning
from cosconcat.ports import Head, ObjectInfo, Page
from cosconcat.services import Services

PAGE = 1000  # objects on one LIST page, the most that COS gives
FEW = 2  # so many missing fragments are looked for one by one, in case LIST lags
PREDECESSORS = 3  # of an event's own key that a walk looks at: one more than could be hidden


@dataclass
class Sighting:
    """What has been seen of one group so far. `now` is the service's clock at the last look; `partial` says that
    there is more which was not looked at.
    """

    services: Services
    group: str
    pieces: dict[str, Piece] = field(default_factory=dict)
    markers: dict[str, tuple[MarkerName, ObjectInfo]] = field(default_factory=dict)
    manifest: ObjectInfo | None = None
    now: int = 0
    partial: bool = False
    listed: bool = False

    def add(self, objects: Iterable[ObjectInfo]) -> None:
        """Take in what belongs to the group, leave the rest."""
        convention = self.services.config.convention
        for found in objects:
            name = convention.read(found.key)
            if isinstance(name, FragmentName) and name.group == self.group:
                self.pieces[found.key] = Piece(name, found)
            elif isinstance(name, MarkerName) and name.group == self.group:
                self.markers[found.key] = (name, found)
            elif isinstance(name, ManifestName) and name.group == self.group:
                self.manifest = found

    def shows(self, key: str) -> bool:
        """Whether the key is in sight."""
        return key in self.pieces or key in self.markers or (self.manifest is not None and self.manifest.key == key)

    def misses(self, key: str) -> bool:
        """Whether a complete listing should have shown this key of the group, and did not."""
        if not self.listed or self.partial or key in self.pieces:
            return False
        name = self.services.config.convention.read(key)
        return isinstance(name, FragmentName) and name.group == self.group

    def head(self, key: str) -> bool:
        """Look for one key that LIST may have hidden; whether it is there and belongs to the group."""
        head: Head | None = self.services.cos.head(self.services.config.bucket, key)
        if head is None:
            return False
        self.add([head.object])
        self.now = max(self.now, head.now)
        return self.shows(key)

    def page(self, span: Span, after: str = "") -> Page:
        """One LIST page of a span."""
        page = self.services.cos.list(self.services.config.bucket, span.prefix, after, PAGE)
        self.add(page.objects)
        self.now = max(self.now, page.now)
        return page

    def look(self, spans: Sequence[Span], *, one_page: bool = False) -> None:
        """List every span to its end, but never far beyond the limit; with `one_page` only the first page of each."""
        self.listed = True
        # Where a group may be written in several ways, one page of what they have in common usually shows it all.
        if (
            len(spans) > 1
            and not one_page
            and self.page(Span(common_beginning(*(span.prefix for span in spans)))).next_marker is None
        ):
            return
        for span in spans:
            after: str | None = span.after
            while after is not None:
                page = self.page(span, after)
                after = page.next_marker
                if page.objects and span.passed(page.objects[-1].key):
                    break
                if after is not None and (one_page or len(self.pieces) > self.services.config.max_fragments):
                    self.partial = True
                    break

    def walk(self, span: Span, own: FragmentName) -> tuple[int, ...]:
        """List a group of known size from just before `own` to the end, then from the beginning up to there, and stop
        at the first gap, so that an ordinary event of a large group costs one page.

        Three predecessors are in view, because uploads run in order or in reverse: a stretch of more than two missing
        keys is taken for a gap at once, one or two are looked for by HEAD, in case LIST lags.

        Returns:
            The numbers found missing; empty when the whole group was seen.
        """
        self.listed = True
        keys = [key for key, _ in self._expected(own)]
        at = bisect_left(keys, own.key.encode()) - 1 - PREDECESSORS
        start = keys[at].decode() if at >= 0 else ""
        for after, end in ((start, ""), ("", start)) if start else (("", ""),):
            missing = self._leg(span, own, after, end)
            if missing:
                return missing
        return ()

    def _leg(self, span: Span, own: FragmentName, after: str, end: str) -> tuple[int, ...]:
        while True:
            page = self.page(span, after)
            last = page.objects[-1].key if page.next_marker and page.objects else end
            if end and last.encode() > end.encode():
                last = end
            missing = self._gap(own, after, last)
            if missing and (len(missing) > FEW or not all(self.head(key) for key in self.keys(missing, own))):
                return missing
            if page.next_marker is None or last == end != "":
                return ()
            after = page.next_marker

    def _gap(self, own: FragmentName, after: str, last: str) -> tuple[int, ...]:
        """Numbers expected between two keys (the second included, empty: no bound) and not seen."""
        seen = {piece.name.number for piece in self.pieces.values()} | {own.number}
        low, high = after.encode(), last.encode()
        return tuple(
            sorted(n for key, n in self._expected(own) if low < key and (not last or key <= high) and n not in seen)
        )

    def _expected(self, own: FragmentName) -> list[tuple[bytes, int]]:
        """The keys the group should have, sorted, with their numbers. Counting from 0 or from 1 is open until the end,
        so that the number 0 and the last are not expected yet.
        """
        numbers = range(1, own.total or 1)
        return sorted(zip((key.encode() for key in self.keys(numbers, own)), numbers, strict=True))

    def keys(self, numbers: Sequence[int], sample: FragmentName) -> list[str]:
        """The keys that these numbers have if they are written like the sample and what is in sight."""
        names = [sample, *(piece.name for piece in self.pieces.values())]
        width = written_width(names, sample.total or max(name.number for name in names))
        return [sample.renumbered(number, width) for number in numbers]


def written_width(names: Iterable[FragmentName], total: int) -> int:
    """To how many digits the numbers of a group are filled up with zeros; 1 means not at all.

    One name with a leading zero decides it; without any, a number shorter than the total says that there are none.
    """
    lengths = set()
    for name in names:
        if len(name.digits) > 1 and name.digits.startswith("0"):
            return len(name.digits)
        lengths.add(len(name.digits))
    return 1 if min(lengths) < len(str(total)) else len(str(total))
