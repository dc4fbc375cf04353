"""`cos-concat invoke`: one function on one event, in the running local cloud or in one of its own."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from local.cloud import HANDLER, LAYER, LocalCloud
from local.scf.process import Instance
from local.up import A_WEEK, running

if TYPE_CHECKING:
    from local.scf.function import Function
    from local.screen import Screen


def invoke(screen: Screen, function: Function, event: object, called: str) -> bool:
    """Run one function on one event (`called` names it) and show its log and its result; False when it failed."""
    with contextlib.ExitStack() as opened:
        state = running()
        if state is None:
            cloud = opened.enter_context(LocalCloud())
            settings = cloud.functions.settings(function.name, A_WEEK)
            where = "a local cloud of its own, empty (make up starts one that stays)"
        else:
            settings = state["functions"][function.name]
            where = f"the running local cloud, {state['proxy']}"
        screen.title(f"{function.name} on {called}, in {where}")
        instance = Instance(function, HANDLER, LAYER, settings["environment"])
        opened.callback(instance.close)
        result = instance.run(event, settings["context"], {"TRIGGER_SRC": "invoke"})
    for line in result.log.splitlines():
        screen.line("  " + screen.styled(line, "dim"))
    told = result.value if result.ok else {**result.value, "stackTrace": ""} if isinstance(result.value, dict) else None
    screen.line(json.dumps(told, indent=2, ensure_ascii=False))
    if not result.ok and isinstance(result.value, dict):
        screen.line(str(result.value["stackTrace"]))
    screen.line(f"{result.status} in {result.seconds:.2f} s")
    return result.ok
