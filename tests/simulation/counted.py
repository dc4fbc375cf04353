"""One group's whole life in this process, every call to a port counted: what a group costs.

`Counted` stands before any port, the real adapters or the simulator's models (in peace, nothing fails), so both count
by the same rules: one request for each method, but one for each key of `heads` and `media`, and one for each thousand
of `delete`.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

from cosconcat.cloud.ports import Ci, Cos
from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.events.callback import Message
from cosconcat.events.cos import Upload
from cosconcat.functions.callback import handle_messages
from cosconcat.functions.upload import handle_uploads
from cosconcat.model import Result
from cosconcat.services import Services
from tests.simulation.models.functions import InstanceClock
from tests.simulation.models.jobs import CiModel
from tests.simulation.models.objects import Content, CosModel
from tests.simulation.models.world import World
from tests.simulation.plan import FAULTS, Plan
from tests.support.joins import recording

KINDS = {
    "list": "LIST", "head": "HEAD", "heads": "HEAD", "get": "GET", "create": "PUT", "put": "PUT", "copy": "COPY",
    "delete": "POST delete", "tags": "GET tagging", "tag": "PUT tagging", "media": "GET videoinfo", "read": "GET range",
    "submit": "POST jobs", "job": "GET job", "jobs": "GET jobs",
}  # fmt: skip
BUCKET = "demo-1250000000"
ENVIRONMENT = {
    "CONCAT_BUCKET": BUCKET,
    "CONCAT_REGION": "ap-guangzhou",
    "CONCAT_CALLBACK_URL": "https://callback.example/",
    "CONCAT_CALLBACK_SECRET": "0123456789abcdef0123456789abcdef",
    "CONCAT_MAX_FRAGMENTS": "5000",
}
DIRECT = {"CONCAT_DIRECT": "true", "CONCAT_ON_MIXED": "trust", "CONCAT_VERIFY": "size"}


def budget(fragments: int, *, probed: bool) -> int:
    """Most calls for a group whose events arrive in order, each once: three a fragment where each is probed.

    Where bytes are the proof of a trusted direct join, the first fragment alone is probed.
    """
    return (3 * fragments if probed else 2 * fragments + 1) + 17 + 2 * -(-fragments // 1000)


class Counted:
    """A port whose calls are counted into `calls`."""

    def __init__(self, port: object, calls: Counter[str]) -> None:
        self._port = port
        self._calls = calls

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._port, name)

        def counted(*given: Any, **named: Any) -> Any:
            several = len(given[1]) if name in {"heads", "media", "read", "delete"} else 1
            self._calls[KINDS[name]] += -(-several // 1000) if name == "delete" else several
            return method(*given, **named)

        return counted


@dataclass
class InMemory:
    """COS, CI and a group's objects in memory; `services` counts what is asked."""

    config: Config
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        plan = Plan(0, 1, 1, "part-of", "total", "delete", "duration", "", False, 1000, 300, callbacks=True)
        plan.faults = dict.fromkeys(FAULTS, 0.0)
        self.world = World(plan)
        self.cos = CosModel(self.world, {self.config.bucket.name: False})
        self.ci = CiModel(self.world, self.cos)
        nonces = (hashlib.md5(b"%d" % number).hexdigest() for number in range(1 << 30))
        self.services = Services(
            self.config,
            cast("Cos", Counted(self.cos, self.calls)),
            cast("Ci", Counted(self.ci, self.calls)),
            InstanceClock(self.world),
            lambda: next(nonces),
        )

    def put(self, key: str, seconds: float = 60.0) -> None:
        """Upload a fragment, of a thousand bytes each second."""
        etag = hashlib.md5(key.encode()).hexdigest()
        media = recording(seconds, int(seconds * 1000))
        self.cos.write(self.config.bucket.name, key, content=Content(etag, media))

    def finish_job(self) -> Message:
        """Let the job run; the message that CI sends then."""
        work = next(iter(self.ci.work.values()))
        self.world.run(self.world.now + 1000)
        signature = parse_qs(urlsplit(work.callback).query)["signature"][0]
        return Message(work.id, work.user_data, work.state, signature, over_http=True)


def keys(group: str, fragments: int, *, padded: bool = False) -> list[str]:
    """The keys of a group in order, with or without leading zeros."""
    width = len(str(fragments)) if padded else 1
    return [f"fragments/{group}.part{number:0{width}}-of-{fragments}.mp4" for number in range(1, fragments + 1)]


def live(memory: InMemory, arrivals: Iterable[str], *, again: Callable[[], bool] = lambda: False) -> Iterator[Result]:
    """Upload one fragment after the other with the event of each (twice where `again` says so), then call back."""
    bucket = memory.config.bucket
    with contextlib.redirect_stdout(io.StringIO()):
        for key in arrivals:
            memory.put(key)
            for _ in range(2 if again() else 1):
                yield from handle_uploads(memory.services, [Upload(bucket.name, bucket.region, key, "")])
        yield from handle_messages(memory.services, [memory.finish_job()])


def in_memory(**changed: str) -> InMemory:
    """With the usual configuration, some of it changed."""
    return InMemory(read_config({**ENVIRONMENT, **changed}))
