"""`cos-concat invoke`: one function on one event, in the running local cloud or in one of its own."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any

from cosconcat.errors import InvalidInput
from local.cloud import HANDLER, LAYER, LocalCloud
from local.commands.proof import client
from local.commands.samples import PATIENCE, Samples
from local.commands.up import A_WEEK, running
from local.scf.process import Instance
from local.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.commands.screen import Screen
    from local.scf.function import Function, Result


def invoke(screen: Screen, function: Function, event: object, called: str) -> Result:
    """Run one function on one event (`called` names it) and show its log and its result."""
    with contextlib.ExitStack() as opened:
        state = running()
        if state is None:
            quiet = Switches(lose_events=1.0, callbacks=0)  # nothing happens but what is asked for
            cloud = opened.enter_context(LocalCloud(switches=quiet))
            settings = cloud.functions.settings(function.name, A_WEEK)
            where = "a local cloud of its own (make up starts one that stays)"
            samples = Samples(client(cloud), cloud.environment, lambda: _sweep(cloud))
        else:
            settings = state["functions"].get(function.name)
            if settings is None:
                raise InvalidInput(
                    [f"the running local cloud has no function {function.name} (up --empty): end it first"]
                )
            where = f"the running local cloud, {state['proxy']}"
            samples = Samples(_client_of(state), settings["environment"])
        screen.title(f"{function.name} on {called}, in {where}")
        event = samples.fitted(function.name, event)
        instance = Instance(function, HANDLER, LAYER, settings["environment"])
        opened.callback(instance.close)
        result = instance.run(event, settings["context"], {"TRIGGER_SRC": "invoke"})
    for line in result.log.splitlines():
        screen.line("  " + screen.styled(line, "dim"))
    told = result.value if result.ok else {**result.value, "stackTrace": ""} if isinstance(result.value, dict) else None
    screen.line(json.dumps(told, indent=2, ensure_ascii=False))
    if not result.ok and isinstance(result.value, dict):
        screen.line(str(result.value["stackTrace"]))
    answered = result.value.get("statusCode") if result.ok and isinstance(result.value, dict) else None
    told = f", answered {answered}" if answered else ""
    screen.line(f"ran in {result.seconds:.2f} s{told}" if result.ok else f"{result.status} in {result.seconds:.2f} s")
    return result


def _sweep(cloud: LocalCloud) -> None:
    cloud.functions.invoke("sweep", {"Type": "Timer", "TriggerName": "invoke", "Time": "", "Message": ""})
    cloud.ci.wait_idle(PATIENCE)


def _client_of(state: Mapping[str, Any]) -> Any:
    """The SDK as a shell uses it that has the running cloud's exports."""
    from qcloud_cos import CosConfig, CosS3Client

    shell = state["shell"]
    config = CosConfig(
        Region=shell["COS_REGION"],
        SecretId=shell["COS_SECRET_ID"],
        SecretKey=shell["COS_SECRET_KEY"],
        Scheme="http",
        Proxies={"http": state["proxy"]},
    )
    return CosS3Client(config)
