"""A function invoked in a process of its own, with nothing but its code, against a local cloud over HTTP."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

from local.ci.jobs import Job
from local.cloud import LocalCloud

HANDLER = Path(__file__).parents[2] / "handler"
PEAK = """
import json
peak = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(json.dumps({"answer": answer, "peak_mb": int(peak.split()[1]) / 1024}))
"""
INVOKE = """
import importlib, json, sys
event = json.loads(sys.stdin.read())
answer = importlib.import_module(sys.argv[1]).main_handler(event, {"time_limit_in_ms": 900 * 1000})
"""


class Invocation(NamedTuple):
    """What came of it: the answer, the most memory that the process took (MB), and its lines in the log."""

    answer: Any
    peak_mb: float
    log: list[dict[str, Any]]


def run(
    cloud: LocalCloud, code: str, *arguments: str, given: object = None, handler: Path = HANDLER, **changed: str
) -> Invocation:
    """Run a piece of Python that leaves an `answer`, with the functions' code from `handler` and changed variables."""
    key = cloud.account.root_key()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        **cloud.environment,
        **cloud.shell_environment(),
        "TENCENTCLOUD_SECRETID": key.secret_id,
        "TENCENTCLOUD_SECRETKEY": key.secret_key,
        "PYTHONPATH": str(handler),
        "PYTHONDONTWRITEBYTECODE": "1",
        **changed,
    }
    done = subprocess.run(
        [sys.executable, "-c", code + PEAK, *arguments],
        env=environment, input=json.dumps(given), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    *logged, told = (json.loads(line) for line in done.stdout.splitlines())
    return Invocation(told["answer"], told["peak_mb"], logged)


def invoke(cloud: LocalCloud, module: str, event: object, handler: Path = HANDLER, **changed: str) -> Invocation:
    """A function's `main_handler`."""
    return run(cloud, INVOKE, module, given=event, handler=handler, **changed)


def callback_of(job: Job) -> dict[str, object]:
    """The HTTP event by which CI tells of a job, at the address that was posted with it."""
    query = dict(re.findall(r"[?&]([^=&]+)=([^&]*)", unquote(job.request.value("CallBack"))))
    details = {"JobId": job.id, "State": job.state, "Operation": {"UserData": job.operation.value("UserData")}}
    return {
        "httpMethod": "POST", "path": "/", "headers": {}, "queryString": query,
        "body": json.dumps({"EventName": "TaskFinish", "JobsDetail": details}),
    }  # fmt: skip
