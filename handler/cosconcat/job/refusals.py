"""Every documented error code of CI, and what it means for a job that was to be created.

The rule: a code that blames the deployment (role, permission, key, clock, bucket, queue, template) is a refusal for
now, because a person or time can mend it and the group is not to blame; one that blames this very request or its files
is for good. A 4xx says that the request was refused, so no job exists; that includes 429 SlowDown, the answer of a rate
limiter that stands in front of the service. After a 5xx the job may exist: the documents call InternalError and
ServiceUnavailable transient, and say nothing about what was done before them.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http import HTTPStatus

from cosconcat.errors import (
    SAID_CHARACTERS,
    Blocked,
    ConcatError,
    InvalidInput,
    OutcomeUnknown,
    Rejected,
    ServiceUnavailable,
)
from cosconcat.job.markup import read_xml
from cosconcat.model import ProbeError


class Standing(enum.Enum):
    """What a refusal of POST /jobs means."""

    FOR_GOOD = "for good"
    FOR_NOW = "for now"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Refusal:
    """A documented code: what it means for the job, and what a person can do. `number` is its other, numeric name."""

    standing: Standing
    fix: str
    number: str = ""


_GOOD, _NOW, _UNKNOWN = Standing.FOR_GOOD, Standing.FOR_NOW, Standing.UNKNOWN
_ROLE = "give the functions' role ci:CreateMediaJobs and cam:PassRole, and CI's service role access to the bucket"
_KEYS = "the keys of the execution role are refused; check that the role exists and is set on the function"
_VALUE = "a value in CONCAT_JOB or in the manifest's job is refused: the message names it, correct it there"
_REQUEST = "the request as this release writes it is refused: report it with the request id"
_OTHER_CALL = "no documented answer to a join: report it with the request id"
_WAIT = "wait: whether a job exists is found out from CI's list, and the group goes on by itself"
_CLOCK = "the signature's time was refused: the clock of the function and that of the service disagree"

REFUSALS: dict[str, Refusal] = {
    "PermanentRedirect": Refusal(_NOW, "the bucket is in another region; check CONCAT_REGION"),
    "TemporaryRedirect": Refusal(_NOW, "the service moves the bucket; check CONCAT_REGION or wait"),
    "InvalidArgument": Refusal(_GOOD, _VALUE, "1015"),
    "MissingContent": Refusal(_GOOD, _REQUEST, "1016"),
    "InvalidContent": Refusal(_GOOD, _REQUEST, "1011"),
    "InvalidContentType": Refusal(_GOOD, _REQUEST, "1021"),
    "InvalidHost": Refusal(_NOW, "check CONCAT_BUCKET and CONCAT_REGION", "1017"),
    "ResourceNotFound": Refusal(_NOW, "CI does not see a fragment; if it was just uploaded, wait", "1103"),
    "ResourceAccessDenied": Refusal(_NOW, "let CI's service role read the fragments; switch hotlink protection off"),
    "ResourceDownloadFailed": Refusal(_NOW, "CI could not fetch a fragment; check hotlink protection, or wait"),
    "CIRoleNotExist": Refusal(_NOW, "authorise CI in the console: the service role CI_QCSRole is missing"),
    "ResourceNotSupported": Refusal(_GOOD, "CI does not process such a file: convert it, or take it out of the group"),
    "MissingAuthorization": Refusal(_NOW, _KEYS, "1012"),
    "InvalidAuthorization": Refusal(_NOW, _KEYS, "1013"),
    "AccessDenied": Refusal(_NOW, _ROLE, "1018"),
    "SecretidNotExist": Refusal(_NOW, _KEYS, "1019"),
    "SignatureExpired": Refusal(_NOW, _CLOCK, "1014"),
    "MediaBucketAlreadyBinded": Refusal(_GOOD, _OTHER_CALL),
    "QueueSaturated": Refusal(_NOW, "the queue is full; wait, or have its size raised"),
    "QueuePaused": Refusal(_NOW, "activate the queue in the console"),
    "InvalidUrl": Refusal(_GOOD, "an address in CONCAT_JOB or in the manifest is malformed: correct it there", "1010"),
    "AuditingJobNotFound": Refusal(_GOOD, _OTHER_CALL),
    "MissingContentLength": Refusal(_GOOD, _REQUEST),
    "SlowDown": Refusal(_NOW, "too many requests; wait, or lower CONCAT_SWEEP_JOBS", "1020"),
    "UnavailableForLegalReasons": Refusal(_GOOD, "a fragment is blocked for legal reasons: take it out of the group"),
    "InternalError": Refusal(_UNKNOWN, _WAIT, "1007"),
    "NotImplemented": Refusal(_GOOD, "CI cannot do here what CONCAT_JOB or the manifest asks for: leave it out"),
    "ServiceUnavailable": Refusal(_UNKNOWN, _WAIT),
    # numeric table of the media error codes; HTTP status not documented
    "BucketAlreadyBinded": Refusal(_GOOD, _OTHER_CALL, "1100"),
    "QueueNotFound": Refusal(_NOW, "check CONCAT_QUEUE_ID, and that media processing is enabled", "1106"),
    "TemplateNotFound": Refusal(
        _NOW, "check CONCAT_TEMPLATE_ID and the templates in CONCAT_JOB or the manifest", "1107"
    ),
    "BindedBucketNumLimit": Refusal(_GOOD, _OTHER_CALL, "1109"),
    "CreatedTemplateNumLimit": Refusal(_GOOD, _OTHER_CALL, "1110"),
    "MediaBucketUnBinded": Refusal(_NOW, "bind the bucket to Cloud Infinite and enable media processing", "1111"),
    "TemplateNameDuplicate": Refusal(_GOOD, _OTHER_CALL, "1112"),
    "ActiveWorkflowForbiddenUpdate": Refusal(_GOOD, _OTHER_CALL, "1114"),
    "WorkFlowNumLimit": Refusal(_GOOD, _OTHER_CALL, "1120"),
    "WriteTargetBucketDenied": Refusal(_NOW, "let CI's service role write to CONCAT_OUTPUT_BUCKET", "1124"),
    "QueueNumLimit": Refusal(_GOOD, _OTHER_CALL, "1145"),
    # codes of COS, whose gateway may answer first
    "NoSuchBucket": Refusal(_NOW, "check CONCAT_BUCKET and CONCAT_REGION"),
    "SignatureDoesNotMatch": Refusal(_NOW, _KEYS),
    "InvalidAccessKeyId": Refusal(_NOW, _KEYS),
    "ExpiredToken": Refusal(_NOW, _KEYS),
    "RequestTimeTooSkewed": Refusal(_NOW, _CLOCK),
    "RequestTimeout": Refusal(_UNKNOWN, _WAIT),
}

# What a request or its fragments cannot bring about: every other one would be refused as well. Codes that a manifest
# can provoke (a template, a fragment's address) are none of these: nobody's group holds up another.
FOR_ALL_CODES = frozenset({
    "SlowDown", "QueueSaturated", "QueuePaused", "QueueNotFound", "CIRoleNotExist", "MediaBucketUnBinded",
    "MissingAuthorization", "InvalidAuthorization", "SecretidNotExist", "SignatureExpired", "SignatureDoesNotMatch",
    "InvalidAccessKeyId", "ExpiredToken", "RequestTimeTooSkewed",
})  # fmt: skip
# Of a probe, what is about the object itself, whoever asks and whenever: the only argument of a probe is the object.
# The last four are COS's. Any other refusal may be over at the next look.
OBJECT_CODES = frozenset({
    "InvalidArgument", "ResourceNotSupported", "UnavailableForLegalReasons",
    "NoSuchKey", "NoSuchVersion", "NoSuchResource", "InvalidObjectState",
})  # fmt: skip
_DEPLOYMENT_CODES = FOR_ALL_CODES | {"AccessDenied", "NoSuchBucket", "BucketUnBinded"}
_ABOUT_NOW = frozenset({
    HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS,
})  # fmt: skip
CLOCK_CODES = frozenset({"SignatureExpired", "RequestTimeTooSkewed"})
_NAME_OF_NUMBER = {refusal.number: code for code, refusal in REFUSALS.items() if refusal.number}


@dataclass(frozen=True)
class ErrorBody:
    """`Error` as CI sends it: without the Resource that COS has, which is why the SDK cannot read it."""

    code: str
    message: str
    request_id: str


def read_error(body: bytes) -> ErrorBody | None:
    """Code, message and request id of an error body, or None when it is none (a proxy's page, nothing at all)."""
    try:
        root, content = read_xml(body, "error body")
    except InvalidInput:
        return None
    code, message, request_id = (content.get(name, "") for name in ("Code", "Message", "RequestId"))
    if root != "Error" or not isinstance(code, str) or not code:
        return None
    return ErrorBody(
        _NAME_OF_NUMBER.get(code, code)[:SAID_CHARACTERS],
        message[:SAID_CHARACTERS] if isinstance(message, str) else "",
        request_id[:SAID_CHARACTERS] if isinstance(request_id, str) else "",
    )


def standing(status: int, error: ErrorBody | None) -> Standing:
    """What an answer other than 200 means for the job that was to be created.

    A code that no document lists is judged by its status: 401, 403 and 429 are about who asks, 409 about what goes on
    just now, the other 4xx about what is asked.
    """
    if error is None or status == HTTPStatus.REQUEST_TIMEOUT:
        return Standing.UNKNOWN  # who answered is not even known; 408 says that the service gave up waiting
    known = REFUSALS.get(error.code)
    if status >= 500 and error.code != "NotImplemented":
        return Standing.UNKNOWN
    if known is not None:
        return known.standing
    if status in _ABOUT_NOW:
        return Standing.FOR_NOW
    return Standing.FOR_GOOD if 400 <= status < 500 else Standing.UNKNOWN


def refusal(what: str, status: int, body: bytes, *, date: str = "", now: float = 0.0) -> ConcatError:
    """The error to raise for an answer other than 200 to a request that must not be repeated.

    Args:
        what: the request and its bucket, for the message.
        status: HTTP status.
        body: as it came.
        date: the answer's Date header, and
        now: the local time (epoch seconds); together they tell how far a clock is off.
    """
    error = read_error(body)
    means = standing(status, error)
    if error is None or means is Standing.UNKNOWN:
        said = f"{error.code} {error.message}".strip() if error else "no error body of CI"
        return OutcomeUnknown(f"{what}: HTTP {status}, {said}; whether a job exists is unknown")
    if means is Standing.FOR_NOW:
        fix = fix_of(error.code)
        fix += _skew(date, now) if error.code in CLOCK_CODES else ""
        said = f"{what}: HTTP {status} {error.message}, request {error.request_id}"
        for_all = error.code in FOR_ALL_CODES or status == HTTPStatus.TOO_MANY_REQUESTS
        return Blocked(said, code=error.code, fix=fix, for_all=for_all)
    known = f"; {REFUSALS[error.code].fix}" if error.code in REFUSALS else ""
    return Rejected(f"{what}: {error.message}{known}", status=status, code=error.code, request_id=error.request_id)


def probe_refused(refusal: Rejected) -> ProbeError:
    """A refused probe, where its code is about the object itself.

    Raises:
        Blocked: it is about the deployment (role, keys, clock, binding), which a person or time can mend.
        ServiceUnavailable: it is about now, or no document says what it is about.
    """
    code = _NAME_OF_NUMBER.get(refusal.code, refusal.code)
    if code in OBJECT_CODES:
        return ProbeError(code, str(refusal))
    if code in _DEPLOYMENT_CODES or refusal.status == HTTPStatus.UNAUTHORIZED:
        rights = "let the functions' role, and CI's service role, read the fragments"
        raise Blocked(str(refusal), code=code, fix=rights if code == "AccessDenied" else fix_of(code)) from None
    raise ServiceUnavailable(f"{refusal}: {fix_of(code)}") from None


def fix_of(code: str) -> str:
    """What a person has to do about a refusal for now."""
    known = REFUSALS.get(code)
    return known.fix if known else "no document lists this code; its message says what is known"


def _skew(date: str, now: float) -> str:
    try:
        off = round(now - parsedate_to_datetime(date).timestamp())
    except ValueError:
        return ""
    return f"; this clock is {abs(off)} s {'ahead of' if off > 0 else 'behind'} the service's"
