"""Every documented error code of CI, what it means for a POST, and how it is told."""

from __future__ import annotations

import pytest

from cosconcat.errors import Blocked, OutcomeUnknown, Rejected
from cosconcat.job.refusals import REFUSALS, Standing, read_error, refusal, standing

# HTTP status, code, what follows for the job that was to be created. The common codes as the service lists them ...
COMMON = """
301 PermanentRedirect for now
307 TemporaryRedirect for now
400 InvalidArgument for good
400 MissingContent for good
400 InvalidContent for good
400 InvalidHost for now
400 ResourceNotFound for now
400 ResourceAccessDenied for now
400 ResourceDownloadFailed for now
400 CIRoleNotExist for now
400 ResourceNotSupported for good
401 MissingAuthorization for now
401 InvalidAuthorization for now
401 AccessDenied for now
401 SecretidNotExist for now
401 SignatureExpired for now
403 AccessDenied for now
403 MediaBucketAlreadyBinded for good
403 QueueSaturated for now
403 QueuePaused for now
404 InvalidUrl for good
404 AuditingJobNotFound for good
411 MissingContentLength for good
413 InvalidContent for good
429 SlowDown for now
451 UnavailableForLegalReasons for good
500 InternalError unknown
501 NotImplemented for good
503 ServiceUnavailable unknown
"""
# ... those that only the numeric table has (their HTTP status is not documented) ...
NUMERIC = """
400 InvalidContentType for good
400 BucketAlreadyBinded for good
400 QueueNotFound for now
400 TemplateNotFound for now
400 BindedBucketNumLimit for good
400 CreatedTemplateNumLimit for good
403 MediaBucketUnBinded for now
400 TemplateNameDuplicate for good
400 ActiveWorkflowForbiddenUpdate for good
400 WorkFlowNumLimit for good
403 WriteTargetBucketDenied for now
400 QueueNumLimit for good
"""
# ... and those of COS, whose gateway may answer in CI's place.
COS = """
404 NoSuchBucket for now
403 SignatureDoesNotMatch for now
403 InvalidAccessKeyId for now
400 ExpiredToken for now
403 RequestTimeTooSkewed for now
400 RequestTimeout unknown
"""
TABLE = [
    (int(status), code, Standing(" ".join(means)))
    for line in (COMMON + NUMERIC + COS).split("\n")
    if line
    for status, code, *means in [line.split()]
]
NUMBERS = {
    "1007": "InternalError", "1010": "InvalidUrl", "1011": "InvalidContent", "1012": "MissingAuthorization",
    "1013": "InvalidAuthorization", "1014": "SignatureExpired", "1015": "InvalidArgument", "1016": "MissingContent",
    "1017": "InvalidHost", "1018": "AccessDenied", "1019": "SecretidNotExist", "1020": "SlowDown",
    "1021": "InvalidContentType", "1100": "BucketAlreadyBinded", "1103": "ResourceNotFound", "1106": "QueueNotFound",
    "1107": "TemplateNotFound", "1109": "BindedBucketNumLimit", "1110": "CreatedTemplateNumLimit",
    "1111": "MediaBucketUnBinded", "1112": "TemplateNameDuplicate", "1114": "ActiveWorkflowForbiddenUpdate",
    "1120": "WorkFlowNumLimit", "1124": "WriteTargetBucketDenied", "1145": "QueueNumLimit",
}  # fmt: skip


def body(code: str, message: str = "some words") -> bytes:
    """CI's error body, which has no Resource."""
    return (
        f"<?xml version='1.0' encoding='utf-8' ?><Error><Code>{code}</Code><Message>{message}</Message>"
        "<RequestId>NjM=</RequestId><TraceId>t</TraceId></Error>"
    ).encode()


def test_the_table_is_complete() -> None:
    """No code without a case here, no case here without a code."""
    assert {code for _, code, _ in TABLE} == set(REFUSALS)
    assert {refused.number: code for code, refused in REFUSALS.items() if refused.number} == NUMBERS


@pytest.mark.parametrize(("status", "code", "means"), TABLE)
def test_each_code_has_its_consequence(status: int, code: str, means: Standing) -> None:
    """For good: Rejected. For now: Blocked, with the fix. Unknown: the job may exist."""
    error = refusal("POST /jobs of demo-1", status, body(code))
    assert (
        type(error)
        is {
            Standing.FOR_GOOD: Rejected,
            Standing.FOR_NOW: Blocked,
            Standing.UNKNOWN: OutcomeUnknown,
        }[means]
    )
    assert code in str(error)
    assert "demo-1" in str(error)
    assert str(status) in str(error)
    assert len(REFUSALS[code].fix) > 10
    if isinstance(error, Rejected):
        assert REFUSALS[code].fix in str(error)
        assert (error.status, error.code, error.request_id) == (status, code, "NjM=")
    if isinstance(error, Blocked):
        assert error.code == code
        assert REFUSALS[code].fix in error.fix


@pytest.mark.parametrize("number", NUMBERS)
def test_a_number_stands_for_its_name(number: str) -> None:
    """Where on the wire the numbers appear is not documented, so they are understood as a code."""
    read = read_error(body(number))
    assert read is not None
    assert read.code == NUMBERS[number]


@pytest.mark.parametrize(
    ("status", "code", "means"),
    [
        (400, "SomethingNew", Standing.FOR_GOOD),
        (404, "SomethingNew", Standing.FOR_GOOD),
        (401, "SomethingNew", Standing.FOR_NOW),
        (403, "SomethingNew", Standing.FOR_NOW),
        (409, "SomethingNew", Standing.FOR_NOW),
        (429, "SomethingNew", Standing.FOR_NOW),
        (408, "RequestTimeout", Standing.UNKNOWN),
        (500, "SomethingNew", Standing.UNKNOWN),
        (502, "AccessDenied", Standing.UNKNOWN),
        (302, "SomethingNew", Standing.UNKNOWN),
        (400, "InternalError", Standing.UNKNOWN),
    ],
)
def test_a_code_that_no_document_lists_is_judged_by_its_status(status: int, code: str, means: Standing) -> None:
    """401, 403, 429 are about who asks, 409 about now; other 4xx about what is asked; after a 5xx the job may exist."""
    assert standing(status, read_error(body(code))) is means


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"<html>403</html>",
        b"Forbidden",
        b"<Error/>",
        b"<Error><Code/></Error>",
        b"<R><Code>AccessDenied</Code></R>",
    ],
)
@pytest.mark.parametrize("status", [200, 302, 400, 403, 429, 500, 503])
def test_without_an_error_body_of_ci_nothing_is_known(status: int, answer: bytes) -> None:
    """A proxy's page does not say whether the request arrived."""
    assert read_error(answer) is None
    assert isinstance(refusal("POST /jobs", status, answer), OutcomeUnknown)


@pytest.mark.parametrize("code", ["SignatureExpired", "RequestTimeTooSkewed"])
@pytest.mark.parametrize(
    ("now", "says"),
    [(1767578400.0 + 1200, "1200 s ahead of"), (1767578400.0 - 1200, "1200 s behind")],
)
def test_a_clock_that_is_off_is_called_that(code: str, now: float, says: str) -> None:
    """With the answer's Date, by how much and in which direction."""
    error = refusal("POST /jobs", 403, body(code), date="Mon, 05 Jan 2026 02:00:00 GMT", now=now)
    assert "the clock of the function" in str(error)
    assert says in str(error)


@pytest.mark.parametrize("date", ["", "yesterday"])
def test_without_a_usable_date_the_clock_is_still_named(date: str) -> None:
    """Only the figure is missing."""
    error = refusal("POST /jobs", 401, body("SignatureExpired"), date=date, now=0.0)
    assert "the clock of the function" in str(error)
    assert " s " not in str(error).split("disagree")[1]
