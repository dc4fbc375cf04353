"""What the suite can be pointed at: the simulator's models, the local cloud over HTTP, or a real account."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

import pytest

from cosconcat.cloud.ports import Ci, Cos
from cosconcat.job.request import Request
from cosconcat.model import Bucket, ObjectVersion
from tests.simulation.models.jobs import CiModel
from tests.simulation.models.objects import Content, CosModel
from tests.simulation.models.world import Actor, World
from tests.simulation.plan import FAULTS, draw
from tests.support.joins import recording

if TYPE_CHECKING:
    from cosconcat.cloud.cos import CosOverHttp
    from local.network.proxy import Proxy

REGION = "ap-guangzhou"
Refusing = Literal["redirect", "throttle"]
SLOW_DOWN = b"<Error><Code>SlowDown</Code><Message>too often</Message><Resource>r</Resource></Error>"
T = TypeVar("T")


class Target(Protocol):
    """One place that claims to behave like COS and CI. Everything happens below `prefix`, which is new each time."""

    cos: Cos
    ci: Ci
    bucket: Bucket
    versioned: Bucket | None  # a bucket with versioning, where there is one
    prefix: str

    def clip(self, key: str, number: int, seconds: float) -> None:
        """Upload a short video."""
        ...

    def encrypt(self, key: str, body: bytes) -> None:
        """Upload an object that the service encrypts."""
        ...

    def refusing(self, how: Refusing) -> AbstractContextManager[None]:
        """Nothing that is asked meanwhile takes place: it is answered by a redirect, or by 503 SlowDown."""
        ...

    def numbers(self, key: str, count: int) -> list[int | None]:
        """The numbers of the `count` clips of one second that were joined into this object, as they are shown."""
        ...

    def together(self, actions: Sequence[Callable[[], T]]) -> list[T]:
        """Run the actions at the same time."""
        ...

    def until(self, condition: Callable[[], T | None], seconds: float = 120) -> T:
        """What `condition` answers, once it answers something; time passes meanwhile."""
        ...


def concat(bucket: Bucket, keys: Sequence[str], output: str, user_data: str, *, backwards: bool = False) -> Request:
    """A request for a plain join, as the API's third example has it; `backwards` writes the last fragment first."""
    fragments = [
        {"Url": f"http://{bucket.cos_host}/{key}", "FragmentIndex": str(index)} for index, key in enumerate(keys)
    ]
    if backwards:
        fragments.reverse()
    return Request.from_mapping({
        "Tag": "Concat",
        "Operation": {
            "ConcatTemplate": {"ConcatFragment": fragments, "Container": {"Format": "mp4"}},
            "Output": {"Region": bucket.region, "Bucket": bucket.name, "Object": output},
            "UserData": user_data,
        },
        "CallBack": "no",
    })  # fmt: skip


class Models:
    """The simulator's models, without faults."""

    def __init__(self) -> None:
        plan = draw(1)
        plan.faults = dict.fromkeys(FAULTS, 0.0)
        plan.page = 1000
        self.world = World(plan)
        self.bucket = Bucket("demo-1250000000", REGION)
        self.versioned: Bucket | None = Bucket("versioned-1250000000", REGION)
        self.model = CosModel(self.world, {self.bucket.name: False, self.versioned.name: True})
        self.cos: Cos = self.model
        self.ci: Ci = CiModel(self.world, self.model)
        self.prefix = "conformance/"
        self._contents = 0

    def clip(self, key: str, number: int, seconds: float) -> None:
        """Media is a number and a length here."""
        self._contents += 1
        self.model.write(self.bucket.name, key, content=Content(f"{number:032x}", recording(seconds, 1000 + number)))

    def encrypt(self, key: str, body: bytes) -> None:
        """What is told of it."""
        media = recording(1.0, len(body))
        self.model.write(self.bucket.name, key, content=Content("e" * 32, media, encrypted=True))

    @contextlib.contextmanager
    def refusing(self, how: Refusing) -> Iterator[None]:
        """As every call of an invocation that meets this fault; what `together` runs is one."""
        fault = {"redirect": "no-effect", "throttle": "down"}[how]
        self.world.plan.faults[fault] = 1.0
        self.world.heed()
        yield
        self.world.plan.faults[fault] = 0.0
        self.world.heed()

    def numbers(self, key: str, count: int) -> list[int | None]:
        """As the job joined them."""
        content = self.model.shelves[self.bucket.name].current[key].content
        assert content is not None
        return [int(piece.etag, 16) for _, piece in content.joined[:count]]

    def together(self, actions: Sequence[Callable[[], T]]) -> list[T]:
        """Each action is an invocation of its own; every port call is a switch point."""
        results: list[T] = []
        for action in actions:
            self.world.after(0.0, self._spawning(action, results))
        self.world.run(self.world.now + 60)
        return results

    def _spawning(self, action: Callable[[], T], results: list[T]) -> Callable[[], None]:
        def body(actor: Actor) -> None:
            del actor
            results.append(action())

        return lambda: self.world.spawn("concurrent", 60.0, 0.0, body)

    def until(self, condition: Callable[[], T | None], seconds: float = 120) -> T:
        """Virtual time passes."""
        end = self.world.now + 10 * seconds
        while (answer := condition()) is None:
            assert self.world.now < end, "it did not happen"
            self.world.run(self.world.now + 1)
        return answer


class OverHttp:
    """The real adapters against whatever answers at the hosts: the local cloud or a real account."""

    def __init__(
        self, cos: CosOverHttp, ci: Ci, bucket: Bucket, versioned: Bucket | None, proxy: Proxy | None = None
    ) -> None:
        self.cos: Cos = cos
        self.ci = ci
        self.bucket = bucket
        self.versioned = versioned
        self._adapter = cos
        self._proxy = proxy  # before a local cloud
        self.prefix = f"conformance/{secrets.token_hex(6)}/"

    def clip(self, key: str, number: int, seconds: float) -> None:
        """A real video."""
        self.cos.put(self.bucket, key, clip_bytes(number, seconds))

    def encrypt(self, key: str, body: bytes) -> None:
        """By the header that asks for it."""
        self._adapter._put(self.bucket, key, body, {"x-cos-server-side-encryption": "AES256"})

    @contextlib.contextmanager
    def refusing(self, how: Refusing) -> Iterator[None]:
        """Only where somebody stands before the service."""
        from local.network.http import Response

        if self._proxy is None:
            pytest.skip("a real account cannot be asked to fail")
        redirect = Response(302, {"Location": "http://elsewhere.example/"})
        answer = redirect if how == "redirect" else Response(503, {"Content-Type": "application/xml"}, SLOW_DOWN)
        services = self._proxy.services
        self._proxy.services = ((lambda _: True, lambda _: replace(answer, headers=dict(answer.headers))), *services)
        yield
        self._proxy.services = services

    def numbers(self, key: str, count: int) -> list[int | None]:
        """Read back from the pictures."""
        from local.media.reading import frames, number_seen

        stored = self.cos.get(self.bucket, key)
        assert stored is not None
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "joined.mp4"
            path.write_bytes(stored.body)
            return [number_seen(picture) for picture in frames(path, [at + 0.5 for at in range(count)])]

    def together(self, actions: Sequence[Callable[[], T]]) -> list[T]:
        """Threads."""
        with ThreadPoolExecutor(len(actions)) as pool:
            return [future.result() for future in [pool.submit(action) for action in actions]]

    def until(self, condition: Callable[[], T | None], seconds: float = 120) -> T:
        """Real time passes."""
        end = time.monotonic() + seconds
        while (answer := condition()) is None:
            assert time.monotonic() < end, "it did not happen"
            time.sleep(0.05)
        return answer

    def clear(self) -> None:
        """Remove everything below the prefix, and nothing else."""
        marker: str | None = ""
        while marker is not None:
            page = self.cos.list(self.bucket, self.prefix, marker)
            self.cos.delete(self.bucket, [ObjectVersion(found.key) for found in page.objects])
            marker = page.next_marker


@cache
def clip_bytes(number: int, seconds: float) -> bytes:
    """A clip that carries its number, made once."""
    from local.media.clips import make_clip

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "clip.mp4"
        make_clip(path, number, number, seconds)
        return path.read_bytes()


@contextlib.contextmanager
def local_cloud() -> Iterator[OverHttp]:
    """The local cloud, its functions undisturbed: the suite's prefix is none of theirs."""
    from cosconcat.cloud.ci import CiOverHttp
    from cosconcat.cloud.cos import CosOverHttp
    from cosconcat.config import Config, Credentials
    from local.cloud import LocalCloud
    from local.scf.instances import proxy_environment

    with LocalCloud() as cloud, _environment(proxy_environment(cloud.proxy.url)):
        region = cloud.account.region
        versioned = Bucket("versioned-1250000000", region)
        cloud.store.create_bucket(versioned.name, region, "Enabled")
        config = Config(bucket=Bucket(cloud.bucket, region), scheme="http")
        key = cloud.account.root_key()
        credentials = Credentials(key.secret_id, key.secret_key, key.token)
        cos, ci = CosOverHttp(config, credentials), CiOverHttp(config, credentials)
        yield OverHttp(cos, ci, config.bucket, versioned, cloud.proxy)


@contextlib.contextmanager
def account() -> Iterator[OverHttp]:
    """A real account: COS_BUCKET, COS_REGION, COS_SECRET_ID and COS_SECRET_KEY say which; a bucket bound to CI."""
    from cosconcat.cloud.ci import CiOverHttp
    from cosconcat.cloud.cos import CosOverHttp
    from cosconcat.config import Config, Credentials

    config = Config(bucket=Bucket(os.environ["COS_BUCKET"], os.environ["COS_REGION"]))
    credentials = Credentials(
        os.environ["COS_SECRET_ID"], os.environ["COS_SECRET_KEY"], os.environ.get("COS_SESSION_TOKEN", "")
    )
    name = os.environ.get("COS_VERSIONED_BUCKET", "")
    versioned = Bucket(name, config.bucket.region) if name else None
    target = OverHttp(CosOverHttp(config, credentials), CiOverHttp(config, credentials), config.bucket, versioned)
    try:
        yield target
    finally:
        target.clear()


@contextlib.contextmanager
def _environment(added: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in added}
    os.environ.update(added)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
