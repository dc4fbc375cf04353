"""The reference model of COS: objects, versions, tags, and a listing that lags.

Behaviour by behaviour it is compared with the local cloud by tests/conformance; docs/internals/behaviour.md says where
each assumption comes from. A media object is a number into `contents`; no bytes are moved.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, TypeVar

from cosconcat.cloud.ports import Copied
from cosconcat.errors import Rejected, ServiceUnavailable, TimedOut
from cosconcat.model import (
    Bucket,
    ByteRange,
    DeleteError,
    Head,
    Media,
    ObjectInfo,
    ObjectVersion,
    Page,
    ProbeError,
    Stored,
    Unanswered,
)
from tests.simulation.models.world import Actor, World
from tests.support.joins import mp4_head

T = TypeVar("T")
LAST_CHARACTER = chr(0x10FFFF)  # sorts behind every key


@dataclass(frozen=True)
class Content:
    """What a media object holds: `joined` names the (key, content) of every piece of it, empty for an upload."""

    etag: str
    media: Media
    joined: tuple[tuple[str, Content], ...] = ()
    configuration: int = 0  # how a decoder must be set up for it
    odd: bool = False  # no length proves it
    bytes: str = ""  # what makes its bytes these, where the ETag does not tell; "": the ETag does
    copied: bool = False  # a copy of a single piece
    encrypted: bool = False  # by the service: its ETag is no MD5
    unreadable: bool = False  # no media that CI knows

    @property
    def crc64(self) -> str:
        """Of its bytes, however they came."""
        return str(int(hashlib.md5((self.bytes or self.etag).encode()).hexdigest()[:16], 16))

    @property
    def shape(self) -> tuple[int | None, int]:
        """What a join without transcoding needs alike; the second is in no probe."""
        pictures = self.media.of("video")
        return (pictures[0].height if pictures else None), self.configuration


class Sight(NamedTuple):
    """When a request was sent, and when whoever sent it was last shown each key by HEAD (virtual time)."""

    sent: float
    seen: Mapping[str, float]


BLIND = Sight(0.0, {})


class Thing:
    """One version of one object."""

    __slots__ = ("body", "content", "created", "info", "tagger", "tags", "version")

    def __init__(self, info: ObjectInfo, created: float, version: str, body: bytes, content: Content | None) -> None:
        self.info = info
        self.created = created  # exact virtual time
        self.version = version
        self.body = body
        self.content = content
        self.tags: dict[str, str] = {}
        self.tagger: Actor | None = None  # who tagged it, unless it was a request that its sender had given up


class Shelf:
    """One bucket."""

    __slots__ = ("current", "keys", "lagging", "noncurrent", "versioned")

    def __init__(self, *, versioned: bool) -> None:
        self.versioned = versioned
        self.current: dict[str, Thing] = {}
        self.noncurrent: dict[str, list[Thing | None]] = {}  # older versions, oldest first; None is a delete marker
        self.keys: list[str] = []  # sorted; what exists and what a stale listing may still show
        self.lagging: dict[str, tuple[Thing | None, float]] = {}  # key: what a stale listing shows, until when


class Watcher:
    """Told of every effect at the moment it happens; tests/simulation/promises overrides what it watches."""

    def written(self, bucket: str, thing: Thing, before: Thing | None) -> None:
        """An object came to be, in the place of `before`."""

    def removed(self, bucket: str, thing: Thing, sight: Sight) -> None:
        """A version of an object ceased to exist; `sight`: what whoever did it had looked at."""


class CosModel:
    """The COS port in memory."""

    def __init__(self, world: World, buckets: Mapping[str, bool], page: int = 1000) -> None:
        self.world = world
        self.page = page
        self.shelves = {name: Shelf(versioned=versioned) for name, versioned in buckets.items()}
        self.watcher = Watcher()
        self._version = 0

    # -- what the world does to objects, without a request ------------------------------------------------------------

    def write(self, bucket: str, key: str, *, content: Content | None = None, body: bytes = b"") -> Thing:
        """Put an object, whoever does it; listings may show it late."""
        shelf = self.shelves[bucket]
        before = shelf.current.get(key)
        etag, size = (content.etag, content.media.size) if content else (hashlib.md5(body).hexdigest(), len(body))
        self._version += 1
        version = f"v{self._version}" if shelf.versioned else ""
        now = self.world.now
        thing = Thing(ObjectInfo(key, etag, size, int(now)), now, version, body, content)
        self._lag(shelf, key, before)
        if before is None:
            self._insert(shelf, key)
        shelf.current[key] = thing
        if before is not None and shelf.versioned:
            shelf.noncurrent.setdefault(key, []).append(before)
        self.watcher.written(bucket, thing, before)
        return thing

    def remove(self, bucket: str, key: str, version: str = "", sight: Sight = BLIND) -> None:
        """Delete the current version, or that very version; a missing one is no error."""
        shelf = self.shelves[bucket]
        current = shelf.current.get(key)
        older = shelf.noncurrent.get(key, [])
        if version and (current is None or current.version != version):
            gone = next((thing for thing in older if thing is not None and thing.version == version), None)
            if gone is not None:
                older.remove(gone)
        elif current is not None:
            gone = current  # with versioning it lies behind a delete marker, which is as good as gone
            self._lag(shelf, key, current)
            del shelf.current[key]
            if key not in shelf.lagging:
                shelf.keys.remove(key)
            if shelf.versioned and not version:
                shelf.noncurrent.setdefault(key, []).extend((current, None))
            elif older and older[-1] is not None:  # the version before is the current one again
                back = older.pop()
                assert back is not None
                shelf.current[key] = back
                self._insert(shelf, key)
        else:
            return
        if gone is not None:
            self.watcher.removed(bucket, gone, sight)

    @staticmethod
    def _insert(shelf: Shelf, key: str) -> None:
        at = bisect_left(shelf.keys, key)
        if at == len(shelf.keys) or shelf.keys[at] != key:
            shelf.keys.insert(at, key)

    def _lag(self, shelf: Shelf, key: str, before: Thing | None) -> None:
        world = self.world
        if key in shelf.lagging:
            if shelf.lagging[key][1] > world.now:
                return  # the older view stays
            self._forget(shelf, key)
        if world.happens("list-lag"):
            shelf.lagging[key] = (before, world.now + 60.0 * world.chance.random() ** 2)

    def _forget(self, shelf: Shelf, key: str) -> None:
        """A stale view has caught up."""
        del shelf.lagging[key]
        if key not in shelf.current:
            at = bisect_left(shelf.keys, key)
            if at < len(shelf.keys) and shelf.keys[at] == key:
                del shelf.keys[at]

    # -- the port -----------------------------------------------------------------------------------------------------

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """One page; each key that lags is shown as it was or as it is, by chance."""
        return self.world.call("LIST", prefix, lambda: self._page(bucket.name, prefix, marker, min(limit, self.page)))

    def _page(self, bucket: str, prefix: str, marker: str, limit: int) -> Page:
        shelf = self._shelf(bucket)
        world = self.world
        if world.actor is not None:
            world.actor.seen[f"LIST {prefix}"] = world.now
        stale: dict[str, Thing | None] = {}
        if shelf.lagging:
            for key, (old, until) in list(shelf.lagging.items()):
                if until <= world.now:
                    self._forget(shelf, key)
                elif not world.calm and world.chance.random() < 0.7:
                    stale[key] = old
        keys = shelf.keys
        at = bisect_right(keys, marker) if marker >= prefix and marker else bisect_left(keys, prefix)
        end = bisect_left(keys, prefix + LAST_CHARACTER, at)
        if shelf.lagging:
            things = [stale[key] if key in stale else shelf.current.get(key) for key in keys[at:end]]
            shown = [thing.info for thing in things if thing is not None]
        else:
            current = shelf.current
            shown = [current[key].info for key in keys[at : min(end, at + limit + 1)]]
        more = len(shown) > limit
        return Page(tuple(shown[:limit]), shown[limit - 1].key if more else None, int(world.now))

    def head(self, bucket: Bucket, key: str) -> Head | None:
        """The object as it is."""
        found = self.world.call("HEAD", key, lambda: self._head(bucket.name, key))
        if self.world.actor is not None:
            self.world.actor.unseen.discard(key)
        return found

    def _head(self, bucket: str, key: str) -> Head | None:
        thing = self._shelf(bucket).current.get(key)
        if self.world.actor is not None:
            self.world.actor.seen[key] = self.world.now
        if self.world.on_moment is not None:
            self.world.on_moment("head", key)
        if thing is None:
            return None
        content = thing.content
        crc64, encrypted = (content.crc64, content.encrypted) if content else ("", False)
        return Head(thing.info, int(self.world.now), thing.version, encrypted=encrypted, crc64=crc64)

    def heads(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Head | None]:
        """One HEAD after another in any order, each a switch point."""
        found = {key: self.head(bucket, key) for key in self._shuffled(keys)}
        return {key: found[key] for key in keys}

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """A small object."""
        return self.world.call("GET", key, lambda: self._get(bucket.name, key))

    def _get(self, bucket: str, key: str) -> Stored | None:
        thing = self._shelf(bucket).current.get(key)
        if thing is None:
            return None
        return Stored(thing.body, Head(thing.info, int(self.world.now), thing.version))

    def create(self, bucket: Bucket, key: str, body: bytes) -> bool:
        """PUT with forbid-overwrite; inert on a versioned bucket."""
        return self.world.call("CREATE", key, lambda: self._create(bucket.name, key, body), writes=True)

    def _create(self, bucket: str, key: str, body: bytes) -> bool:
        shelf = self._shelf(bucket)
        if key in shelf.current and not shelf.versioned:
            return False
        self.write(bucket, key, body=body)
        return True

    def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Overwriting PUT."""
        self._shelf(bucket.name)
        self.world.call("PUT", key, lambda: self.write(bucket.name, key, body=body), writes=True)

    def copy(
        self, source: Bucket, original: ObjectInfo, target: Bucket, key: str, *, create_only: bool = False
    ) -> Copied:
        """Copy if the source still has this ETag; create-only, as a PUT is, where asked for."""

        def effect() -> Copied:
            thing = self._shelf(source.name).current.get(original.key)
            shelf = self._shelf(target.name)
            if thing is None or thing.info.etag != original.etag:
                return "changed"
            if create_only and key in shelf.current and not shelf.versioned:
                return "taken"
            content = thing.content
            if content is not None and "-" in content.etag:  # what was uploaded in parts is copied in one
                etag = hashlib.md5(content.etag.encode()).hexdigest()
                content = replace(content, etag=etag, bytes=content.bytes or content.etag)
            if content is not None and create_only:
                content = self._single(original.key, thing.content or content, content)
            copy = self.write(target.name, key, content=content, body=thing.body)
            copy.tags = {} if create_only else dict(thing.tags)
            if self.world.on_moment is not None:
                self.world.on_moment("copied", original.key)
            return "copied"

        return self.world.call("COPY", f"{original.key} to {key}", effect, writes=True)

    def _single(self, key: str, piece: Content, copy: Content) -> Content:
        """The output that holds one piece, unless its bytes went wrong on the way."""
        if self.world.happens("copy-damaged"):
            etag = hashlib.md5(f"damaged {copy.etag}".encode()).hexdigest()
            return replace(copy, etag=etag, bytes=etag, copied=True)
        return replace(copy, joined=((key, piece),), copied=True)

    def delete(self, bucket: Bucket, versions: Sequence[ObjectVersion]) -> Sequence[DeleteError]:
        """Multi-delete: object after object, each a switch point; a failure leaves the rest."""
        self._shelf(bucket.name)
        refused = []
        sent = self.world.now
        for one in self._shuffled(versions):
            if self.world.happens("delete-refused"):
                refused.append(DeleteError(one.key, "AccessDenied", "refused by the simulator"))
                continue
            self.world.call("DELETE", one.key, self._removal(bucket.name, one, sent), writes=True, again=False)
        return refused

    def _removal(self, bucket: str, version: ObjectVersion, sent: float) -> Callable[[], None]:
        actor = self.world.actor
        sight = Sight(sent, {**actor.seen} if actor else {})  # as it was then: the DELETE may arrive much later

        def effect() -> None:
            self.remove(bucket, version.key, version.version_id, sight)
            if self.world.on_moment is not None:
                self.world.on_moment("removed", version.key)

        return effect

    def tags(self, bucket: Bucket, key: str) -> Mapping[str, str]:
        """Tags of an object."""
        return self.world.call("GET tagging", key, lambda: dict(self._thing(bucket.name, key).tags))

    def tag(self, bucket: Bucket, key: str, tags: Mapping[str, str]) -> None:
        """Replace the tags of whatever is there now."""

        def effect() -> None:
            thing = self._thing(bucket.name, key)
            thing.tags, thing.tagger = dict(tags), self.world.actor
            if thing.tagger is not None:
                thing.tagger.unseen.add(key)
            if self.world.on_moment is not None:
                self.world.on_moment("tagged", key)

        self.world.call("PUT tagging", key, effect, writes=True)

    def media(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Media | ProbeError | Unanswered]:
        """One probe after another in any order, each a switch point; one that fails for now leaves the others. After
        one that hangs no other is begun.
        """
        hanging: dict[str, Unanswered] = {}
        found = {
            key: hanging.get(bucket.name) or self._probed(bucket.name, key, hanging) for key in self._shuffled(keys)
        }
        return {key: found[key] for key in keys}

    def _probed(self, bucket: str, key: str, hanging: dict[str, Unanswered]) -> Media | ProbeError | Unanswered:
        try:
            return self.world.call("GET videoinfo", key, self._probe(bucket, key))
        except TimedOut as failure:
            return hanging.setdefault(bucket, Unanswered(str(failure)))
        except ServiceUnavailable as failure:
            return Unanswered(str(failure))

    def _probe(self, bucket: str, key: str) -> Callable[[], Media | ProbeError]:
        def effect() -> Media | ProbeError:
            thing = self._shelf(bucket).current.get(key)
            if thing is None:
                return ProbeError("NoSuchKey", f"{key} does not exist")
            if thing.content is None or thing.content.unreadable:
                return ProbeError("InvalidMedia", f"{key} is no media file")
            return thing.content.media

        return effect

    def read(self, bucket: Bucket, parts: Sequence[ByteRange]) -> Mapping[ByteRange, bytes]:
        """One ranged GET after another in any order, each a switch point. Media is its index, and zeros behind it."""
        found = {
            part: self.world.call("GET range", part.key, self._part(bucket.name, part))
            for part in self._shuffled(parts)
        }
        return {part: found[part] for part in parts}

    def _part(self, bucket: str, part: ByteRange) -> Callable[[], bytes]:
        def effect() -> bytes:
            thing = self._shelf(bucket).current.get(part.key)
            if thing is None:
                return b""
            body = thing.body if thing.content is None else mp4_head(thing.content.configuration)
            end = min(part.start + part.length, thing.info.size)
            return body[part.start : end].ljust(max(end - part.start, 0), b"\0")

        return effect

    # -- within -------------------------------------------------------------------------------------------------------

    def _shelf(self, bucket: str) -> Shelf:
        shelf = self.shelves.get(bucket)
        if shelf is None:
            raise Rejected(f"bucket {bucket} does not exist", status=404, code="NoSuchBucket")
        return shelf

    def _thing(self, bucket: str, key: str) -> Thing:
        thing = self._shelf(bucket).current.get(key)
        if thing is None:
            raise Rejected(f"{key} does not exist", status=404, code="NoSuchKey")
        return thing

    def _shuffled(self, items: Sequence[T]) -> Sequence[T]:
        if len(items) < 2:
            return items
        mixed = list(items)
        self.world.chance.shuffle(mixed)
        return mixed
