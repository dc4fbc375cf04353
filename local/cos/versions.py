"""What COS knows of a bucket, of an object's versions and of what happened to them, as values.

Times are epoch seconds, sizes bytes, ETags without quotes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from local.cos.acl import Acl
from local.cos.listing import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping

CREATED_PUT = "cos:ObjectCreated:Put"
CREATED_COPY = "cos:ObjectCreated:Copy"
CREATED_APPEND = "cos:ObjectCreated:Append"
CREATED_MULTIPART = "cos:ObjectCreated:CompleteMultipartUpload"
REMOVED = "cos:ObjectRemove:Delete"
REMOVED_MARKER = "cos:ObjectRemove:DeleteMarkerCreated"
CRC64 = "x-cos-hash-crc64ecma"


@dataclass(frozen=True)
class ObjectEvent:
    """Something happened to an object; `time` in epoch seconds, `headers` as the object carries them."""

    bucket: str
    region: str
    key: str
    size: int
    etag: str
    event_name: str
    time: float
    request_id: str
    version_id: str = ""  # "" where the bucket never had versioning
    storage_class: str = "STANDARD"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Version:
    """One version of an object, or a delete marker. `headers` are what GET and HEAD repeat (lower-case names)."""

    key: str
    etag: str
    size: int
    last_modified: float
    version_id: str
    headers: Mapping[str, str] = field(default_factory=dict)
    is_marker: bool = False

    @property
    def storage_class(self) -> str:
        """The class it is stored in; only classes other than STANDARD appear among the headers."""
        return self.headers.get("x-cos-storage-class", "STANDARD")


@dataclass(frozen=True)
class NewObject:
    """What a write stores beside the body. `create_only` does nothing where versioning is or was on."""

    headers: Mapping[str, str] = field(default_factory=dict)
    acl: Acl = field(default_factory=Acl)
    tags: Mapping[str, str] = field(default_factory=dict)
    storage_class: str = "STANDARD"
    create_only: bool = False
    etag: str = ""  # "" = MD5 of the body
    event_name: str = CREATED_PUT
    request_id: str = ""


@dataclass
class BucketState:
    """What the gateway keeps about a bucket beside moto. `versioning` is "", "Enabled" or "Suspended"."""

    name: str
    region: str
    versioning: str = ""
    lifecycle: bytes = b""
    created: float = 0.0  # epoch seconds
    acl: Acl = field(default_factory=Acl)
    tags: dict[str, str] = field(default_factory=dict)
    listing: Listing = field(default_factory=Listing)

    @property
    def ever_versioned(self) -> bool:
        """Whether versioning is or was on; it cannot be taken back to never."""
        return self.versioning != ""
