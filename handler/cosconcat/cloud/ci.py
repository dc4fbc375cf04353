"""Concat jobs over HTTP: the `Ci` port on Cloud Infinite's API, signed with the SDK's own signer.

The SDK's client is not used: it repeats a POST up to four times, and it cannot read CI's error bodies, which have no
Resource. A POST leaves here exactly once; reading may be repeated a few times. Imports the SDK, so it is imported when
first used.
"""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from functools import cache, lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode

import requests
from qcloud_cos import CosConfig
from qcloud_cos.cos_auth import CosS3Auth
from urllib3.exceptions import NewConnectionError

from cosconcat import log
from cosconcat.cloud.session import AnswerTooLarge, Bounds, CallTimedOut, NoTimeLeft, SteadySession
from cosconcat.errors import InvalidInput, OutcomeUnknown, Rejected, ServiceUnavailable, TimedOut
from cosconcat.job.response import Answer, read_jobs
from cosconcat.model import Bucket, Job, JobPage, is_job_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cosconcat.config import Config, Credentials
    from cosconcat.job.request import Request

CONNECT_SECONDS = 5.0
READ_SECONDS = 25.0
POST_SECONDS = 8.0  # with less left until the invocation ends no job is posted: its answer has to be recorded
READ_TRIES = 3  # how often a GET is sent at most; never again after a time-out
LARGEST_ANSWER = 16 * 1024 * 1024  # bytes that are read of an answer: a job of 10,000 fragments echoes less
PAGE_SIZE = 100  # the most that one page of the listing may hold
ECHOED_FRAGMENTS = 25_000  # that a page holds at most: each job echoes all of its own

_CHINA = timezone(timedelta(hours=8))  # the offset in every documented sample of startCreationTime


class CiOverHttp:
    """The `Ci` port over HTTP. The standard proxy variables are honoured.

    Args:
        config: region, queue and scheme are read from it.
        credentials: of the execution role; temporary keys bring their token.
        pause: sleeps that many seconds between two tries of a GET.
        deadline: when the invocation ends (epoch seconds); no call lasts beyond it, none that would is begun.
        began: when it began (epoch seconds); now, where it is not told.
    """

    def __init__(
        self,
        config: Config,
        credentials: Credentials,
        pause: Callable[[float], None] = time.sleep,
        deadline: float = float("inf"),
        began: float | None = None,
    ) -> None:
        self._config = config
        self._credentials = credentials
        self._pause = pause
        usual = Bounds(CONNECT_SECONDS, READ_SECONDS, LARGEST_ANSWER, least=2, reserve=2)
        ends = (deadline, time.time() if began is None else began)
        self._bounds = {"GET": usual.until(*ends), "POST": usual._replace(least=POST_SECONDS).until(*ends)}
        self._session: SteadySession | None = None
        self._page_size = max(1, min(PAGE_SIZE, ECHOED_FRAGMENTS // config.max_fragments))

    def submit(self, bucket: Bucket, request: Request) -> Job:
        """Exactly one POST /jobs, never repeated, on a connection of its own (a kept one may just be closing).

        Raises:
            Blocked: CI refuses for now (role, key, clock, queue, binding, too many requests); no job exists.
            Rejected: CI refuses this request for good; no job exists.
            ServiceUnavailable: no connection came about (refused, no such host, no time left): nothing was sent.
            OutcomeUnknown: anything else: time-out, reset, 5xx, an answer that cannot be read.
        """
        what = f"POST /jobs of {bucket.name}"
        try:
            with _session() as session:  # when left it closes its connection; used again, it opens another
                session.reload_environment()
                answer = self._send(session, "POST", bucket, "/jobs", {}, request.to_xml())
        except requests.RequestException as error:
            if isinstance(error, NoTimeLeft) or _never_connected(error):
                raise ServiceUnavailable(f"{what}: {_reason(error)}, nothing was sent") from error
            raise OutcomeUnknown(f"{what}: {_reason(error)}; whether a job exists is unknown") from error
        if answer.status_code != requests.codes.ok:
            from cosconcat.job.refusals import refusal

            raise refusal(
                what, answer.status_code, answer.content, date=answer.headers.get("Date", ""), now=time.time()
            )
        try:
            jobs = read_jobs(answer.content).jobs
        except InvalidInput as error:
            raise OutcomeUnknown(f"{what}: unreadable answer ({error}); whether a job exists is unknown") from error
        if not jobs:
            raise OutcomeUnknown(f"{what}: the answer names no job; whether one exists is unknown")
        return jobs[0]

    def job(self, bucket: Bucket, job_id: str) -> Job | None:
        """The job as it is now, or None when CI does not know it.

        Raises:
            InvalidInput: `job_id` is none that CI gives out (a callback may carry anything).
            ServiceUnavailable: CI is down, slow or throttling, or its answer cannot be read or says neither.
            Blocked: CI refuses for now.
            Rejected: CI refuses for good.
        """
        if not is_job_id(job_id):
            raise InvalidInput([f"JobId: {job_id[:80]!r} is not a job id; allowed: letters, digits, - and _"])
        try:
            answer = self._read(bucket, f"/jobs/{job_id}", {})
        except AnswerTooLarge as large:
            raise ServiceUnavailable(f"GET /jobs/{job_id} of {bucket.name}: {large}") from large
        found = next((job for job in answer.jobs if job.id == job_id), None)
        if found is None and job_id not in answer.missing:  # a second job may be posted for one that is gone
            raise ServiceUnavailable(f"GET /jobs/{job_id} of {bucket.name}: the answer does not speak of the job")
        return found

    def jobs(self, bucket: Bucket, since: int, token: str = "", until: int = 0) -> JobPage:
        """Concat jobs of every state, created from `since` to `until` (epoch seconds; 0: now), newest first, by pages.

        A page is as large as may be: where one turns out too large, it is asked for once more with fewer jobs, and so
        are those after it (assumed: a token says where to go on, whatever the size).

        Raises:
            ServiceUnavailable, Blocked, Rejected: as in `job`.
        """
        wanted = {
            "tag": "Concat",
            "size": str(self._page_size),
            "orderByTime": "Desc",
            "states": "All",
            "startCreationTime": creation_time(since),
        }
        if until:
            wanted["endCreationTime"] = creation_time(until)
        if self._config.queue_id:
            wanted["queueId"] = self._config.queue_id
        if token:
            wanted["nextToken"] = token
        try:
            answer = self._read(bucket, "/jobs", wanted)
        except AnswerTooLarge as large:
            if self._page_size == 1:
                raise ServiceUnavailable(f"GET /jobs of {bucket.name}: {large}") from large
            self._page_size = max(1, self._page_size // 4)
            return self.jobs(bucket, since, token, until)
        return JobPage(answer.jobs, answer.next_token)

    def _read(self, bucket: Bucket, path: str, wanted: Mapping[str, str]) -> Answer:
        """A GET, repeated after a 5xx, 429, reset, unreadable answer or time-out while connecting, but not after a
        time-out of the answer: what hangs once hangs again.
        """
        if self._session is None:
            self._session = SteadySession()
        what = f"GET {path} of {bucket.name}"
        failure = ""
        for tried in range(READ_TRIES):
            if tried:
                log.warning("asked again", call=what, reason=failure)
                self._pause(_jittered(0.2 * 2**tried))
            try:
                answer = self._send(self._session, "GET", bucket, path, wanted)
                if answer.status_code == requests.codes.ok:
                    return read_jobs(answer.content)
            except CallTimedOut as slow:
                raise TimedOut(f"{what}: {_reason(slow)}") from slow
            except AnswerTooLarge:
                raise
            except NoTimeLeft as late:
                raise ServiceUnavailable(f"{what}: {_reason(late)}") from late
            except requests.RequestException as error:
                failure = _reason(error)
                continue
            except InvalidInput as error:
                failure = f"unreadable answer ({error})"
                continue
            failure = f"HTTP {answer.status_code}"
            if answer.status_code < 500 and answer.status_code != requests.codes.too_many:
                raise _no(what, answer)
        raise ServiceUnavailable(f"{what}: {failure}, tried {READ_TRIES} times")

    def _send(
        self,
        session: SteadySession,
        method: str,
        bucket: Bucket,
        path: str,
        wanted: Mapping[str, str],
        body: bytes | None = None,
    ) -> requests.Response:
        headers = {} if body is None else {"Content-Type": "application/xml"}
        if self._credentials.token:
            headers["x-ci-security-token"] = self._credentials.token
        url = f"{self._config.scheme}://{bucket.ci_host}{quote(path, safe='/')}"
        return session.request(
            method,
            f"{url}?{urlencode(wanted, quote_via=quote)}" if wanted else url,
            data=body,
            headers=headers,
            auth=self._signer(bucket, path, wanted),
            timeout=self._bounds[method],  # type: ignore[arg-type]  # a SteadySession takes bounds in its place
            allow_redirects=False,
        )

    def _signer(self, bucket: Bucket, path: str, wanted: Mapping[str, str]) -> requests.auth.AuthBase:
        """The SDK's signer; it signs host, content-type, content-length, the token's header and every parameter."""
        log.silence_sdk()
        conf = _signing(self._credentials, self._config.scheme, bucket.region)
        signer: requests.auth.AuthBase = CosS3Auth(conf, path, dict(wanted))
        return signer


@lru_cache(1)  # from one invocation to the next, until the role's keys change
def _signing(credentials: Credentials, scheme: str, region: str) -> CosConfig:
    """What the SDK's signer needs to know."""
    return CosConfig(Region=region, SecretId=credentials.secret_id, SecretKey=credentials.secret_key, Scheme=scheme)


def creation_time(since: int) -> str:
    """`startCreationTime` of epoch seconds, e.g. `2026-01-01T00:00:00+0800`.

    The documented format string has %m (month) where it means %M (minutes); its sample shows minutes.
    """
    return datetime.fromtimestamp(since, _CHINA).strftime("%Y-%m-%dT%H:%M:%S%z")


@cache
def _session() -> SteadySession:
    """For POSTs alone: between two of them it holds no connection."""
    return SteadySession()


def _no(what: str, answer: requests.Response) -> Exception:
    """The error for a refused GET: as for a POST, but what is unknown there may simply be asked again here."""
    from cosconcat.job.refusals import read_error, refusal

    error = refusal(what, answer.status_code, answer.content, date=answer.headers.get("Date", ""), now=time.time())
    if not isinstance(error, OutcomeUnknown):
        return error
    told = read_error(answer.content)
    if told is not None and told.code == "RequestTimeout":
        return ServiceUnavailable(f"{what}: {told.code}")
    if answer.is_redirect or answer.status_code < 400:  # it says nothing, whoever sent it
        return ServiceUnavailable(f"{what}: HTTP {answer.status_code}, which is no answer")
    return Rejected(f"{what}: refused", status=answer.status_code, code=told.code if told else "Unreadable")


def _jittered(seconds: float) -> float:
    """Between half and all of `seconds`, so that many instances do not ask again at once."""
    import random

    return seconds * random.uniform(0.5, 1.0)  # noqa: S311  a pause is no secret


def _never_connected(error: requests.RequestException) -> bool:
    """Whether no connection to the service (or to the proxy before it) was made, so that no byte can have arrived."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(getattr(reason, "original_error", reason), NewConnectionError)


def _reason(error: Exception) -> str:
    """What went wrong on the way, without the URL (which requests puts into its messages)."""
    if isinstance(error, (CallTimedOut, NoTimeLeft)):
        return str(error)
    if isinstance(error, requests.Timeout):
        return "timed out"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy refused or could not be reached"
    if isinstance(error, requests.ConnectionError):
        return "the connection failed or was cut"
    return type(error).__name__
