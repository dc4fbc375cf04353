"""How Cloud Infinite says no: to a request at once, or to a job after it was taken."""

from __future__ import annotations

from local.network.http import Refusal

# The documented error codes with their HTTP status. Where the documents name a code without a status ("assumed"), it
# has the status of its nearest documented relative.
STATUS_OF_CODE = {
    "AccessDenied": 403,
    "CIRoleNotExist": 400,
    "InternalError": 500,
    "InvalidArgument": 400,
    "InvalidContent": 400,
    "InvalidHost": 400,
    "InvalidUrl": 404,
    "MediaBucketAlreadyBinded": 403,
    "MediaBucketUnBinded": 403,  # assumed
    "MissingContent": 400,
    "NotImplemented": 501,
    "QueueNotFound": 400,  # assumed
    "QueuePaused": 403,
    "QueueSaturated": 403,
    "ResourceAccessDenied": 400,
    "ResourceDownloadFailed": 400,
    "ResourceNotFound": 400,
    "ResourceNotSupported": 400,
    "ServiceUnavailable": 503,
    "SlowDown": 429,
    "TemplateNotFound": 400,  # assumed
    "UnavailableForLegalReasons": 451,
    "WriteTargetBucketDenied": 403,  # assumed
}


def refused(code: str, message: str) -> Refusal:
    """The refusal with the status that belongs to `code`; an unknown code counts as a bad request."""
    return Refusal(STATUS_OF_CODE.get(code, 400), code, message)


class JobFailed(Exception):  # noqa: N818 -- the API's own state
    """A job that ends Failed; both parts appear in JobsDetail (`code` is an opaque word: no list is published)."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class Stopped(Exception):  # noqa: N818 -- an event, nothing went wrong
    """The service is being stopped: the work in hand is dropped and its children are dead."""
