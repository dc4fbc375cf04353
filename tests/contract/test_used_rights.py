"""Each function, under its own policy, uses every right that it has: what no run needs is granted to nobody."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any, Literal, get_args

import pytest

from cosconcat.cloud.bucket_settings import SettingsOverHttp
from cosconcat.cloud.ci import CiOverHttp
from cosconcat.cloud.cos import CosOverHttp
from cosconcat.config import Credentials
from cosconcat.errors import OutcomeUnknown
from cosconcat.functions.doctor import examine
from cosconcat.functions.status import handle_status
from cosconcat.model import Bucket, Job, JobPage
from deployed.policies import FUNCTIONS, Function, granting, needs, policy
from local.account import cam
from tests.support.desk import Altered, Desk
from tests.support.longer import one_in

Cleanup = Literal["delete", "trash", "expire", "keep"]
APART = {"CONCAT_OUTPUT_BUCKET": "out-1250000000", "CONCAT_STATE_BUCKET": "led-1250000000"}
LARGE = "above 5 GB"  # what is copied in parts: `test_least_privilege.py` shows that each of its calls needs its right
EXPIRING = {"concat-cleanup": "expire"}


class Roles:
    """A desk at which each function works with a key of its own; every right that a call demanded is written down."""

    def __init__(self, desk: Desk, patch: pytest.MonkeyPatch) -> None:
        self.desk = desk
        self.demanded: dict[str, list[cam.Demand]] = {function: [] for function in FUNCTIONS}
        self.ports: dict[str, tuple[CosOverHttp, CiOverHttp]] = {}
        self.working = ""
        allows = cam.allows

        def noted(document: Any, demand: cam.Demand) -> bool:
            if self.working:
                self.demanded[self.working].append(demand)
            return allows(document, demand)

        patch.setattr(cam, "allows", noted)
        config = desk.services.config
        for function in FUNCTIONS:
            key = desk.cloud.account.issue(function, policy(config, function))
            credentials = Credentials(key.secret_id, key.secret_key, key.token)
            self.ports[function] = CosOverHttp(config, credentials), CiOverHttp(config, credentials)

    @contextlib.contextmanager
    def at_work(self, function: Function, **changed: Any) -> Iterator[None]:
        """Within, calls are this function's."""
        cos, ci = self.ports[function]
        ports = {"cos": cos, "ci": Altered(ci, **changed) if changed else ci}
        with self.desk.instead(**ports):
            self.working = function
            try:
                yield
            finally:
                self.working = ""

    def unused(self, function: Function) -> list[tuple[str, str]]:
        """Rights of a function that no call demanded."""
        left = []
        for need in needs(self.desk.services.config, function):
            document = granting([need])
            if LARGE not in need.call and not any(cam.allows(document, demand) for demand in self.demanded[function]):
                left.append((need.action, need.call))
        return left


def misled(ci: CiOverHttp, seconds: float | None) -> dict[str, Any]:
    """CI's answers about jobs, which say that outputs are so long, or do not say it."""

    def changed(job: Job) -> Job:
        return job._replace(media=job.media and job.media._replace(duration=seconds))

    def job(bucket: Bucket, job_id: str) -> Job | None:
        found = ci.job(bucket, job_id)
        return found and changed(found)

    def jobs(bucket: Bucket, since: int, token: str = "") -> JobPage:
        page = ci.jobs(bucket, since, token)
        return page._replace(jobs=tuple(map(changed, page.jobs)))

    return {"job": job, "jobs": jobs}


def lives(roles: Roles, function: Function) -> None:
    """What brings the function through each of its calls: it finishes, gives up, and cleans up again."""
    desk, ci = roles.desk, roles.ports[function][1]
    for group, short in ((f"{function}-good", False), (f"{function}-bad", True)):
        piece = f"fragments/{group}.part1-of-1.mp4"
        desk.put(piece)
        with roles.at_work("upload"):
            desk.upload(piece)
        if short and desk.services.config.cleanup == "expire":  # left behind by an instance that died
            desk.cloud.store.tag(desk.cloud.bucket, piece, EXPIRING)
        assert desk.cloud.ci.wait_idle(20)
        event = desk.callback()
        desk.later(61)
        with roles.at_work(function, **misled(ci, 1.0 if short else None)):
            if function == "callback":
                desk.hear(event)
            elif function == "upload":
                desk.upload(piece)
            else:
                desk.sweep()
        if function != "callback" and not short:  # the same once more
            desk.put(piece)
            with roles.at_work(function):
                desk.upload(piece) if function == "upload" else desk.sweep()


def lost_answer(roles: Roles) -> None:
    """The answer to a POST is lost: the job is looked for; a result without records is known by its tags."""
    desk = roles.desk
    both: tuple[Function, ...] = ("upload", "sweep")
    for function in both:
        ci = roles.ports[function][1]

        def lost(bucket: Bucket, request: Any, ci: CiOverHttp = ci) -> Job:
            ci.submit(bucket, request)
            raise OutcomeUnknown("no answer")

        piece, strange = f"fragments/{function}-lost.part1-of-1.mp4", f"fragments/{function}-strange.part1-of-1.mp4"
        desk.put(piece)
        desk.put(strange)
        desk.cloud.store.put("out-1250000000", f"output/{function}-strange.mp4", b"somebody's")
        with roles.at_work(function, submit=lost):
            desk.upload(piece) if function == "upload" else desk.sweep()
        with roles.at_work(function):
            desk.upload(strange) if function == "upload" else desk.sweep()


@pytest.mark.parametrize("cleanup", one_in(4, get_args(Cleanup)))
def test_every_right_of_every_function_is_used(cleanup: Cleanup, monkeypatch: pytest.MonkeyPatch) -> None:
    """In each mode of clean-up, with assets and a watermark; nothing that a run did was refused."""
    settings = {**APART, "CONCAT_CLEANUP": cleanup, "CONCAT_CALLBACK_URL": "https://cb.example/done"}
    settings["CONCAT_JOBS_PER_HOUR"] = "1000"  # slots need no right of their own
    settings["CONCAT_CALLBACK_SECRET"] = "a secret of sixteen and more"
    with Desk(settings) as desk:
        for name in ("out-1250000000", "led-1250000000"):
            if name not in desk.cloud.store.buckets():
                desk.cloud.store.create_bucket(name, desk.cloud.account.region)
        roles = Roles(desk, monkeypatch)
        for function in FUNCTIONS:
            lives(roles, function)
        lost_answer(roles)
        with roles.at_work("sweep"):
            desk.put("fragments/asked.part1-of-1.mp4")
            desk.upload("fragments/asked.part1-of-1.mp4")
            handle_status(desk.services, "asked")
            key = desk.cloud.account.issue("sweep", policy(desk.services.config, "sweep"))
            examine(
                desk.services,
                SettingsOverHttp(desk.services.config, Credentials(key.secret_id, key.secret_key, key.token)),
            )
        left = {function: roles.unused(function) for function in FUNCTIONS}
    assert left == {function: [] for function in FUNCTIONS}, json.dumps(left, indent=1)
