"""A recording in three parts for end-to-end tests: put it up, let things go wrong, see what is left."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.cloud import THE_FUNCTIONS, LocalCloud
from local.media import reading
from local.media.clips import make_clip
from local.network.http import Request
from local.scf.function import Function
from local.switches import Switches

PARTS = 3
SECONDS = 1.0
LEASE, STALE = 320, 600  # seconds; above the time limit, twice and once below what COS takes for a wrong clock (900)
OVER = 700  # seconds by which the services' clocks jump to make leases and stale times pass
QUICK = tuple(replace(function, time_limit=60, instances=min(function.instances, 2)) for function in THE_FUNCTIONS)
MANY = tuple(replace(function, time_limit=60) for function in THE_FUNCTIONS)


def make_clips(folder: Path, count: int) -> list[Path]:
    """Clips 1 to `count` of one second, alike but for their number and tone."""
    paths = [folder / f"{number}.mp4" for number in range(1, count + 1)]
    for number, path in enumerate(paths, 1):
        make_clip(path, number, count, SECONDS)
    return paths


class Recording:
    """One local cloud, one group `talk` in three parts, joined by stream copy; `clips` holds spare ones as well."""

    def __init__(
        self,
        clips: list[Path],
        environment: Mapping[str, str] | None = None,
        switches: Switches | None = None,
        functions: Sequence[Function] = QUICK,
    ) -> None:
        self.clips = clips
        usual = {
            "CONCAT_DIRECT": "true",
            "CONCAT_LEASE_SECONDS": str(LEASE),
            "CONCAT_STALE_SECONDS": str(STALE),
        }
        self.cloud = LocalCloud(
            environment={**usual, **(environment or {})},
            switches=switches or Switches(retry_seconds=0.3),
            functions=functions,
        )
        self.switches = self.cloud.switches

    def __enter__(self) -> Recording:
        self.cloud.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cloud.stop()

    def key(self, part: int) -> str:
        """Key of a part, from 1."""
        return f"fragments/talk.part{part}-of-{PARTS}.mp4"

    def put(self, part: int, clip: int = 0) -> None:
        """Upload a part with the content of a clip (from 1; the part's own when 0)."""
        self.cloud.store.upload(self.cloud.bucket, self.key(part), self.clips[(clip or part) - 1])

    def put_all(self) -> None:
        """Upload every part, the first last."""
        for part in range(PARTS, 0, -1):
            self.put(part)

    def settle(self) -> None:
        """Wait until nothing is under way."""
        assert self.cloud.settle(60), "things were still under way after a minute"

    def sweep(self) -> dict[str, Any]:
        """Run the sweep once, and wait for what it brought about."""
        result = self.cloud.functions.invoke("sweep", {"Type": "Timer", "TriggerName": "t", "Time": "", "Message": ""})
        self.settle()
        return dict(result.value) if isinstance(result.value, dict) else {"value": result.value}

    def sweep_later(self, times: int = 1) -> None:
        """The services' clocks jump beyond lease and stale time, then the sweep runs so many times."""
        self.switches.clock_skew = OVER
        for _ in range(times):
            self.sweep()

    @property
    def left(self) -> list[int]:
        """Parts still under the input prefix."""
        keys = self.cloud.store.keys(self.cloud.bucket, "fragments/")
        return [part for part in range(1, PARTS + 1) if self.key(part) in keys]

    @property
    def jobs(self) -> int:
        """Jobs that exist at CI: what is billed."""
        return len(self.cloud.ci.jobs())

    @property
    def posts(self) -> int:
        """POST /jobs that reached CI, refused ones included."""
        return self.cloud.calls.kinds().get("POST jobs", 0)

    @property
    def outputs(self) -> list[str]:
        """Keys under the output prefix."""
        return self.cloud.store.keys(self.cloud.bucket, "output/")

    @property
    def open(self) -> list[str]:
        """The sweep's index."""
        return self.cloud.store.keys(self.cloud.bucket, ".concat/open/")

    def record(self, name: str) -> dict[str, Any]:
        """The first record whose key ends in `name`; empty when there is none."""
        keys = self.cloud.store.keys(self.cloud.bucket, ".concat/")
        found = next((key for key in keys if key.endswith(name)), None)
        body = self.cloud.store.get(self.cloud.bucket, found) if found else None
        return dict(json.loads(body)) if body else {}

    def order(self, folder: Path, key: str = "output/talk.mp4", parts: int = PARTS) -> list[int | None]:
        """The numbers of the clips in an output, read by decoding the middle of each section."""
        target = folder / "joined.mp4"
        assert self.cloud.store.download(self.cloud.bucket, key, target), f"{key} is not there"
        assert abs(reading.duration(target) - parts * SECONDS) < SECONDS / 2
        read = reading.sections(target, [(part + 0.5) * SECONDS for part in range(parts)], window=0.6)
        return [section.seen if section.seen == section.heard else None for section in read]


def is_call(method: str, path: str, query: str = "") -> Callable[[Request], bool]:
    """Matches requests by method, by what their path begins with, and by the name of a query parameter."""
    return lambda request: (
        request.method == method
        and request.path.startswith(path)
        and (not query or any(name == query for name, _ in request.query))
    )
