"""Looking at a group with as few LIST pages as its convention allows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cosconcat.groups import Piece
from cosconcat.naming import FragmentName, ManifestName, MarkerName, Span, common_beginning
from cosconcat.ports import Head, ObjectInfo, Page
from cosconcat.services import Services

PAGE = 1000  # objects on one LIST page, the most that COS gives


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
        """Look for one key that LIST may have hidden; whether it is there."""
        head: Head | None = self.services.cos.head(self.services.config.bucket, key)
        if head is None:
            return False
        self.add([head.object])
        self.now = max(self.now, head.now)
        return True

    def page(self, span: Span, after: str = "") -> Page:
        """One LIST page of a span."""
        page = self.services.cos.list(self.services.config.bucket, span.prefix, after, PAGE)
        self.add(page.objects)
        self.now = max(self.now, page.now)
        return page

    def list(self, spans: Sequence[Span], *, one_page: bool = False) -> None:
        """List every span to its end, but never far beyond the limit; with `one_page` only the first page of each."""
        self.listed = True
        # Where a group may be written in several ways, one page of what they have in common usually shows it all.
        if len(spans) > 1 and self.page(Span(common_beginning(*(span.prefix for span in spans)))).next_marker is None:
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
