"""Every call the local COS answers, in one table: how it is recognised, what it may carry, which rights it needs.

What is not in the table is refused with 405 or 501, for everybody, and so is a header or parameter that asks for work
which is not done here: no client believes that something was done which was not. What the service leaves unheeded (an
unknown parameter, a header of the client's own) is left unheeded here too, but for a strict key: the functions' roles
are strict, because what this project's own code sends by mistake should be found here and not in the cloud.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote

from local.account.signature import FIELDS
from local.cos.hosts import address_of
from local.network.http import Refusal

if TYPE_CHECKING:
    from local.network.http import Request

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
OVERRIDES = tuple(
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
TRAFFIC_LIMIT = "x-cos-traffic-limit"
LEAST_TRAFFIC, MOST_TRAFFIC = 819_200, 838_860_800  # bits a second (436/40140)
_SUBRESOURCES = frozenset(  # of the service; leaving one unheeded would turn the call into another
    ("restore", "select", "symlink", "notification", "live", "vod", "style", "retention", "legal-hold", "asyncfetch")
)
_WORK = ("imagemogr2", "imageview2", "imageinfo", "imageave", "exif", "watermark", "qrcode", "pic-operations")
_WORK_HEADERS = (
    "pic-operations",
    "x-cos-callback",
    "x-cos-callback-var",
    "x-cos-object-lock-",
    "x-cos-return-body",
    "x-cos-server-side-encryption-",
    "x-cos-website-redirect-location",
)


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
    ours: bool = True  # a call that this project's functions make; a strict key may make no other


class Absent(NamedTuple):
    """How a missing configuration is told: by a code with status 404, or by an empty document of this root."""

    action: str  # what CAM calls it, after GetBucket, PutBucket, DeleteBucket
    code: str = ""
    root: str = ""


ABSENT = {  # by the parameter that names the configuration
    "cors": Absent("CORS", "NoSuchCORSConfiguration"),
    "website": Absent("Website", "NoSuchWebsiteConfiguration"),
    "policy": Absent("Policy", "NoSuchBucketPolicy"),
    "replication": Absent("Replication", "ReplicationConfigurationNotFoundError"),
    "encryption": Absent("Encryption", "NoSuchEncryptionConfiguration"),
    "inventory": Absent("Inventory", "NoSuchConfiguration"),
    "domain": Absent("Domain", "NoSuchDomainConfiguration"),
    "domaincertificate": Absent("DomainCertificate", "NoSuchDomainCertificate"),
    "origin": Absent("Origin", "NoSuchOriginConfiguration"),
    "object-lock": Absent("ObjectLockConfiguration", "ObjectLockConfigurationNotFoundError"),
    "logging": Absent("Logging", root="BucketLoggingStatus"),
    "referer": Absent("Referer", root="RefererConfiguration"),
    "accelerate": Absent("Accelerate", root="AccelerateConfiguration"),
    "intelligenttiering": Absent("IntelligentTiering", root="IntelligentTieringConfiguration"),
    "intelligent-tiering": Absent("IntelligentTiering", root="ListBucketIntelligentTieringConfigurationsOutput"),
}

OPERATIONS = (
    Operation("GET bucket acl", "GET", False, "GetBucketACL", "acl", ours=False),
    Operation("PUT bucket acl", "PUT", False, "PutBucketACL", "acl", ours=False),
    Operation("GET acl", "GET", True, "GetObjectACL", "acl", ours=False),
    Operation("PUT acl", "PUT", True, "PutObjectACL", "acl", ours=False),
    Operation("GET bucket tagging", "GET", False, "GetBucketTagging", "tagging", ours=False),
    Operation("PUT bucket tagging", "PUT", False, "PutBucketTagging", "tagging", ours=False),
    Operation("DELETE bucket tagging", "DELETE", False, "DeleteBucketTagging", "tagging", ours=False),
    *(
        Operation(f"{method} {flag}", method, False, f"{method.title()}Bucket{absent.action}", flag, ours=False)
        for flag, absent in ABSENT.items()
        for method in ("GET", "PUT", "DELETE")
    ),
    Operation("POST append", "POST", True, "AppendObject", "append", metadata=True, ours=False),
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
    Operation("GET Object", "GET", True, "GetObject", parameters=("versionid", *OVERRIDES)),
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
    """Bucket, region ("" = any), key and version id ("" = current) that `x-cos-copy-source` names.

    Raises:
        Refusal: 400 when it is not `<bucket host>/<key>[?versionId=<id>]`, key percent-encoded.
    """
    text = request.headers["x-cos-copy-source"]
    address, _, query = text.partition("?")
    host, _, key = address.removeprefix("http://").removeprefix("https://").partition("/")
    place = address_of(host.lower())
    name, _, version = query.partition("=")
    if not (place and place.bucket and key) or (query and name.lower() != "versionid"):
        raise Refusal(400, "InvalidCopySource", f"x-cos-copy-source {text!r} is not <bucket host>/<key>[?versionId=]")
    return place.bucket, place.region, unquote(key), version


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


def refuse_unserved(operation: Operation, request: Request) -> None:
    """Refuse what asks for work that is not done here, whoever asks.

    Raises:
        Refusal: 501 NotImplemented, naming the header or parameter; 400 InvalidArgument for a limit out of range.
    """
    for name, value in request.query:
        if name.lower() in _SUBRESOURCES or name.lower().partition("/")[0] in _WORK:
            raise Refusal(501, "NotImplemented", f"{request.method} with ?{name} is not served here")
        if name.lower() == TRAFFIC_LIMIT:
            _check_traffic_limit(value)
    for name, value in request.headers.items():
        if name.startswith(_WORK_HEADERS) or (name == "x-cos-server-side-encryption" and value != "AES256"):
            raise Refusal(501, "NotImplemented", f"the header {name}: {value[:100]} is not served here")
        if name.startswith("if-") and operation.method not in ("GET", "HEAD"):
            raise Refusal(501, "NotImplemented", f"{operation.kind} documents no header {name!r}; it would do nothing")
        if name == TRAFFIC_LIMIT:
            _check_traffic_limit(value)


def _check_traffic_limit(text: str) -> None:
    """436/40140; within it nothing is slowed down here."""
    if not (text.isascii() and text.isdigit() and LEAST_TRAFFIC <= int(text) <= MOST_TRAFFIC):
        allowed = f"allowed are {LEAST_TRAFFIC} to {MOST_TRAFFIC} bits a second"
        raise Refusal(400, "InvalidArgument", f"{TRAFFIC_LIMIT} is {text!r}, {allowed}")


def refuse_unknown(operation: Operation, request: Request) -> None:
    """For strict keys: refuse parameters and headers of COS's own families that this call does not take.

    Raises:
        Refusal: 400 InvalidArgument for a parameter, header or call that is not among those the functions make, 501
            for conditions on a call that has none.
    """
    if not operation.ours:
        raise Refusal(400, "InvalidArgument", f"{operation.kind} is no call of this project's functions")
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
