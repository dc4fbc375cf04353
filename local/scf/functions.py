"""The deployed functions: invoke them, queue events for them, and give them their triggers."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from local.scf.deliveries import Deliveries, Delivery
from local.scf.events import Shape, timer_event
from local.scf.function import Function, Invocation, Result
from local.scf.function_url import FunctionUrls, function_host
from local.scf.instances import Instances, Platform, StoppedError

if TYPE_CHECKING:
    from local.switches import Switches

Observer = Callable[[Invocation], None]


class Functions:
    """Functions on one platform. `observe` is called after every invocation, from the thread that made it."""

    def __init__(
        self,
        functions: Sequence[Function],
        platform: Platform,
        switches: Switches,
        *,
        environment: Mapping[str, str] | None = None,
        observe: Observer | None = None,
        url_shape: Shape = "documented",
    ) -> None:
        account = platform.account
        self.invocations: deque[Invocation] = deque(maxlen=10_000)
        self.observe = observe
        self.urls = FunctionUrls(lambda name, event: self.invoke(name, event, trigger="http"), shape=url_shape)
        self._switches = switches
        self._instances: dict[str, Instances] = {}
        self._deliveries: dict[str, Deliveries] = {}
        self._hosts = {each.name: function_host(account.appid, account.region, each.name) for each in functions}
        self._started, self._stopped = False, threading.Event()
        for each in functions:
            self.deploy(replace(each, environment={**(environment or {}), **each.environment}), platform)
            self.urls.open(self._hosts[each.name], each.name)

    @property
    def names(self) -> list[str]:
        """What is deployed."""
        return list(self._instances)

    def deploy(self, function: Function, platform: Platform) -> None:
        """Add a function, or put it in the place of the one of its name: what runs there ends, what waits stays."""
        former = self._instances.get(function.name)
        self._instances[function.name] = Instances(function, platform)
        if former is not None:
            former.retire()
            return
        deliveries = Deliveries(self._delivery(function.name), function.instances, lambda: self._switches.retry_seconds)
        self._deliveries[function.name] = deliveries
        if self._started:
            deliveries.start()

    def remove(self, name: str) -> None:
        """Take a function away; what waits for it is lost, what runs ends."""
        self._deliveries.pop(name).stop()
        self._instances.pop(name).retire()

    def start(self) -> None:
        """Begin to deliver asynchronous events. Instances start when they are first needed."""
        self._started = True
        for deliveries in self._deliveries.values():
            deliveries.start()

    def stop(self) -> None:
        """Stop delivering and kill every instance."""
        self._stopped.set()
        for deliveries in list(self._deliveries.values()):
            deliveries.stop()
        for instances in list(self._instances.values()):
            instances.close()

    def url(self, name: str) -> str:
        """The function's URL, as it would be in the cloud."""
        return f"http://{self._hosts[name]}/"

    def invoke(self, name: str, event: object, *, trigger: str = "invoke", attempt: int = 1) -> Result:
        """Run a function synchronously; never retried.

        Raises:
            KeyError: when no such function is deployed.
            StoppedError: when the platform has been stopped.
        """
        result = self._run(name, event, trigger)
        invocation = Invocation(name, trigger, event, result, attempt)
        self.invocations.append(invocation)
        if self.observe is not None:
            self.observe(invocation)
        return result

    def _run(self, name: str, event: object, trigger: str) -> Result:
        instances = self._instances[name]
        try:
            return instances.run(event, trigger=trigger)
        except StoppedError:
            if self._instances.get(name) in (None, instances):
                raise
            return self._run(name, event, trigger)  # deployed anew while this waited for a free instance

    def send(self, name: str, event: object, *, trigger: str, delay: float = 0) -> None:
        """Queue an event for a function, to be run after `delay` seconds and at most 3 times.

        Raises:
            EventTooLargeError: for an event over 128 KB.
        """
        self._deliveries[name].put(event, trigger=trigger, delay=delay)

    def settings(self, name: str, seconds: float) -> dict[str, dict[str, Any]]:
        """Environment and context for an instance that another process starts, with a key for so many seconds."""
        return self._instances[name].settings(seconds)

    def tick(self, name: str, message: str = "") -> None:
        """Fire the function's timer now."""
        self.send(name, timer_event(f"{name}-timer", message), trigger="timer")

    def every(self, seconds: float, name: str) -> None:
        """Fire the function's timer each `seconds` until the platform stops."""

        def fire() -> None:
            while not self._stopped.wait(seconds):
                self.tick(name)

        threading.Thread(target=fire, daemon=True).start()

    def wait_idle(self, timeout: float) -> bool:
        """Wait until no event is queued, running or waiting for a retry; False when `timeout` seconds passed first."""
        deadline = time.monotonic() + timeout
        waits = (each.wait_idle(max(0, deadline - time.monotonic())) for each in list(self._deliveries.values()))
        return all(waits)

    def dropped(self, name: str) -> list[Delivery]:
        """Events that failed three times."""
        return self._deliveries[name].dropped

    def kill(self, name: str = "", *, secret_id: str = "") -> bool:
        """Kill -9 what runs now: instances of `name`, or the one that signs with `secret_id`; whether any ran."""
        chosen = [each for own, each in self._instances.items() if name in ("", own)]
        killed = [each.kill(secret_id) for each in chosen]
        return any(killed)

    def _delivery(self, name: str) -> Callable[[Delivery], Result]:
        return lambda each: self.invoke(name, each.event, trigger=each.trigger, attempt=each.attempt)
