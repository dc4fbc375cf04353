"""Kill an instance at a chosen moment of its conversation with the cloud: before or after the n-th matching request."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from local.network.http import ConnectionCut, Request, Response, Service

if TYPE_CHECKING:
    from collections.abc import Callable

_SECRET_ID = re.compile(r"q-ak=([^&]*)")


Moment = Literal["before", "after"]


@dataclass
class _Plan:
    moment: Moment
    matches: Callable[[Request], bool]
    countdown: int


class Kills:
    """Wraps the services behind the proxy. `kill` is `Functions.kill`; a planned kill happens once."""

    def __init__(self) -> None:
        self.kill: Callable[[str], bool] = lambda _secret_id: False
        self.done = 0
        self._lock = threading.Lock()
        self._plans: list[_Plan] = []

    def plan(self, moment: Moment, matches: Callable[[Request], bool], nth: int = 1) -> None:
        """Kill -9 the instance that sends the `nth` request for which `matches` holds.

        "before": the request never reaches the service. "after": it takes effect and its answer is lost.
        """
        with self._lock:
            self._plans.append(_Plan(moment, matches, nth))

    def watched(self, service: Service) -> Service:
        """The service with the planned kills around it."""

        def serve(request: Request) -> Response:
            moments = self._due(request)
            if "before" in moments:
                self._kill(request)
            response = service(request)
            if "after" in moments:
                self._kill(request)
            return response

        return serve

    def _due(self, request: Request) -> set[Moment]:
        """Count the request down in every plan that it matches; the moments whose turn has come."""
        moments: set[Moment] = set()
        with self._lock:
            for plan in [each for each in self._plans if each.matches(request)]:
                plan.countdown -= 1
                if plan.countdown == 0:
                    moments.add(plan.moment)
                    self._plans.remove(plan)
        return moments

    def _kill(self, request: Request) -> None:
        """Kill the caller if it is an instance, and drop the connection; other clients are left alone."""
        found = _SECRET_ID.search(request.headers.get("authorization", ""))
        if found and self.kill(found[1]):
            with self._lock:
                self.done += 1
            raise ConnectionCut
