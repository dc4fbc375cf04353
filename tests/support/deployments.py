"""A deployment into the local cloud from a test: the account, the settings, faults at any call, and what is there."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import pytest

from layers.build import build_layer
from local.account.account import Key
from local.cloud import LocalCloud
from local.network.http import ConnectionCut, Request, Response
from local.scf.instances import proxy_environment
from ops import ROOT
from ops.deployment.deploy import Proposal, propose
from ops.deployment.destroy import plan_removal, plan_switch
from ops.deployment.door import Door
from ops.deployment.execute import Executor, Zips
from ops.deployment.seen import look
from ops.deployment.settings import Settings, read_settings
from ops.verbs.deploy import packages

Fault = Literal["before", "after"]
FIRST_CALLS, SECOND_CALLS = 44, 30  # requests of a first deployment, and of one that changes nothing
CALLBACK, UPLOAD, SWEEP = (f"cos-concat-dev-{key}" for key in ("callback", "upload", "sweep"))


def small_zip(text: str) -> bytes:
    """A package with three handlers that do nothing, and `text` to tell it from another."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in ("upload", "callback", "sweep"):
            entry = zipfile.ZipInfo(f"{name}.py")
            archive.writestr(
                entry, f"def main_handler(event, context):\n    return {{'doctor': [], 'package': {text!r}}}\n"
            )
    return made.getvalue()


ZIPS = Zips(small_zip("code"), small_zip("layer"))


def real_zips() -> Zips:
    """What `make deploy` deploys; the layer is made first where `make layer` has not."""
    if not (ROOT / "build" / "layer.zip").is_file():
        build_layer(ROOT / ".venv" / "layer", ROOT / "build")
    return packages()


@contextmanager
def empty_account(**how: Any) -> Iterator[LocalCloud]:
    """A cloud in which nothing is deployed, reached through its proxy by whatever runs in this process."""
    with LocalCloud(functions=(), **how) as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in proxy_environment(cloud.proxy.url).items():
            patch.setenv(name, value)
        yield cloud


def variables(cloud: LocalCloud, key: Key | None = None, /, **changed: str) -> dict[str, str]:
    """What `.env` says, with changes (a variable set to "" is left out)."""
    who = key or cloud.account.root_key()
    usual = {
        "CONCAT_BUCKET": cloud.bucket,
        "CONCAT_REGION": cloud.account.region,
        "CONCAT_SCHEME": "http",
        "CONCAT_CLEANUP": "keep",
        "TENCENT_SECRET_ID": who.secret_id,
        "TENCENT_SECRET_KEY": who.secret_key,
        "TENCENT_TOKEN": who.token,
    }
    return {name: value for name, value in {**usual, **changed}.items() if value}


def settings(cloud: LocalCloud, key: Key | None = None, /, **changed: str) -> Settings:
    """The settings that these variables make."""
    return read_settings(variables(cloud, key, **changed))


def look_and_plan(given: Settings, zips: Zips = ZIPS, /, **how: Any) -> Proposal:
    """What there is to do."""
    return propose(given, zips, Door(given), **how)


def deploy(given: Settings, zips: Zips = ZIPS, /, **how: Any) -> Proposal:
    """Look, plan and carry out, without waiting between looks; the proposal that was carried out."""
    door = Door(given)
    proposal = propose(given, zips, door, **how)
    assert proposal.plan.refusals == ()
    Executor(door, zips, pause=lambda _seconds: None).run(proposal.plan.steps)
    return proposal


def changes(proposal: Proposal) -> list[str]:
    """What is to be done, a line each."""
    return [f"{step.change} {step.thing}" for step in proposal.plan.changes]


def remove(given: Settings) -> None:
    """Carry a removal out."""
    door = Door(given)
    plan = plan_removal(given, look(door, given))
    Executor(door, ZIPS, pause=lambda _seconds: None).run(plan.steps)


def switch(given: Settings, *, on: bool) -> None:
    """Pause or resume."""
    door = Door(given)
    Executor(door, ZIPS).run(plan_switch(given, look(door, given), on=on).steps)


class Counted:
    """Counts the requests that reach the cloud; the one with number `at` is cut before or after it took effect."""

    def __init__(self, cloud: LocalCloud, at: int = 0, fault: Fault = "before") -> None:
        self.requests: list[str] = []
        self._at = at
        self._fault = fault
        services = [(accepts, self._watched(service)) for accepts, service in cloud.proxy.services]
        cloud.proxy.services = tuple(services)

    def _watched(self, service: Callable[[Request], Response]) -> Callable[[Request], Response]:
        def answer(request: Request) -> Response:
            action = request.headers.get("x-tc-action", "")
            self.requests.append(
                f"{request.host.partition('.')[0]} {action}"
                if action
                else f"{request.method} {request.host}{request.path}"
            )
            if len(self.requests) != self._at:
                return service(request)
            if self._fault == "after":
                service(request)
            raise ConnectionCut

        return answer


def state(cloud: LocalCloud) -> dict[str, Any]:
    """All that is deployed, as comparable values; numbers and addresses that are given out anew left out."""
    functions, roles = cloud.control.functions, cloud.control.roles
    return {
        "functions": {
            name: (
                each.handler,
                each.runtime,
                each.memory,
                each.seconds,
                each.role,
                _plain(each.environment),
                each.layers,
                each.tags,
                each.code.name,
                each.retries,
            )
            for name, each in sorted(functions.functions.items())
        },
        "layers": {
            name: [(v.version, v.folder.name, v.tags) for v in versions]
            for name, versions in functions.layers.items()
            if versions
        },
        "triggers": sorted(
            (t.function, t.kind, t.name, t.description, t.enabled) for t in cloud.control.triggers.triggers
        ),
        "roles": {name: (role.trust, role.attached, role.tags) for name, role in sorted(roles.roles.items())},
        "policies": {name: (each.document, each.tags) for name, each in sorted(roles.policies.items())},
        "lifecycle": cloud.store.bucket(cloud.bucket).lifecycle,
    }


def _plain(environment: Mapping[str, str]) -> dict[str, str]:
    """The variables; of a secret only that it is there."""
    return {name: "a secret" if "SECRET" in name else value for name, value in environment.items()}
