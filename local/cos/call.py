"""One call to COS on its way through the gateway, with what every handler needs of it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, quote

from local.cos.acl import header_acl
from local.cos.operations import META, Operation
from local.cos.store import Store
from local.cos.tags import check_tags
from local.cos.versions import CREATED_PUT, NewObject, Version
from local.network.http import Refusal, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account.account import Account, Key

REPEATED = (  # request headers that an object keeps and that GET and HEAD repeat (436/7749)
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
)
STORAGE_CLASSES = (  # 436/33417
    "STANDARD",
    "STANDARD_IA",
    "INTELLIGENT_TIERING",
    "COLD",
    "ARCHIVE",
    "DEEP_ARCHIVE",
    "MAZ_STANDARD",
    "MAZ_STANDARD_IA",
    "MAZ_INTELLIGENT_TIERING",
    "MAZ_COLD",
)
ENCRYPTION = "x-cos-server-side-encryption"


@dataclass(frozen=True)
class Call:
    """An authorized request: who asks (`signer`), for what, and where the objects are. `key` "" means the bucket."""

    request: Request
    operation: Operation
    signer: Key
    bucket: str
    region: str
    key: str
    request_id: str
    account: Account
    store: Store

    def header(self, name: str) -> str:
        """A request header, "" when it is absent."""
        return self.request.headers.get(name, "")

    def parameter(self, name: str) -> str:
        """A query parameter (by its lower-case name), "" when it is absent or without a value."""
        return next((value for given, value in self.request.query if given.lower() == name), "")

    def number(self, name: str, default: int, low: int, high: int) -> int:
        """A numeric parameter, cut to `high` as COS does.

        Raises:
            Refusal: 400 InvalidArgument when it is no number or below `low`.
        """
        text = self.parameter(name)
        if not text:
            return default
        if not (text.isascii() and text.isdigit()) or int(text) < low:
            raise Refusal(400, "InvalidArgument", f"{name} is {text!r}, expected a number from {low} to {high}")
        return min(int(text), high)

    def flag_header(self, name: str) -> bool:
        """A header that is "true" or "false".

        Raises:
            Refusal: 400 InvalidArgument for any other text.
        """
        text = self.header(name).lower() or "false"
        if text not in ("true", "false"):
            raise Refusal(400, "InvalidArgument", f"{name} is {text!r}, expected true or false")
        return text == "true"

    def encoder(self) -> Callable[[str], str]:
        """How keys are written in the answer: percent-encoded when asked for, else as they are.

        Raises:
            Refusal: 400 InvalidArgument for another encoding.
        """
        kind = self.parameter("encoding-type")
        if kind not in ("", "url"):
            raise Refusal(400, "InvalidArgument", f"encoding-type is {kind!r}, only url is defined")
        return (lambda text: quote(text, safe="/")) if kind else (lambda text: text)

    def check_md5(self, *, required: bool = False) -> None:
        """Compare the body with Content-MD5.

        Raises:
            Refusal: 400 BadDigest (differs), InvalidDigest (not base64 of 16 bytes), InvalidRequest (required).
        """
        text = self.header("content-md5")
        if not text:
            if required:
                raise Refusal(400, "InvalidRequest", f"{self.operation.kind} needs the header Content-MD5")
            return
        try:
            given = base64.b64decode(text, validate=True)
        except binascii.Error:
            given = b""
        if len(given) != hashlib.md5().digest_size:
            raise Refusal(400, "InvalidDigest", f"Content-MD5 {text!r} is not the base64 text of an MD5")
        if given != hashlib.md5(self.request.body).digest():
            raise Refusal(400, "BadDigest", "The Content-MD5 you specified did not match what we received.")

    def new_object(self, event_name: str = CREATED_PUT) -> NewObject:
        """What the headers of a PUT or of the start of a multipart upload say about the object to come.

        Raises:
            Refusal: 400 InvalidTag, InvalidStorageClass or InvalidArgument.
        """
        return NewObject(
            headers={"content-type": _type_by_suffix(self.key), **self.kept_headers()},
            acl=header_acl(self.request.headers, of_object=bool(self.key)),
            tags=self.header_tags(),
            storage_class=self.storage_class(),
            create_only=self.flag_header("x-cos-forbid-overwrite"),
            event_name=event_name,
            request_id=self.request_id,
        )

    def kept_headers(self) -> dict[str, str]:
        """The headers that stay with the object: content headers that say something, x-cos-meta-*, its encryption."""
        return {
            name: value
            for name, value in self.request.headers.items()
            if (name in (*REPEATED, ENCRYPTION) and value) or name.startswith(META)
        }

    def header_tags(self) -> dict[str, str]:
        """The tags in `x-cos-tagging: k1=v1&k2=v2`, percent-encoded."""
        pairs = parse_qsl(self.header("x-cos-tagging"), keep_blank_values=True)
        return check_tags(pairs)

    def storage_class(self) -> str:
        """The class asked for."""
        name = self.header("x-cos-storage-class") or "STANDARD"
        if name not in STORAGE_CLASSES:
            raise Refusal(400, "InvalidStorageClass", f"x-cos-storage-class {name!r}; allowed are {STORAGE_CLASSES}")
        return name

    def version_headers(self, version: Version) -> Mapping[str, str]:
        """`x-cos-version-id` where the bucket has or had versioning."""
        versioned = self.store.bucket(self.bucket).ever_versioned
        return {"x-cos-version-id": version.version_id} if versioned else {}


def _type_by_suffix(key: str) -> str:
    """What an object is when nobody says so; a key without a known suffix holds bytes."""
    return mimetypes.guess_type(f"/{key}", strict=False)[0] or "application/octet-stream"
