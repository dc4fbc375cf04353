"""Makes the calls of a plan, in order, and fills in what only an earlier answer tells.

It may be stopped after any call: nothing is undone, and the next run goes on from what it finds.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cosconcat.errors import ConcatError, Rejected
from cosconcat.model import Bucket
from deployed import blueprint
from ops.deployment import lifecycle
from ops.deployment.desired import ADDRESS_TO_COME, CODE_ZIP, LAYER_TO_COME, LAYER_ZIP
from ops.deployment.seen import SeenTrigger

if TYPE_CHECKING:
    from ops.deployment.door import Door
    from ops.deployment.steps.step import Call, Step

# Between two looks at a function that is being made or changed; in all three minutes, after which it is given up on.
PAUSES = (0.1, 0.2, 0.4, 0.8, *[1.5] * 119)
_CHANGES_A_FUNCTION = ("CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration")


class Zips(NamedTuple):
    """The two packages, as bytes."""

    code: bytes
    layer: bytes


class Executor:
    """Carries steps out; `tell` hears of each before and after. `pause` waits so many seconds."""

    def __init__(
        self,
        door: Door,
        zips: Zips,
        tell: Callable[[Step, str], None] = lambda _step, _state: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._door = door
        self._tell = tell
        self._pause = pause
        self._known: dict[str, object] = {
            CODE_ZIP: base64.b64encode(zips.code).decode(),
            LAYER_ZIP: base64.b64encode(zips.layer).decode(),
        }

    def run(self, steps: tuple[Step, ...]) -> None:
        """Carry out every step.

        Raises:
            ConcatError: of the first call that failed, naming it and how far it went.
        """
        wanted = [step for step in steps if step.calls]
        for number, step in enumerate(wanted):
            made: list[Call] = []
            try:
                self._tell(step, "begun")
                for call in step.calls:
                    self._make(call)
                    made.append(call)
                self._tell(step, "done")
            except ConcatError as failure:
                failure.args = (f"{step.change} {step.thing}: {failure}\n{_how_far(number, len(wanted), made)}",)
                raise
            except KeyboardInterrupt:
                raise KeyboardInterrupt(_how_far(number, len(wanted), made)) from None

    def _make(self, call: Call) -> None:
        if call.service == "cos":
            self._put_lifecycle(call.body)
        elif call.service == "ci":
            self._enable_media_processing(_bucket(call.body))
        else:
            answer = self._door.api(call.service, call.action, self._filled(call.body))
            self._learn(call, answer)

    def _enable_media_processing(self, bucket: Bucket) -> None:
        """One that is bound already, whose queue was not shown yet, is what is wanted (1045/33700)."""
        try:
            self._door.storage("ci", "POST", bucket, "/mediabucket")
        except Rejected as refusal:
            if refusal.code != "MediaBucketAlreadyBinded":
                raise

    def _learn(self, call: Call, answer: Mapping[str, Any]) -> None:
        """What later calls need to know: the layer's version, the function's address, that a function is ready."""
        if call.action == "PublishLayerVersion":
            self._known[LAYER_TO_COME] = int(answer["LayerVersion"])
        elif call.action == "ListTriggers":
            rows = answer.get("Triggers") or []
            seen = (
                SeenTrigger("http", "", str(r.get("TriggerDesc")), True, "") for r in rows if r.get("Type") == "http"
            )
            address = next((trigger.address for trigger in seen if trigger.address), "")
            if not address:
                raise Rejected("the function URL has no public address yet", status=200, code="NoAddress")
            self._known[ADDRESS_TO_COME] = address
        elif call.action in _CHANGES_A_FUNCTION:
            self._wait_until_ready(str(call.body["FunctionName"]))
        elif call.action == "DeleteFunction":
            self._wait_until_gone(str(call.body["FunctionName"]))

    def _wait_until_ready(self, name: str) -> None:
        """A function that is still being made or changed refuses the next change."""
        for seconds in PAUSES:
            found = self._door.api("scf", "GetFunction", {"FunctionName": name, "Namespace": blueprint.NAMESPACE})
            status = str(found.get("Status"))
            if status == "Active":
                return
            if status.endswith("Failed"):
                reasons = [str(one.get("ErrorMessage", "")) for one in found.get("StatusReasons") or []]
                why = "; ".join(filter(None, [str(found.get("StatusDesc") or ""), *reasons]))
                raise Rejected(f"function {name} is {status}: {why or 'no reason told'}", status=200, code=status)
            self._pause(seconds)
        raise Rejected(f"function {name} was not ready after {sum(PAUSES):.0f} s", status=200, code="NotReady")

    def _wait_until_gone(self, name: str) -> None:
        for seconds in PAUSES:
            try:
                self._door.api("scf", "GetFunction", {"FunctionName": name, "Namespace": blueprint.NAMESPACE})
            except Rejected as refusal:
                if refusal.code.startswith("ResourceNotFound"):
                    return
                raise
            self._pause(seconds)
        raise Rejected(f"function {name} was still there after {sum(PAUSES):.0f} s", status=200, code="NotGone")

    def _put_lifecycle(self, body: Mapping[str, object]) -> None:
        """Read the rules again and put in ours; nobody else's is touched."""
        bucket = _bucket(body)
        try:
            now = self._door.storage("cos", "GET", bucket, params={"lifecycle": ""})
        except Rejected as refusal:
            if refusal.code != "NoSuchLifecycleConfiguration":
                raise
            now = b""
        then = lifecycle.with_rule(now, str(body["ID"]), str(body["Rule"]))
        self._door.storage("cos", "PUT" if then else "DELETE", bucket, params={"lifecycle": ""}, body=then)

    def _filled(self, value: Any) -> Any:
        """A body with what has become known in place of the stand-ins."""
        if isinstance(value, Mapping):
            return {key: self._filled(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [self._filled(each) for each in value]
        return self._known.get(value, value) if isinstance(value, str) else value


def _how_far(steps: int, of: int, calls: Sequence[Call]) -> str:
    """What of a plan is done, the calls of the step that failed included, and how to go on."""
    begun = f", and of this one {', '.join(call.action for call in calls)}" if calls else ""
    done = f"{steps} of {of} steps are done{begun}" if steps or calls else "nothing was changed before it"
    return f"{done}; run the same again, it goes on there"


def _bucket(body: Mapping[str, object]) -> Bucket:
    return Bucket(str(body["Bucket"]), str(body["Region"]))
