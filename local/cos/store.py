"""What COS holds: buckets, objects and their versions, kept by moto's S3 backend inside this process.

moto keeps bodies (in memory, on disk beyond 16 MB), versions, tags and parts. What it does otherwise than COS is done
here: the sorted listing, create-only writes, what suspending versioning means, tags that outlive their object.

The methods in the first half of `Store` are for the other parts of the local cloud and for tests; they are not signed
and not counted. All methods are thread-safe. Times are epoch seconds, sizes bytes, ETags without quotes.
"""

from __future__ import annotations

import hashlib
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from moto.s3.models import FakeDeleteMarker, FakeKey, S3Backend, s3_backends

from local.cos.acl import Acl
from local.cos.bodies import collected, give
from local.cos.listing import Listed
from local.cos.versions import (
    CRC64,
    REMOVED,
    REMOVED_MARKER,
    BucketState,
    NewObject,
    ObjectEvent,
    Version,
)
from local.network.http import Refusal, new_request_id
from local.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


class Store:
    """All buckets of the account."""

    def __init__(self, switches: Switches | None = None, now: Callable[[], float] = time.time) -> None:
        self.switches = switches or Switches()
        self.now = now
        self.moto = S3Backend("us-east-1", "125000000000")
        self.lock = threading.RLock()  # moto is not thread-safe; held for no longer than a look or a change of entries
        self.appending = threading.Lock()
        self._buckets: dict[str, BucketState] = {}
        self._listeners: list[Callable[[ObjectEvent], None]] = []

    # --- for the other parts of the local cloud and for tests

    def create_bucket(self, name: str, region: str, versioning: str = "") -> None:
        """A new empty bucket; does nothing when it exists. `versioning` is "", "Enabled" or "Suspended"."""
        with self.lock:
            if name in self._buckets:
                return
            self.moto.create_bucket(name, "us-east-1")
            s3_backends.bucket_accounts.pop(name, None)  # several stores may live in one process
            self._buckets[name] = BucketState(name, region, created=self.now())
            if versioning:
                self.set_versioning(name, versioning)

    def buckets(self) -> dict[str, str]:
        """Name and region of every bucket."""
        with self.lock:
            return {bucket.name: bucket.region for bucket in self._buckets.values()}

    def states(self) -> list[BucketState]:
        """Every bucket in order of name."""
        with self.lock:
            return [self._buckets[name] for name in sorted(self._buckets)]

    def get(self, bucket: str, key: str) -> bytes | None:
        """The current bytes, None when there is no such bucket or object."""
        found = self.fetch(bucket, key)
        return found[1] if found else None

    def info(self, bucket: str, key: str) -> tuple[str, int, float] | None:
        """(ETag, size, last modified) of the current version, None when there is none."""
        version = self.version(bucket, key)
        return None if version is None or version.is_marker else (version.etag, version.size, version.last_modified)

    def keys(self, bucket: str, prefix: str = "") -> list[str]:
        """Every key there is under the prefix, in order, whatever LIST shows at the moment."""
        with self.lock:
            return self._buckets[bucket].listing.keys(prefix) if bucket in self._buckets else []

    def tags(self, bucket: str, key: str, version_id: str = "") -> dict[str, str]:
        """The object's tags, none when there is no object."""
        with self.lock:
            found = self._find(bucket, key, version_id)
            return dict(self.moto.tagger.get_tag_dict_for_resource(found.arn)) if isinstance(found, FakeKey) else {}

    def put(self, bucket: str, key: str, body: bytes, content_type: str = "") -> Version:
        """Write an object and tell the subscribers, as a PUT does."""
        headers = {"content-type": content_type} if content_type else {}
        return self.write(bucket, key, body, NewObject(headers))

    def download(self, bucket: str, key: str, path: Path | str) -> bool:
        """Write the object's bytes to a file; False when there is no such object."""
        body = self.get(bucket, key)
        if body is not None:
            Path(path).write_bytes(body)
        return body is not None

    def upload(self, bucket: str, key: str, path: Path | str, content_type: str = "") -> Version:
        """Write an object from a file, like `put`."""
        return self.put(bucket, key, Path(path).read_bytes(), content_type)

    def delete(self, bucket: str, key: str) -> None:
        """Delete the object as DELETE does (a marker where the bucket has versioning)."""
        self.remove(bucket, key)

    def subscribe(self, listener: Callable[[ObjectEvent], None]) -> None:
        """Call the listener after every creation and removal, in the thread that caused it: it must be quick."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Let go of every body; moto would keep them for the life of the process."""
        with self.lock:
            for bucket in self.moto.buckets.values():
                for versions in bucket.keys.lists():
                    for held in versions[1]:
                        if isinstance(held, FakeKey):
                            held.dispose()
            tracked = vars(FakeKey)["instances_tracked"]
            tracked[:] = [held for held in tracked if not held.disposed]
            self.moto.buckets.clear()
            self._buckets.clear()

    # --- for the gateway

    def bucket(self, name: str, region: str = "") -> BucketState:
        """The bucket's state.

        Raises:
            Refusal: 404 NoSuchBucket, also when it is in another region than the host says (assumed).
        """
        state = self._buckets.get(name)
        if state is None or (region and region != state.region):
            raise Refusal(404, "NoSuchBucket", f"The specified bucket does not exist. ({name} in {region or 'any'})")
        return state

    def remove_bucket(self, name: str) -> None:
        """Delete an empty bucket.

        Raises:
            Refusal: 409 BucketNotEmpty while it holds a version, a marker or an unfinished upload.
        """
        with self.lock:
            held = self.moto.get_bucket(name)
            if held.keys or held.multiparts:
                raise Refusal(409, "BucketNotEmpty", f"The bucket {name} is not empty.")
            self.moto.delete_bucket(name)
            del self._buckets[name]

    def set_versioning(self, name: str, status: str) -> None:
        """Switch versioning to "Enabled" or "Suspended"; it can never be switched to off again."""
        if status not in ("Enabled", "Suspended"):
            raise ValueError(f"versioning {status!r} of bucket {name}: allowed are Enabled and Suspended")
        with self.lock:
            self._buckets[name].versioning = status
            # While moto believes in suspension it forgets older versions, so it is told Enabled in both cases.
            self.moto.put_bucket_versioning(name, "Enabled")

    def version(self, bucket: str, key: str, version_id: str = "") -> Version | None:
        """The current or the named version (perhaps a marker), None when there is none."""
        with self.lock:
            found = self._find(bucket, key, version_id)
            return None if found is None else _version(found)

    def fetch(self, bucket: str, key: str, version_id: str = "") -> tuple[Version, bytes] | None:
        """A version and its bytes, read together; None when there is none or it is a marker."""
        while True:
            with self.lock:
                found = self._find(bucket, key, version_id)
                if not isinstance(found, FakeKey):
                    return None
                version = _version(found)
            try:
                return version, found.value
            except ValueError:  # overwritten or deleted since, and its buffer closed
                continue

    def versions(self, bucket: str, prefix: str = "") -> list[tuple[Version, bool]]:
        """Every version and marker under the prefix by key, newest first, and whether it is the current one."""
        with self.lock:
            held = self.moto.get_bucket(bucket).keys
            return [
                (_version(item), at == 0)
                for key in sorted(key for key in held if key.startswith(prefix))
                for at, item in enumerate(reversed(held.getlist(key)))
            ]

    def write(self, bucket: str, key: str, body: bytes | Iterable[bytes], new: NewObject) -> Version:
        """Store an object; of several create-only writers exactly one succeeds. Pieces come with `new.etag`.

        Raises:
            Refusal: 409 FileAlreadyExists for a create-only write onto an object, 409 ObjectLocked.
        """
        pieces = [body] if isinstance(body, bytes) else body
        etag = new.etag or hashlib.md5(body if isinstance(body, bytes) else b"").hexdigest()
        stored = collected(pieces)
        headers = {"content-type": "application/octet-stream", **new.headers, CRC64: stored.crc64}
        if new.storage_class != "STANDARD":
            headers["x-cos-storage-class"] = new.storage_class  # moto knows the classes of S3 only
        with self.lock:
            state = self.bucket(bucket)
            self._refuse_locked(bucket, key)
            if new.create_only and not state.ever_versioned and self._find(bucket, key) is not None:
                raise Refusal(409, "FileAlreadyExists", f"The object {key} exists and must not be overwritten.")
            written = self.moto.put_object(bucket, key, b"", etag=etag, disable_notification=True)
            give(written, stored)
            _keep_acl(written, new.acl)
            written.last_modified = datetime.fromtimestamp(self.now(), tz=timezone.utc)
            written.set_metadata(headers, replace=True)
            if state.versioning == "Suspended":
                self._replace_null_version(bucket, key, written)
            self._set_tags(written, new.tags)
            version = _version(written)
            self._show(state, version)
        self._tell(state, version, new.event_name, new.request_id)
        return version

    def tag(self, bucket: str, key: str, tags: Mapping[str, str], version_id: str = "") -> Version:
        """Replace the object's tags (leaves its last modification as it is; assumed).

        Raises:
            Refusal: 404 NoSuchKey, 409 ObjectLocked.
        """
        with self.lock:
            found = self._find(bucket, key, version_id)
            if not isinstance(found, FakeKey):
                raise no_such_key(key, version_id)
            self._refuse_locked(bucket, key)
            self._set_tags(found, tags)
            return _version(found)

    def acl(self, bucket: str, key: str, version_id: str = "") -> Acl:
        """The access control list of an object, or with key "" of the bucket.

        Raises:
            Refusal: 404 NoSuchKey; a delete marker has none.
        """
        with self.lock:
            if not key:
                return self.bucket(bucket).acl
            found = self._find(bucket, key, version_id)
            if not isinstance(found, FakeKey):
                raise no_such_key(key, version_id)
            return _kept_acl(found)

    def effective_acl(self, bucket: str, key: str) -> Acl:
        """The list that decides who may read: the object's own, or where it has none the bucket's."""
        with self.lock:
            found = self._find(bucket, key) if key else None
            own = _kept_acl(found) if isinstance(found, FakeKey) else Acl()
            return self.bucket(bucket).acl if own.is_default else own

    def set_acl(self, bucket: str, key: str, acl: Acl, version_id: str = "") -> None:
        """Replace the list of an object, or with key "" of the bucket.

        Raises:
            Refusal: 404 NoSuchKey.
        """
        with self.lock:
            if not key:
                self.bucket(bucket).acl = acl
                return
            found = self._find(bucket, key, version_id)
            if not isinstance(found, FakeKey):
                raise no_such_key(key, version_id)
            _keep_acl(found, acl)

    def remove(self, bucket: str, key: str, version_id: str = "", request_id: str = "") -> Version | None:
        """Delete an object, or one version of it for good; what was removed or the marker made, None if nothing.

        Raises:
            Refusal: 409 ObjectLocked.
        """
        with self.lock:
            state = self.bucket(bucket)
            self._refuse_locked(bucket, key)
            found = self._find(bucket, key, version_id)
            if found is None or (isinstance(found, FakeDeleteMarker) and not version_id):
                return None
            removed, event = _version(found), REMOVED
            if not state.ever_versioned or version_id:
                if isinstance(found, FakeKey):
                    self._set_tags(found, {})
                self.moto.delete_object(bucket, key, version_id or None)
            else:
                self.moto.delete_object(bucket, key)
                marker = self._find(bucket, key)
                if state.versioning == "Suspended":
                    self._replace_null_version(bucket, key, marker)
                removed, event = _version(marker), REMOVED_MARKER
            current = self._find(bucket, key)
            if isinstance(current, FakeKey):
                self._show(state, _version(current))
            else:
                state.listing.remove(key, lag=self.switches.listing_lag)
        self._tell(state, removed, event, request_id)
        return removed

    # --- moto, and where it differs

    def _find(self, bucket: str, key: str, version_id: str = "") -> Any:
        """The object or marker as moto holds it, None when there is none."""
        held = self.moto.buckets.get(bucket)
        if held is None:
            return None
        if not version_id:
            return held.keys.get(key)
        return next((item for item in held.keys.getlist(key, []) if item.version_id == version_id), None)

    def _replace_null_version(self, bucket: str, key: str, newest: Any) -> None:
        """Under suspended versioning a write or delete takes the place of the version "null"; others stay."""
        newest._version_id = "null"
        held = self.moto.get_bucket(bucket).keys
        held.setlist(key, [item for item in held.getlist(key) if item is newest or item.version_id != "null"])

    def _set_tags(self, held: FakeKey, tags: Mapping[str, str]) -> None:
        """Replace the tags; moto files them under a name, not under the object, so that a new one would inherit."""
        self.moto.tagger.delete_all_tags_for_resource(held.arn)
        if tags:
            self.moto.tagger.tag_resource(held.arn, [{"Key": name, "Value": value} for name, value in tags.items()])

    def _show(self, state: BucketState, version: Version) -> None:
        entry = Listed(version.key, version.etag, version.size, version.last_modified, version.storage_class)
        state.listing.put(entry, lag=self.switches.listing_lag)

    def _refuse_locked(self, bucket: str, key: str) -> None:
        if (bucket, key) in self.switches.locked:
            raise Refusal(409, "ObjectLocked", f"The object {key} is locked.")

    def _tell(self, state: BucketState, version: Version, event_name: str, request_id: str) -> None:
        event = ObjectEvent(
            bucket=state.name,
            region=state.region,
            key=version.key,
            size=version.size,
            etag=version.etag,
            event_name=event_name,
            time=self.now(),
            request_id=request_id or new_request_id(),
            version_id=version.version_id if state.ever_versioned else "",
            storage_class=version.storage_class,
            headers=version.headers,
        )
        for listener in self._listeners:
            listener(event)


def _kept_acl(held: Any) -> Acl:
    return held.acl if isinstance(held.acl, Acl) else Acl()


def _keep_acl(held: Any, acl: Acl) -> None:
    """Where moto keeps S3's list we keep COS's."""
    held.acl = acl


def no_such_key(key: str, version_id: str = "") -> Refusal:
    """404 as COS words it for a key, or for a version of it."""
    if version_id:
        return Refusal(404, "NoSuchVersion", f"The specified version does not exist. ({key}, {version_id})")
    return Refusal(404, "NoSuchKey", "The specified key does not exist.")


def _version(held: Any) -> Version:
    if isinstance(held, FakeDeleteMarker):
        return Version(held.name, "", 0, held.last_modified.timestamp(), held.version_id, is_marker=True)
    return Version(
        key=held.name,
        etag=held.etag.strip('"'),
        size=held.size,
        last_modified=held.last_modified.timestamp(),
        version_id=held.version_id,
        headers=dict(held.metadata),
    )
