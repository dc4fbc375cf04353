"""Groups of 5,000 fragments in a function of 256 MB: each in a process of its own, over HTTP, its peak read."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

import pytest

from local.cloud import LocalCloud
from local.switches import Switches

ROOT = Path(__file__).parents[2]
SIZE = 5000
MEMORY_MB = 256  # handler/serverless.yml
INVOKE = """
import importlib, json, sys
module, event = sys.argv[1], json.loads(sys.stdin.read())
answer = importlib.import_module(module).main_handler(event, {"time_limit_in_ms": 1500 * 1000})
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"answer": answer, "peak_mb": int(peak.split()[1]) / 1024}))
"""
LIST_JOBS = """
import json, os
from cosconcat.cloud.ci import CiOverHttp
from cosconcat.config import Config
from cosconcat.environment.reading import read_config, read_credentials
ci = CiOverHttp(read_config(os.environ), read_credentials(os.environ))
found, token = 0, ""
while True:
    page = ci.jobs(read_config(os.environ).bucket, 0, token)
    found, token = found + len(page.jobs), page.next_token
    if not token:
        break
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"jobs": found, "peak_mb": int(peak.split()[1]) / 1024}))
"""


def run(cloud: LocalCloud, code: str, *arguments: str, given: object = None, **changed: str) -> dict[str, object]:
    """A process with nothing but the functions' code; what it printed last."""
    key = cloud.account.root_key()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **cloud.environment,
        **cloud.shell_environment(),
        "TENCENTCLOUD_SECRETID": key.secret_id,
        "TENCENTCLOUD_SECRETKEY": key.secret_key,
        "PYTHONPATH": str(ROOT / "handler"),
        **changed,
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment, input=json.dumps(given), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return dict(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_groups_of_five_thousand_fit_into_the_memory_of_a_function() -> None:
    """The sweep that finds, submits and proves them, a callback, and a listing in which each job echoes them all."""
    settings = {
        "CONCAT_MAX_FRAGMENTS": str(SIZE),
        "CONCAT_LEASE_SECONDS": "2000",
        "CONCAT_CALLBACK_URL": "https://callback.example/",
        "CONCAT_CALLBACK_SECRET": "0123456789abcdef0123456789abcdef",
    }
    switches = Switches(join="bytes", lose_events=1.0, callbacks=0)
    with LocalCloud(environment=settings, switches=switches, functions=()) as cloud:
        for group in ("called", "swept"):
            for number in range(1, SIZE + 1):
                key = f"fragments/录像/{group}-{'x' * 60}.part{number}-of-{SIZE}.mp4"
                cloud.store.put(cloud.bucket, key, f"{key} ".encode() * 10)
        peaks = {}
        told = run(cloud, INVOKE, "sweep", given={"Type": "Timer"})
        peaks["sweep that submits"] = told["peak_mb"]
        assert cloud.ci.wait_idle(300)
        assert len(cloud.ci.jobs()) == 2
        told = run(cloud, INVOKE, "callback", given=_callback(cloud))
        peaks["callback"] = told["peak_mb"]
        assert '"statusCode": 200' in json.dumps(told["answer"])
        told = run(cloud, INVOKE, "sweep", given={"Type": "Timer"})
        peaks["sweep that proves"] = told["peak_mb"]
        assert cloud.store.keys(cloud.bucket, "fragments/") == []
        assert len(cloud.store.keys(cloud.bucket, "output/")) == 2
        print(peaks)  # noqa: T201  shown by -rP
        assert max(float(str(peak)) for peak in peaks.values()) < MEMORY_MB, peaks


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("most", ["100", str(SIZE)])
def test_a_listing_of_jobs_of_five_thousand_fragments_fits_into_the_memory_of_a_function(most: str) -> None:
    """Also where the configuration has been lowered since they were posted."""
    from cosconcat.cloud.ci import CiOverHttp
    from cosconcat.config import Config, Credentials
    from cosconcat.model import Bucket
    from tests.conformance.targets import concat

    switches = Switches(join="bytes", callbacks=0)
    with LocalCloud(switches=switches, functions=()) as cloud, pytest.MonkeyPatch.context() as patch:
        for name, value in cloud.shell_environment().items():
            patch.setenv(name, value)
        bucket, key = Bucket(cloud.bucket, cloud.account.region), cloud.account.root_key()
        ci = CiOverHttp(Config(bucket=bucket, scheme="http"), Credentials(key.secret_id, key.secret_key))
        keys = [f"fragments/{'x' * 120}.part{number}-of-{SIZE}.mp4" for number in range(1, SIZE + 1)]
        for number in range(40):
            ci.submit(bucket, concat(bucket, keys, f"output/{number}.mp4", str(number)))
        told = run(cloud, LIST_JOBS, CONCAT_MAX_FRAGMENTS=most)
        print(most, told)  # noqa: T201  shown by -rP
        assert told["jobs"] == 40
        assert float(str(told["peak_mb"])) < MEMORY_MB


def _callback(cloud: LocalCloud) -> dict[str, object]:
    """The HTTP event of the job of the group `called`."""
    job = next(job for job in cloud.ci.jobs() if "called" in job.operation.value("Output/Object"))
    address = unquote(job.request.value("CallBack"))
    query = dict(re.findall(r"[?&]([^=&]+)=([^&]*)", address))
    details = {"JobId": job.id, "State": job.state, "Operation": {"UserData": job.operation.value("UserData")}}
    return {
        "httpMethod": "POST", "path": "/", "headers": {}, "queryString": query,
        "body": json.dumps({"EventName": "TaskFinish", "JobsDetail": details}),
    }  # fmt: skip
