"""Every call the local COS answers, in one table: how it is recognised, what it may carry, which rights it needs.

What is not in the table is refused: an unknown method or sub-resource with 405 or 501, an unknown parameter or
`x-cos-` header with 400, so that a client never believes that something was done which was not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote

from local.http import Refusal
from local.signature import FIELDS

if TYPE_CHECKING:
    from local.http import Request

META = "x-cos-meta-"
_ALWAYS = ("x-cos-security-token", "x-cos-sdk-retry")
_NEW_OBJECT = ("x-cos-forbid-overwrite", "x-cos-tagging", "x-cos-storage-class")
_COPY_SOURCE = (
    "x-cos-copy-source",
    "x-cos-copy-source-if-match",
    "x-cos-copy-source-if-none-match",
    "x-cos-copy-source-if-modified-since",
    "x-cos-copy-source-if-unmodified-since",
)
_OVERRIDES = tuple(
    f"response-{name}"
    for name in (
        "content-type",
        "content-language",
        "expires",
        "cache-control",
        "content-disposition",
        "content-encoding",
    )
)
_LISTING = ("prefix", "delimiter", "encoding-type")


@dataclass(frozen=True)
class Operation:
    """A kind of call. `flag` is the parameter that marks it, `copies` that it reads another object."""

    kind: str  # its name in `Calls` and in the gateway
    method: str
    on_object: bool
    action: str  # the right it needs on its own bucket or object
    flag: str = ""
    copies: bool = False
    parameters: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    metadata: bool = False  # takes x-cos-meta-*


OPERATIONS = (
    Operation("HEAD Bucket", "HEAD", False, "HeadBucket"),
    Operation("PUT Bucket", "PUT", False, "PutBucket"),
    Operation("DELETE Bucket", "DELETE", False, "DeleteBucket"),
    Operation("GET versioning", "GET", False, "GetBucketVersioning", "versioning"),
    Operation("PUT versioning", "PUT", False, "PutBucketVersioning", "versioning"),
    Operation("GET lifecycle", "GET", False, "GetBucketLifecycle", "lifecycle"),
    Operation("PUT lifecycle", "PUT", False, "PutBucketLifecycle", "lifecycle"),
    Operation("DELETE lifecycle", "DELETE", False, "DeleteBucketLifecycle", "lifecycle"),
    Operation("GET location", "GET", False, "GetBucketLocation", "location"),
    Operation(
        "LIST versions",
        "GET",
        False,
        "GetBucketObjectVersions",
        "versions",
        parameters=(*_LISTING, "key-marker", "version-id-marker", "max-keys"),
    ),
    Operation(
        "LIST uploads",
        "GET",
        False,
        "ListMultipartUploads",
        "uploads",
        parameters=(*_LISTING, "key-marker", "upload-id-marker", "max-uploads"),
    ),
    Operation("POST delete", "POST", False, "DeleteObject", "delete"),
    Operation("LIST", "GET", False, "GetBucket", parameters=(*_LISTING, "marker", "max-keys")),
    Operation("PUT tagging", "PUT", True, "PutObjectTagging", "tagging", parameters=("versionid",)),
    Operation("GET tagging", "GET", True, "GetObjectTagging", "tagging", parameters=("versionid",)),
    Operation("DELETE tagging", "DELETE", True, "DeleteObjectTagging", "tagging", parameters=("versionid",)),
    # 436/75241: the call needs cos:GetObject and no action of CI
    Operation("GET videoinfo", "GET", True, "GetObject", "ci-process", parameters=("versionid",)),
    Operation("POST uploads", "POST", True, "InitiateMultipartUpload", "uploads", headers=_NEW_OBJECT, metadata=True),
    Operation(
        "PUT part - Copy",
        "PUT",
        True,
        "UploadPart",
        "uploadid",
        copies=True,
        parameters=("partnumber",),
        headers=(*_COPY_SOURCE, "x-cos-copy-source-range"),
    ),
    Operation("PUT part", "PUT", True, "UploadPart", "uploadid", parameters=("partnumber",)),
    Operation(
        "GET parts",
        "GET",
        True,
        "ListParts",
        "uploadid",
        parameters=("part-number-marker", "max-parts", "encoding-type"),
    ),
    Operation(
        "POST complete", "POST", True, "CompleteMultipartUpload", "uploadid", headers=("x-cos-forbid-overwrite",)
    ),
    Operation("DELETE upload", "DELETE", True, "AbortMultipartUpload", "uploadid"),
    Operation(
        "PUT Object - Copy",
        "PUT",
        True,
        "PutObject",
        copies=True,
        headers=(*_NEW_OBJECT, *_COPY_SOURCE, "x-cos-metadata-directive", "x-cos-tagging-directive"),
        metadata=True,
    ),
    Operation("PUT Object", "PUT", True, "PutObject", headers=_NEW_OBJECT, metadata=True),
    Operation("GET Object", "GET", True, "GetObject", parameters=("versionid", *_OVERRIDES)),
    Operation("HEAD Object", "HEAD", True, "HeadObject", parameters=("versionid",)),
    Operation("DELETE Object", "DELETE", True, "DeleteObject", parameters=("versionid",)),
)
FLAGS = frozenset(operation.flag for operation in OPERATIONS if operation.flag)
METHODS = frozenset(operation.method for operation in OPERATIONS)


def target(request: Request) -> tuple[str, str]:
    """Bucket and key that a request to `<bucket>.cos.<region>.myqcloud.com/<key>` addresses; "" = the bucket."""
    return request.host.partition(".cos.")[0], request.decoded_path[1:]


def region_of(request: Request) -> str:
    """The region that the host names."""
    return request.host.partition(".cos.")[2].partition(".")[0]


def copy_source(request: Request) -> tuple[str, str, str, str]:
    """Bucket, region, key and version id ("" = current) that `x-cos-copy-source` names.

    Raises:
        Refusal: 400 when it is not `<bucket>.cos.<region>.myqcloud.com/<key>[?versionId=<id>]`, key percent-encoded.
    """
    text = request.headers["x-cos-copy-source"]
    address, _, query = text.partition("?")
    host, _, key = address.partition("/")
    bucket, cos, rest = host.lower().partition(".cos.")
    region, _, domain = rest.partition(".")
    name, _, version = query.partition("=")
    if not (cos and domain == "myqcloud.com" and key) or (query and name.lower() != "versionid"):
        raise Refusal(400, "InvalidCopySource", f"x-cos-copy-source {text!r} is not <bucket host>/<key>[?versionId=]")
    return bucket, region, unquote(key), version


def operation_of(request: Request) -> Operation:
    """Which call of the table this is, by method, by bucket or object, by its flag and by whether it copies."""
    given = {name.lower() for name, _ in request.query}
    on_object = request.path != "/"
    copies = "x-cos-copy-source" in request.headers
    for operation in OPERATIONS:
        if (
            operation.method == request.method
            and operation.on_object == on_object
            and (operation.flag in given if operation.flag else not given & FLAGS)
            and (copies or not operation.copies)
        ):
            return operation
    where = "an object" if on_object else "a bucket"
    asked = "&".join(sorted(given & FLAGS))
    if request.method not in METHODS or not asked:
        raise Refusal(405, "MethodNotAllowed", f"{request.method} is not served here on {where}")
    raise Refusal(501, "NotImplemented", f"{request.method} with ?{asked} is not served here on {where}")


def check_known(operation: Operation, request: Request) -> None:
    """Refuse parameters and headers of COS's own families that this call does not take.

    Raises:
        Refusal: 400 InvalidArgument for a parameter or header nobody here knows, 501 for conditional writes.
    """
    parameters = {operation.flag, *operation.parameters, *FIELDS, *_ALWAYS}
    for name, _ in request.query:
        if name.lower() not in parameters:
            raise Refusal(400, "InvalidArgument", f"{operation.kind} does not take the parameter {name!r} here")
    headers = {*operation.headers, *_ALWAYS}
    for name in request.headers:
        if name.startswith(("x-cos-", "x-ci-", "x-amz-")) and name not in headers:
            if name.startswith(META) and operation.metadata:
                continue
            raise Refusal(400, "InvalidArgument", f"{operation.kind} does not take the header {name!r} here")
        if name.startswith("if-") and operation.kind not in ("GET Object", "HEAD Object"):
            raise Refusal(501, "NotImplemented", f"{operation.kind} documents no header {name!r}; it would do nothing")
