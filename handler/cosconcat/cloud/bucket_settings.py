"""What of buckets and queues only the doctor looks at: a small port, read-only, and its adapter over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from cosconcat import log
from cosconcat.errors import InvalidInput, Rejected, ServiceUnavailable
from cosconcat.job.markup import read_xml
from cosconcat.job.refusals import read_error
from cosconcat.model import ARCHIVES, Bucket

if TYPE_CHECKING:
    import requests

    from cosconcat.config import Config, Credentials

TIMEOUT_SECONDS = (5.0, 20.0)  # to connect, to wait for bytes


@dataclass(frozen=True)
class LifecycleRule:
    """An enabled rule: what it applies to (`prefix` "" is everything, `tags` all of them), and after how many days."""

    id: str
    prefix: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    expires_after: int | None = None
    archives_after: int | None = None

    def touches(self, prefix: str) -> bool:
        """Whether it applies to any untagged object under `prefix`."""
        return not self.tags and (prefix.startswith(self.prefix) or self.prefix.startswith(prefix))


@dataclass(frozen=True)
class Queue:
    """A media processing queue; `state` is the API's word: Active or Paused."""

    id: str
    name: str
    state: str


class Settings(Protocol):
    """All methods raise `Rejected` when the service refuses, `ServiceUnavailable` when it does not answer."""

    def exists(self, bucket: Bucket) -> None:
        """HEAD the bucket, to be refused where it is not there."""
        ...

    def versioning(self, bucket: Bucket) -> str:
        """`Enabled`, `Suspended`, or "" where it was never switched on."""
        ...

    def lifecycle(self, bucket: Bucket) -> Sequence[LifecycleRule]:
        """The enabled rules."""
        ...

    def queues(self, bucket: Bucket) -> Sequence[Queue]:
        """The queues that serve the bucket; none where media processing is off."""
        ...


class SettingsOverHttp:
    """The real `Settings`, signed by the SDK's signer."""

    def __init__(self, config: Config, credentials: Credentials) -> None:
        self._scheme = config.scheme
        self._credentials = credentials

    def exists(self, bucket: Bucket) -> None:
        """HEAD the bucket, to be refused where it is not there."""
        self._ask("HEAD", bucket, bucket.cos_host, "/", {})

    def versioning(self, bucket: Bucket) -> str:
        """`Enabled`, `Suspended`, or "" where it was never switched on."""
        answer = self._ask("GET", bucket, bucket.cos_host, "/", {"versioning": ""}, "VersioningConfiguration")
        return str(answer.get("Status", ""))

    def lifecycle(self, bucket: Bucket) -> Sequence[LifecycleRule]:
        """The enabled rules."""
        try:
            answer = self._ask("GET", bucket, bucket.cos_host, "/", {"lifecycle": ""}, "LifecycleConfiguration")
        except Rejected as refusal:
            if refusal.code == "NoSuchLifecycleConfiguration":
                return ()
            raise
        return tuple(_rule(rule) for rule in _several(answer.get("Rule")) if rule.get("Status") == "Enabled")

    def queues(self, bucket: Bucket) -> Sequence[Queue]:
        """The queues that serve the bucket; none where media processing is off."""
        answer = self._ask("GET", bucket, bucket.ci_host, "/queue", {}, "Response")  # one queue a bucket: no paging
        names = ("QueueId", "Name", "State")
        return tuple(Queue(*(str(one.get(name, "")) for name in names)) for one in _several(answer.get("QueueList")))

    def _ask(
        self, method: str, bucket: Bucket, host: str, path: str, wanted: Mapping[str, str], document: str = ""
    ) -> dict[str, Any]:
        """One signed request; the content of its answer, which is the document with this root, "" for none."""
        import requests

        what = f"{method} {host}{path}" + (f"?{'&'.join(wanted)}" if wanted else "")
        kind = "ci" if host == bucket.ci_host else "cos"
        token = self._credentials.token
        try:
            answer = requests.request(
                method,
                f"{self._scheme}://{host}{path}",
                params=dict(wanted),
                headers={f"x-{kind}-security-token": token} if token else {},
                auth=self._signer(bucket, path, wanted),
                timeout=TIMEOUT_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as failure:
            raise ServiceUnavailable(f"{what}: {type(failure).__name__}") from None
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ServiceUnavailable(f"{what}: HTTP {answer.status_code}")
        if method == "HEAD" and answer.status_code != HTTPStatus.OK and "x-cos-request-id" not in answer.headers:
            raise ServiceUnavailable(f"{what}: HTTP {answer.status_code} without x-cos-request-id: check the proxy")
        if answer.status_code != HTTPStatus.OK:
            said = read_error(answer.content)
            message, code = (said.message, said.code) if said else ("refused", f"HTTP{answer.status_code}")
            raise Rejected(f"{what}: {message}", status=answer.status_code, code=code)
        if not document:
            return {}
        try:
            root, content = read_xml(answer.content, what)
        except InvalidInput as mistake:
            raise ServiceUnavailable(str(mistake)) from None
        if root != document:
            raise ServiceUnavailable(f"{what}: HTTP 200 with {root} instead of {document}")
        return content

    def _signer(self, bucket: Bucket, path: str, wanted: Mapping[str, str]) -> requests.auth.AuthBase:
        from qcloud_cos import CosConfig
        from qcloud_cos.cos_auth import CosS3Auth

        log.silence_sdk()
        conf = CosConfig(
            Region=bucket.region, SecretId=self._credentials.secret_id, SecretKey=self._credentials.secret_key
        )
        signer: requests.auth.AuthBase = CosS3Auth(conf, path, dict(wanted))
        return signer


def _rule(content: Mapping[str, Any]) -> LifecycleRule:
    """A `Rule` of GET ?lifecycle; several conditions stand in `Filter.And`."""
    narrow = content.get("Filter") or {}
    narrow = narrow.get("And") or narrow
    archives = [
        int(step.get("Days") or 0)
        for step in _several(content.get("Transition"))
        if step.get("StorageClass") in ARCHIVES
    ]
    days = (content.get("Expiration") or {}).get("Days")
    return LifecycleRule(
        id=content.get("ID", ""),
        prefix=narrow.get("Prefix", "") or content.get("Prefix", ""),
        tags={tag.get("Key", ""): tag.get("Value", "") for tag in _several(narrow.get("Tag"))},
        expires_after=int(days) if days else None,
        archives_after=min(archives) if archives else None,
    )


def _several(found: object) -> list[Mapping[str, Any]]:
    """What stands once or repeatedly, as a list; what is empty or text is left out."""
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, Mapping)]
