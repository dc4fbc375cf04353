"""Looking at a group with as few LIST pages as its convention allows."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from cosconcat.groups.verdicts import FoundFragment
from cosconcat.model import Head, ObjectInfo, Page
from cosconcat.naming.keys import FragmentName, KeyRange, ManifestName, MarkerName, common_beginning, numbered
from cosconcat.services import Services

PAGE = 1000  # objects on one LIST page, the most that COS gives
SMALL = 100  # groups up to this size are listed as a whole at each event; of larger ones only what decides
FEW = 2  # so many missing fragments are looked for one by one, in case LIST lags
NAMED = 20  # so many missing numbers of a large group are named while it is not whole
CROWD = 10  # so many pages of other groups' keys an event looks through; the sweep looks through all
PREDECESSORS = 3  # of an event's own key that a walk looks at: one more than could be hidden


@dataclass
class GroupListing:
    """What has been seen of one group so far. `now` is the service's clock at the last look; `partial` says that
    there is more which was not looked at, `narrowed` that only keys written like one fragment's own were listed, and
    `crowded` that others' keys were in the way of looking further.
    """

    services: Services
    group: str
    pieces: dict[str, FoundFragment] = field(default_factory=dict)
    markers: dict[str, tuple[MarkerName, ObjectInfo]] = field(default_factory=dict)
    manifest: ObjectInfo | None = None
    now: int = 0
    partial: bool = False
    listed: bool = False
    narrowed: bool = False
    crowded: bool = False
    pages: int = 0
    archived: set[str] = field(default_factory=set)

    def add(self, objects: Iterable[ObjectInfo]) -> None:
        """Take in what belongs to the group, leave the rest."""
        convention = self.services.config.convention
        for found in objects:
            name = convention.read(found.key)
            if isinstance(name, FragmentName) and name.group == self.group:
                self.pieces[found.key] = FoundFragment(name, found)
            elif isinstance(name, MarkerName) and convention.closes(name, self.group):
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
        self._take(head)
        self.now = max(self.now, head.now)
        return self.shows(key)

    def _take(self, head: Head) -> None:
        self.add([head.object])
        if head.is_archived:
            self.archived.add(head.object.key)

    def page(self, span: KeyRange, after: str = "") -> Page:
        """One LIST page of a span."""
        self.pages += 1
        page = self.services.cos.list(self.services.config.bucket, span.prefix, after, PAGE)
        self.add(page.objects)
        self.archived |= page.archived
        self.now = max(self.now, page.now)
        return page

    def refresh(
        self,
        spans: Sequence[KeyRange],
        *,
        one_page: bool = False,
        own: FragmentName | None = None,
        most_pages: int | None = None,
    ) -> None:
        """List every span to its end, but never far beyond the limit; with `one_page` only the first page of each.

        Others' keys may begin like the group's, thousands of them. Where they fill a page and `own` names a total, what
        is written like `own` decides alone; and with `most_pages` nobody looks through all of them.
        """
        self.listed = True
        left = most_pages
        # Where a group may be written in several ways, one page of what they have in common usually shows it all.
        if (
            len(spans) > 1
            and not one_page
            and self.page(KeyRange(common_beginning(*(span.prefix for span in spans)))).next_marker is None
        ):
            return
        for span in spans:
            after: str | None = span.after
            while after is not None:
                page = self.page(span, after)
                after = page.next_marker
                if page.objects and span.passed(page.objects[-1].key):
                    break
                if after is not None and own is not None and own.total and own.digits and not one_page:
                    self._refresh_like(own)
                    return
                left = None if left is None else left - 1
                self.crowded = after is not None and left == 0
                full = one_page or self.crowded or len(self.pieces) > self.services.config.max_fragments
                if after is not None and full:
                    self.partial = True
                    break
            if self.crowded:
                return

    def _refresh_like(self, own: FragmentName) -> None:
        """Look at what is written like `own`, which with its total decides alone: a page of it, then key by key as far
        as that is not dearer.
        """
        self.narrowed = True
        span = numbered(own.key[: own.span[0]])
        page = self.page(span, span.after)
        if page.next_marker is None or (page.objects and span.passed(page.objects[-1].key)):
            return
        numbers = range(min(1, own.number), (own.total or 0) + 1)
        missing = [number for number in numbers if number not in self._seen(own)]
        if len(missing) > NAMED:
            self.partial = self.crowded = True
            return
        widths = {self._width(own), 1} if not own.digits.startswith("0") else {self._width(own)}
        keys = dict.fromkeys(own.renumbered(number, width) for number in missing for width in sorted(widths))
        heads = self.services.cos.heads(self.services.config.bucket, list(keys))
        for head in filter(None, heads.values()):
            self._take(head)

    def list_until_gap(self, span: KeyRange, own: FragmentName) -> tuple[int, ...]:
        """List a group of known size from just before `own` to the end, then from the beginning up to there, and stop
        at the first gap, so that an ordinary event of a large group costs one page.

        Three predecessors are in view, because uploads run in order or in reverse: a stretch of more than two missing
        keys is taken for a gap at once, one or two are looked for by HEAD, in case LIST lags. For the likeliest to
        arrive last the listing starts at the beginning, so that all its pages are full, and goes beyond the first
        only if the group can be whole.

        Returns:
            The numbers found missing; empty when the whole group was seen.
        """
        self.listed = True
        after_it = sum(map(len, self._expected(own, own.key, "")))
        at_an_end = own.number <= 1 or own.number + 1 >= (own.total or 1) or after_it <= FEW
        start = "" if at_an_end else self._predecessor(own)
        for after, end in ((start, ""), ("", start)) if start else (("", ""),):
            missing = self._leg(span, own, after, end)
            if missing:
                return missing
        return ()

    def _leg(self, span: KeyRange, own: FragmentName, after: str, end: str) -> tuple[int, ...]:
        first = after == end == ""
        while True:
            page = self.page(span, after or span.after)
            over = page.next_marker is None or (bool(page.objects) and span.passed(page.objects[-1].key))
            last = end if over or not page.objects else page.objects[-1].key
            if end and last.encode() > end.encode():
                last = end
            gap = self._gap(own, after, last)
            missing = tuple(number for number in gap if number != own.total)
            if first and last and not missing and own.total and not self._seen(own) & {0, own.total}:
                missing = (own.total,)  # the beginning shows no number 0, so it has to be there
            if missing and (len(gap) > FEW or not all(self.head(key) for key in self.keys(missing, own))):
                return missing
            if page.next_marker is None or over or last == end != "":
                return ()
            if self.pages > CROWD + 2 * ((own.total or 0) // PAGE + 1):
                self.partial = self.crowded = True
                return ()
            after, first = page.next_marker, False

    def _gap(self, own: FragmentName, after: str, last: str) -> tuple[int, ...]:
        """The first NAMED numbers expected between two keys (the second included, empty: no bound) and not in sight.

        Counting from 0 or from 1 is open until the end: the last number is in it unless a number 0 is in sight.
        """
        seen = self._seen(own)
        if 0 in seen and own.total:
            seen.add(own.total)
        expected = chain.from_iterable(self._expected(own, after, last))
        return tuple(sorted(islice((number for number in expected if number not in seen), NAMED)))

    def _seen(self, own: FragmentName) -> set[int]:
        return {own.number, *(piece.name.number for piece in self.pieces.values())}

    def _predecessor(self, own: FragmentName) -> str:
        """The expected key so many places before `own` that PREDECESSORS lie between them; empty when there is none."""
        before = (stretch[-PREDECESSORS - 2 :] for stretch in self._expected(own, "", own.key))
        keys = sorted(key for key in self.keys([*chain.from_iterable(before)], own) if key < own.key)
        return keys[-PREDECESSORS - 1] if len(keys) > PREDECESSORS else ""

    def _expected(self, own: FragmentName, after: str, last: str) -> Iterator[range]:
        """The numbers from 1 that the group should have between two keys, as stretches in which the keys ascend too:
        those written with equally many digits.
        """
        width = self._width(own)
        low, digits, end = 1, width, (own.total or 0) + 1
        while low < end:
            stretch = range(low, min(10**digits, end))
            first = bisect_right(stretch, after, key=lambda number: own.renumbered(number, width))
            stop = bisect_right(stretch, last, key=lambda number: own.renumbered(number, width)) if last else None
            yield stretch[first:stop]
            low, digits = stretch.stop, digits + 1

    def keys(self, numbers: Sequence[int], sample: FragmentName) -> list[str]:
        """The keys that these numbers have if they are written like the sample and what is in sight; none where no
        name shows how a number is written.
        """
        numbered = (name for name in (sample, *(piece.name for piece in self.pieces.values())) if name.digits)
        shown = next(numbered, None)
        if shown is None:
            return []
        sample, width = shown, self._width(shown)
        return [sample.renumbered(number, width) for number in numbers]

    def _width(self, sample: FragmentName) -> int:
        names = [sample, *(piece.name for piece in self.pieces.values() if piece.name.digits)]
        return written_width(names, sample.total or max(name.number for name in names))


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
