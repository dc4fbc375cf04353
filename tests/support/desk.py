"""The use cases in this process, over the real adapters and HTTP, against a local cloud: quick, and every call is real.

Media are bytes that stand for it (1,000 a second), joined as such, so that hundreds of joins take no time.
"""

from __future__ import annotations

import contextlib
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from cosconcat import signing
from cosconcat.bootstrap import SystemClock
from cosconcat.cloud.ci import CiOverHttp
from cosconcat.cloud.cos import CosOverHttp
from cosconcat.config import Credentials
from cosconcat.environment.reading import read_config
from cosconcat.events.callback import read_messages
from cosconcat.events.cos import Upload
from cosconcat.functions.callback import handle_messages
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.functions.upload import handle_uploads
from cosconcat.model import Result, Token
from cosconcat.services import Services
from local.ci.jobs import Job
from local.cloud import LocalCloud
from local.switches import Switches

SECOND = 1000  # bytes that stand for one second


def only(results: list[Result]) -> Result:
    """The one result."""
    assert len(results) == 1
    return results[0]


class Altered:
    """A port as it is, but for some of its methods."""

    def __init__(self, real: Any, **changed: Callable[..., Any]) -> None:
        self._real, self._changed = real, changed

    def __getattr__(self, name: str) -> Any:
        return self._changed.get(name) or getattr(self._real, name)


class Desk:
    """A cloud in which nothing happens by itself: events, callbacks and sweeps are handed over by the test."""

    def __init__(self, environment: Mapping[str, str] | None = None, *, versioning: str = "") -> None:
        self.switches = Switches(join="bytes", lose_events=1.0, callbacks=0)
        usual = {"CONCAT_LEASE_SECONDS": "60", "CONCAT_STALE_SECONDS": "200"}
        settings = {**usual, **(environment or {})}
        if versioning:
            settings = {"CONCAT_STATE_BUCKET": "state-1250000000", **settings}
        self.cloud = LocalCloud(environment=settings, switches=self.switches, functions=(), versioning=versioning)
        self._patch = pytest.MonkeyPatch()
        for name, value in self.cloud.shell_environment().items():
            self._patch.setenv(name, value)
        config = read_config(self.cloud.environment)
        key = self.cloud.account.root_key()
        credentials = Credentials(key.secret_id, key.secret_key, key.token)
        cos, ci = CosOverHttp(config, credentials), CiOverHttp(config, credentials)
        self.services = Services(config, cos, ci, SystemClock(), lambda: secrets.token_hex(16))

    def __enter__(self) -> Desk:
        self.cloud.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cloud.stop()
        self._patch.undo()

    def later(self, seconds: float) -> None:
        """Let the services' clocks run ahead."""
        self.switches.clock_skew += seconds

    def put(self, key: str, content: str = "", seconds: float = 10) -> None:
        """An object that lasts so long; other `content`, other bytes."""
        body = (content or key).encode()
        self.cloud.store.put(self.cloud.bucket, key, body * -(-int(seconds * SECOND) // len(body)))

    def manifest(self, key: str, **content: object) -> None:
        """A manifest."""
        self.cloud.store.put(self.cloud.bucket, key, json.dumps(content).encode())

    def upload(self, *keys: str) -> list[Result]:
        """The event of objects that are there already."""
        bucket = self.services.config.bucket
        return handle_uploads(
            self.services, [Upload(bucket.name, bucket.region, key, "cos:ObjectCreated:Put") for key in keys]
        )

    def arrive(self, *keys: str, content: str = "", seconds: float = 10) -> list[Result]:
        """Objects arrive one after the other; the results of the last event."""
        results: list[Result] = []
        for key in keys:
            self.put(key, content and f"{content}{key}", seconds)
            results = self.upload(key)
        return results

    @contextlib.contextmanager
    def instead(self, **changed: Any) -> Iterator[None]:
        """Within, the use cases are given something else: `config`, `cos`, `ci` or `clock`."""
        usual, self.services = self.services, replace(self.services, **changed)
        try:
            yield
        finally:
            self.services = usual

    def call_back(self) -> list[Result]:
        """Let the newest job end, and hand over its callback."""
        return self.hear(self.callback())

    def hear(self, event: dict[str, Any]) -> list[Result]:
        """A callback's event."""
        return handle_messages(self.services, read_messages(event))

    def callback(self, of: Job | None = None) -> dict[str, Any]:
        """The HTTP event of a job's callback (the newest one's, when none is given), once it has ended."""
        assert self.cloud.ci.wait_idle(20)
        job = self.services.ci.job(self.services.config.bucket, (of or self.jobs[-1]).id)
        assert job is not None
        token = Token.parse(job.user_data)
        assert token is not None
        query = parse_qs(urlsplit(signing.callback_url(self.services.config, token)).query)
        details = {"JobId": job.id, "State": job.state, "Operation": {"UserData": job.user_data}}
        return {
            "httpMethod": "POST",
            "path": "/",
            "headers": {},
            "queryString": {name: values[0] for name, values in query.items()},
            "body": json.dumps({"EventName": "TaskFinish", "JobsDetail": details}),
        }

    def sweep(self) -> dict[str, Any]:
        """One sweep."""
        return dict(handle_sweep(self.services))

    @property
    def jobs(self) -> list[Job]:
        """Every job at CI, oldest first."""
        return self.cloud.ci.jobs()

    def keys(self, prefix: str) -> list[str]:
        """What lies under a prefix."""
        return self.cloud.store.keys(self.cloud.bucket, prefix)

    def report(self) -> dict[str, Any]:
        """The published report."""
        state = self.services.config.state_bucket.name
        return dict(json.loads(self.cloud.store.get(state, ".concat/report.json") or b"{}"))
