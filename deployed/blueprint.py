"""What a deployment consists of: the one place for names, limits, triggers and tags.

`serverless.yml`, the local cloud and the table in docs/deploy-otherwise.md are compared with this by tests.
"""

from __future__ import annotations

import json
from typing import NamedTuple

APP = "cos-concat"
RUNTIME = "Python3.10"  # cannot be changed later: a function with another runtime is made anew
MEMORY_MB = 256  # 128 would hold it, but processing power grows with memory and a cold start is mostly imports
INIT_SECONDS = 30  # one import of the SDK, ten times over
SWEEP_MINUTES = 5
SWEEP_CRON = f"0 */{SWEEP_MINUTES} * * * * *"  # seconds first, seven fields (product/583/9708)
RETRIES, EVENT_SECONDS = 2, 21_600  # of asynchronous events (product/583/41138); the platform's own defaults
EXPIRE_DAYS = 7  # until a lifecycle rule removes what CONCAT_CLEANUP=expire tagged
QUALIFIER = "$DEFAULT"  # the alias that triggers are bound to
NAMESPACE = "default"
TRUST = {  # who may take the execution role: SCF, and nobody else (product/583/38176)
    "version": "2.0",
    "statement": [{"action": "name/sts:AssumeRole", "effect": "allow", "principal": {"service": ["scf.qcloud.com"]}}],
}


class FunctionSpec(NamedTuple):
    """One of the three functions; `seconds` is its time limit, far below CONCAT_LEASE_SECONDS (1200)."""

    key: str
    seconds: int
    description: str

    @property
    def handler(self) -> str:
        """File and function, as SCF names a handler."""
        return f"{self.key}.main_handler"


FUNCTIONS = (
    # The callback function comes first: its address belongs to the environment of the other two.
    FunctionSpec("callback", 300, "CI says that a job ended, verify, tag, clean up"),
    FunctionSpec("upload", 120, "a fragment arrived, submit the job once its group is whole"),
    FunctionSpec("sweep", 300, "finds what events and callbacks missed, and reports"),
)


class Trigger(NamedTuple):
    """A trigger of one function. `description` is the API's TriggerDesc (product/583/39901)."""

    function: str  # upload, callback or sweep
    kind: str  # cos, http or timer
    name: str
    description: str


def name(stage: str, function: str) -> str:
    """The name of a function, and of its role and its policy: `cos-concat-<stage>-<function>`."""
    return f"{APP}-{stage}-{function}"


def layer_name(stage: str) -> str:
    """The name of the dependency layer."""
    return f"{APP}-{stage}-layer"


def rule_name(stage: str) -> str:
    """The ID of the lifecycle rule; rules have no tags, so the ID is the mark of ours."""
    return f"{APP}-{stage}-expire"


def tags(stage: str) -> dict[str, str]:
    """The mark on everything that a deployment makes: what does not carry it is neither changed nor removed."""
    return {"app": APP, "stage": stage}


def cos_trigger(cos_host: str, prefix: str) -> Trigger:
    """Creations under `prefix`; the name of a COS trigger is the bucket's full domain."""
    wanted = {"event": "cos:ObjectCreated:*", "filter": {"Prefix": prefix, "Suffix": ""}}
    return Trigger("upload", "cos", cos_host, _compact(wanted))


def url_trigger() -> Trigger:
    """The function URL: CI cannot sign, so everybody may call; each job's address carries a MAC."""
    wanted = {"AuthType": "NONE", "NetConfig": {"EnableIntranet": False, "EnableExtranet": True}}
    return Trigger("callback", "http", "callback-url", _compact(wanted))


def timer_trigger() -> Trigger:
    """The sweep, every five minutes."""
    return Trigger("sweep", "timer", "every-five-minutes", SWEEP_CRON)


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
