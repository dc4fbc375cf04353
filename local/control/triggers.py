"""What makes deployed functions run: COS events, timers, function URLs, as the API makes, changes and removes them."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.network.http import Refusal
from local.scf.cos_trigger import CosTrigger, Filter
from local.scf.events import Json, timer_event
from local.scf.function_url import function_host

if TYPE_CHECKING:
    from local.account.account import Account
    from local.control.deployed import FunctionsApi
    from local.cos.store import Store
    from local.cos.versions import ObjectEvent
    from local.scf.functions import Functions
    from local.switches import Switches

Body = Mapping[str, Any]
Answer = dict[str, Any]
MOST_OF_A_KIND = 10  # triggers of one kind on a function, and of COS on a bucket (product/583/11637)
CRON_FIELDS = 7
_PREFIX, _SUFFIX = "Prefix", "Suffix"


@dataclass
class Trigger:
    """One trigger; `cos` is what listens for a COS trigger."""

    function: str
    kind: str
    name: str
    description: str
    qualifier: str
    enabled: bool
    argument: str = ""
    cos: CosTrigger | None = None
    bound: Filter | None = None


class TriggersApi:
    """The actions on triggers, wired to the store, the functions and their addresses."""

    def __init__(
        self, account: Account, store: Store, running: Functions, functions: FunctionsApi, switches: Switches
    ) -> None:
        self.triggers: list[Trigger] = []
        self._account = account
        self._store = store
        self._running = running
        self._functions = functions
        self._switches = switches
        self._stopped = threading.Event()
        store.subscribe(self._object_event)

    def knows(self, action: str) -> bool:
        """Whether an action is one of these."""
        return action in _METHODS

    def answer(self, action: str, body: Body) -> Answer:
        """The content of the answer to one action."""
        method: Callable[[Body], Answer] = getattr(self, _METHODS[action])
        return method(body)

    def fire_timers(self) -> None:
        """Every timer that is on fires now."""
        for each in self.triggers:
            if each.kind == "timer" and each.enabled:
                self._running.send(each.function, timer_event(each.name, each.argument), trigger="timer")

    def fire_every(self, seconds: float) -> None:
        """Fire the timers each `seconds`, whatever their expressions say, until stopped."""

        def fire() -> None:
            while not self._stopped.wait(seconds):
                self.fire_timers()

        threading.Thread(target=fire, daemon=True).start()

    def stop(self) -> None:
        """No timer fires any more."""
        self._stopped.set()

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no event waits to be merged with others; False when `timeout` seconds passed first."""
        return all(each.cos.wait_idle(timeout) for each in self.triggers if each.cos)

    def forget(self, function: str) -> None:
        """The function is gone, and its triggers with it."""
        for each in [each for each in self.triggers if each.function == function]:
            self._remove(each)

    def _object_event(self, event: ObjectEvent) -> None:
        for each in self.triggers:
            if each.cos and each.enabled:
                each.cos(event)

    def _create(self, body: Body) -> Answer:
        function = self._functions.get(body)
        kind, name = body["Type"], body["TriggerName"]
        of_a_kind = [each for each in self.triggers if each.function == function.name and each.kind == kind]
        if any(each.name == name for each in of_a_kind) or (kind == "http" and of_a_kind):
            raise Refusal(200, "ResourceInUse.Trigger", f"{function.name} has the {kind} trigger {name}")
        if len(of_a_kind) >= MOST_OF_A_KIND:
            raise Refusal(200, "LimitExceeded.Trigger", f"{function.name} has {MOST_OF_A_KIND} {kind} triggers")
        made = Trigger(
            function.name,
            kind,
            name,
            body.get("TriggerDesc", ""),
            body.get("Qualifier", "$LATEST"),
            body.get("Enable", "CLOSE") == "OPEN",
            body.get("CustomArgument", ""),
        )
        self._wire(made)
        self.triggers.append(made)
        return {"TriggerInfo": self._shown(made)}

    def _wire(self, made: Trigger) -> None:
        """Connect a trigger to what it hears.

        Raises:
            Refusal: its kind cannot be created (any more), its description is wrong, or it collides with another.
        """
        if made.kind == "cos":
            made.bound = self._filter(made)

            def send(event: Json, delay: float) -> None:
                self._running.send(made.function, event, trigger="cos", delay=delay)

            made.cos = CosTrigger(made.function, made.bound, send, self._switches)
        elif made.kind == "timer":
            cron = str(_object(made.description).get("cron") or made.description)
            if len(cron.split()) != CRON_FIELDS:
                raise Refusal(200, "InvalidParameterValue.TriggerDesc", f"cron {cron!r}: seven fields are needed")
            made.description = json.dumps({"cron": cron})
        elif made.kind == "http":
            self._open_address(made)
        else:
            told = f"triggers of type {made.kind} cannot be created here; cos, timer and http can"
            raise Refusal(200, "InvalidParameterValue.Type", told)

    def _filter(self, made: Trigger) -> Filter:
        bucket, _, rest = made.name.partition(".cos.")
        if rest != f"{self._account.region}.myqcloud.com" or self._store.buckets().get(bucket) != self._account.region:
            told = f"TriggerName {made.name!r} is not the domain of a bucket in {self._account.region}"
            raise Refusal(200, "InvalidParameterValue.TriggerName", told)
        content = _object(made.description)
        if not isinstance(content.get("event"), str):
            raise Refusal(200, "InvalidParameterValue.TriggerDesc", "a COS trigger's TriggerDesc needs an event")
        narrow = content.get("filter") or {}
        bound = Filter(bucket, narrow.get(_PREFIX, ""), narrow.get(_SUFFIX, ""), content["event"])
        for other in self.triggers:
            if other.bound and _collide(bound, other.bound):
                told = f"{other.function} hears these events of {bucket} already ({other.bound.prefix!r})"
                raise Refusal(200, "InvalidParameterValue.CosNotifyRuleConflict", told)
        return bound

    def _open_address(self, made: Trigger) -> None:
        wanted = _object(made.description)
        if wanted.get("AuthType") not in ("NONE", "CAM"):
            raise Refusal(200, "InvalidParameterValue.TriggerDesc", "AuthType must be NONE or CAM")
        host = function_host(self._account.appid, self._account.region, made.function)
        net = {"EnableIntranet": False, "EnableExtranet": False, **(wanted.get("NetConfig") or {})}
        net |= {"ExtranetUrl": f"http://{host}" if net["EnableExtranet"] else ""}  # this cloud speaks http alone
        made.description = json.dumps({"AuthType": wanted["AuthType"], "NetConfig": net})
        if net["EnableExtranet"] and made.enabled:
            self._running.urls.open(host, made.function)
        else:
            self._running.urls.close(host)

    def _update(self, body: Body) -> Answer:
        found = self._find(body)
        if found.kind == "cos":
            raise Refusal(200, "InvalidParameterValue.Type", "UpdateTrigger is for timer, ckafka and http")
        before = (found.description, found.enabled)
        found.description = body.get("TriggerDesc", found.description)
        found.enabled = body.get("Enable", "OPEN") == "OPEN"
        try:
            self._wire(found)
        except Refusal:
            found.description, found.enabled = before
            raise
        return {}

    def _switch(self, body: Body) -> Answer:
        found = self._find(body)
        if found.kind not in ("cos", "timer"):
            raise Refusal(200, "InvalidParameterValue.Type", "UpdateTriggerStatus is for timer, cos and ckafka")
        if found.kind == "cos" and "TriggerDesc" not in body:
            raise Refusal(200, "InvalidParameterValue.TriggerDesc", "TriggerDesc is required for a COS trigger")
        found.enabled = body["Enable"] == "OPEN"
        return {}

    def _delete(self, body: Body) -> Answer:
        found = self._find(body)
        if found.kind == "cos" and "TriggerDesc" not in body:
            raise Refusal(200, "InvalidParameterValue.TriggerDesc", "TriggerDesc is required for a COS trigger")
        self._remove(found)
        return {}

    def _list(self, body: Body) -> Answer:
        function = self._functions.get(body).name
        found = [self._shown(each) for each in self.triggers if each.function == function]
        start = body.get("Offset", 0)
        return {"TotalCount": len(found), "Triggers": found[start : start + body.get("Limit", 20)]}

    def _find(self, body: Body) -> Trigger:
        function = self._functions.get(body).name
        for each in self.triggers:
            if (each.function, each.kind, each.name) == (function, body["Type"], body["TriggerName"]):
                if body.get("Qualifier", "$LATEST") != each.qualifier:
                    raise Refusal(200, "ResourceNotFound.Qualifier", f"{each.name} is bound to {each.qualifier}")
                return each
        told = f"{function} has no {body['Type']} trigger {body['TriggerName']!r}"
        raise Refusal(200, "ResourceNotFound.Trigger", told)

    def _remove(self, gone: Trigger) -> None:
        self.triggers.remove(gone)
        if gone.kind == "http":
            self._running.urls.close(function_host(self._account.appid, self._account.region, gone.function))

    def _shown(self, trigger: Trigger) -> Answer:
        return {
            "TriggerName": trigger.name,
            "Type": trigger.kind,
            "TriggerDesc": trigger.description,
            "Enable": int(trigger.enabled),
            "Qualifier": trigger.qualifier,
            "CustomArgument": trigger.argument,
            "AvailableStatus": "Available",
        }


_METHODS = {
    "CreateTrigger": "_create",
    "UpdateTrigger": "_update",
    "UpdateTriggerStatus": "_switch",
    "DeleteTrigger": "_delete",
    "ListTriggers": "_list",
}


def _collide(one: Filter, other: Filter) -> bool:
    """Whether two rules of one bucket could both hold for an event (583/39901: prefix and suffix both overlap)."""
    families = [each.events.removesuffix("*") for each in (one, other)]
    return (
        one.bucket == other.bucket
        and _either(families[0], families[1], str.startswith)
        and _either(one.prefix, other.prefix, str.startswith)
        and _either(one.suffix, other.suffix, str.endswith)
    )


def _either(one: str, other: str, relation: Callable[[str, str], bool]) -> bool:
    return relation(one, other) or relation(other, one)


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
