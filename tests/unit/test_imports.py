"""What each kind of event imports: a cold start is mostly imports, and most events need none of the SDK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

from local.cloud import HANDLER, LAYER, LocalCloud
from local.scf.events import cos_record
from local.scf.instances import credentials, proxy_environment
from local.switches import Switches

HEAVY = {"qcloud_cos", "requests", "xmltodict", "urllib3", "xml.dom.minidom"}

# Modules imported for one event in a fresh process, over those of an interpreter that has read its event (json).
# Raised once, by 14, when 42 modules were sorted into 14 packages more.
# By 2 for submitting, when names were read by forms (expression) at a bounded cost (matcher).
BUDGET = {"ignored": 71, "waiting": 342, "submitting": 364}

RUN = """
import json, sys
event = json.load(sys.stdin)
before = set(sys.modules)
import upload
result = upload.main_handler(event, {"time_limit_in_ms": 120000, "request_id": "r"})
loaded = sorted(set(sys.modules) - before)
print(json.dumps({"actions": [one["action"] for one in result["results"]], "modules": loaded}))
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    """COS and CI, while no event reaches a function by itself."""
    with LocalCloud(switches=Switches(lose_events=1.0)) as running:
        running.store.put(running.bucket, "fragments/waits.part1-of-2.mp4", b"1")
        for number in (1, 2):
            for group in ("whole", "late"):
                running.store.put(running.bucket, f"fragments/{group}.part{number}-of-2.mp4", b"1")
        yield running


def imported(cloud: LocalCloud, key: str) -> dict[str, Any]:
    """What the upload function did and imported for one event, in a process of its own."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{HANDLER}:{LAYER}",
        "PYTHONDONTWRITEBYTECODE": "x",
        **cloud.environment,
        **proxy_environment(cloud.proxy.url),
        **credentials(cloud.account.issue("upload")),
    }
    record = cos_record(
        bucket=cloud.bucket,
        region=cloud.account.region,
        key=key,
        size=1,
        etag="0" * 32,
        event_name="cos:ObjectCreated:Put",
        time=0,
        function="upload",
        shape="observed",
    )
    command = [sys.executable, "-S", "-s", "-c", RUN]
    event = json.dumps({"Records": [record]})
    ran = subprocess.run(command, input=event, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize(
    ("kind", "key", "action"),
    [
        ("ignored", "elsewhere/a.part1-of-2.mp4", "ignored"),
        ("waiting", "fragments/waits.part1-of-2.mp4", "waiting"),
        ("submitting", "fragments/whole.part2-of-2.mp4", "submitted"),
    ],
)
def test_an_event_imports_no_more_than_its_budget(cloud: LocalCloud, kind: str, key: str, action: str) -> None:
    """Counted, so that it fails on any machine alike."""
    found = imported(cloud, key)
    assert found["actions"] == [action]
    assert len(found["modules"]) <= BUDGET[kind], "\n".join(found["modules"])


def test_an_ignored_event_ends_without_the_sdk(cloud: LocalCloud) -> None:
    """Nor anything else that is slow to import."""
    found = imported(cloud, "fragments/readme.txt")
    assert found["actions"] == ["ignored"]
    assert HEAVY & set(found["modules"]) == set()


# What an event of each kind must do without: ignored neither adapters nor groups, waiting nothing that submits, no job
# model, no CI, submitting nothing of what comes after it.
DOES_WITHOUT = {
    "elsewhere/a.part1-of-2.mp4": {
        "cosconcat.cloud.cos", "cosconcat.cloud.ci", "cosconcat.groups", "cosconcat.groups.survey",
        "cosconcat.protocol", "cosconcat.protocol.reconcile",
    },
    "fragments/waits.part1-of-2.mp4": {
        "cosconcat.cloud.ci", "cosconcat.job", "cosconcat.protocol.run", "cosconcat.protocol.content",
        "cosconcat.records", "cosconcat.records.ledger",
    },
    "fragments/late.part2-of-2.mp4": {
        "cosconcat.verification", "cosconcat.verification.commit", "cosconcat.verification.verify", "cosconcat.cleanup",
        "cosconcat.cleanup.finish", "cosconcat.job.refusals", "cosconcat.protocol.attempt",
    },
}  # fmt: skip


@pytest.mark.parametrize("key", DOES_WITHOUT)
def test_an_event_imports_of_ours_only_what_it_uses(cloud: LocalCloud, key: str) -> None:
    """Each name is that of a module that exists: one that is gone would never be imported."""
    for name in DOES_WITHOUT[key]:
        assert find_spec(name) is not None, name
    assert not set(imported(cloud, key)["modules"]) & DOES_WITHOUT[key]


def test_no_event_imports_what_the_functions_never_use(cloud: LocalCloud) -> None:
    """Neither the heaviest dependency of the SDK nor anything of the desk or the tests."""
    found = imported(cloud, "fragments/whole.part1-of-2.mp4")
    roots = {name.partition(".")[0] for name in found["modules"]}
    assert roots & {"Crypto", "local", "ops", "pytest", "moto", "boto3", "setuptools"} == set()
