"""Virtual time, a seeded scheduler, and what can go wrong at every port call.

Every function invocation is a greenlet. It runs until it calls a port; there the world puts it to sleep for a drawn
latency and wakes whoever is due next, so every port call is a point where other actors may come in between. Users,
timers and CI's own work are plain callbacks at points in virtual time. One seed decides everything.
"""

from __future__ import annotations

from bisect import bisect
from collections import Counter
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import accumulate
from typing import Any, TypeVar

from greenlet import getcurrent, greenlet

from cosconcat.errors import OutcomeUnknown, ServiceUnavailable, TimedOut
from tests.simulation.chance import Chance
from tests.simulation.models.trace import brief
from tests.simulation.plan import CALL_FAULTS, Plan

EPOCH = 1_790_000_000  # start of virtual time, seconds
LATENCIES = (0.01,) * 4 + (0.02,) * 4 + (0.05,) * 4 + (0.1,) * 2 + (0.4, 2.0)  # seconds of an ordinary request
HANG_SECONDS, HANGS = 25.0, {"GET videoinfo": 65.0, "COPY": 125.0}  # what a call may take
LEAST_SECONDS, RESERVE_SECONDS = 2.0, 2.0  # less is left: not begun; it ends so long before the time limit
T = TypeVar("T")


class Killed(BaseException):
    """Unwinds a greenlet whose instance is gone; production code cannot catch it by `except Exception`."""


class Violation(AssertionError):  # noqa: N818 - the simulator's own word for what it looks for
    """A promise was broken; the message says which."""


class Actor:
    """One running invocation: until when it may run, and what it was shown (the last HEAD of each key)."""

    __slots__ = ("body", "deadline", "failed", "finished", "gone", "name", "seen", "skew", "unseen")

    def __init__(self, name: str, deadline: float, skew: float) -> None:
        self.name = name
        self.deadline = deadline  # virtual time at which the platform kills it
        self.skew = skew  # its local clock less the service's
        self.gone = False
        self.finished = False  # came to its own end
        self.failed = False  # which was a failure, for now
        self.unseen: set[str] = set()  # keys that it has tagged, and had no answer to a HEAD of since
        self.seen: dict[str, float] = {}  # key -> time of the last HEAD that this actor was given
        self.body: greenlet | None = None


class World:
    """Time, actors, faults, trace. The models of COS, CI and SCF act through it."""

    def __init__(
        self, plan: Plan, *, trace: bool = False, masked: frozenset[int] = frozenset(), chance: Chance | None = None
    ) -> None:
        self.plan = plan
        self.streams = chance or Chance(plan.seed)
        self.now = float(EPOCH)
        self.calm = False  # once true, nothing fails any more
        self.actor: Actor | None = None
        self.calls = 0
        self.failure = ""
        self.crash: BaseException | None = None
        self.trace: list[str] | None = [] if trace else None
        self.injected: Counter[str] = Counter()
        self.reached: Counter[str] = Counter()  # protocol states
        self.on_moment: Callable[[str, str], None] | None = None  # told of (what, key) while somebody waits for it
        self.masked = masked  # numbers of the faults that do not happen (for the shrinker)
        self.drawn = 0  # faults drawn so far
        self._schedule = self.streams.stream("schedule", 1).random
        self.chance = self.streams.stream("chance", 2)
        self._fault = self.chance.random
        self._heap: list[tuple[float, int, Any]] = []
        self._ticket = 0
        self._hub = getcurrent()
        self._actors: set[Actor] = set()
        self._throttled_until = 0.0
        self.strain: Callable[[str, str], str] | None = None  # what lasts: the fault of a call, or none
        self.heed()

    def heed(self) -> None:
        """Take the probabilities of the plan's faults at calls as they are now."""
        self._names = [name for name in CALL_FAULTS if self.plan.faults[name]]
        self._bounds = list(accumulate(self.plan.faults[name] for name in self._names))
        self._total = self._bounds[-1] if self._bounds else 0.0

    # -- time -------------------------------------------------------------------------------------------------------

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Run `action` at virtual time `moment`."""
        self._ticket += 1
        heappush(self._heap, (moment, self._ticket, action))

    def after(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` in so many virtual seconds."""
        self.at(self.now + seconds, action)

    def run(self, until: float) -> None:
        """Let everything happen that is due up to virtual time `until`.

        Raises:
            Violation: when a promise was broken on the way.
        """
        heap = self._heap
        while heap and heap[0][0] <= until and not self.failure:
            moment, _, what = heappop(heap)
            if moment > self.now:
                self.now = moment
            if isinstance(what, Actor):
                self._resume(what)
            else:
                what()
            if self.failure:
                break
        if self.failure:
            raise Violation(self.failure)
        self.now = max(self.now, until)

    @property
    def busy(self) -> bool:
        """Whether some invocation still runs."""
        return bool(self._actors)

    @property
    def busy_until(self) -> float:
        """When the last of the invocations that run now has ended, at the latest; now, when none runs."""
        return max((self.now, *(actor.deadline for actor in self._actors)))

    @property
    def next_moment(self) -> float | None:
        """When the next thing is due."""
        return self._heap[0][0] if self._heap else None

    # -- actors -----------------------------------------------------------------------------------------------------

    def spawn(self, name: str, limit: float, skew: float, body: Callable[[Actor], None]) -> None:
        """Start an invocation: `body` in a greenlet of its own, killed after `limit` seconds."""
        actor = Actor(name, self.now + limit, skew)
        actor.body = greenlet(body, self._hub)
        self._actors.add(actor)
        self._resume(actor, actor)

    def _resume(self, actor: Actor, *first: Actor) -> None:
        assert actor.body is not None
        self.actor = actor
        actor.body.switch(*first)
        self.actor = None
        if actor.body.dead:
            actor.finished = not actor.gone
            self._actors.discard(actor)

    def close(self) -> None:
        """Unwind the greenlets that were left in the middle."""
        for actor in list(self._actors):
            actor.gone = True
            if actor.body is not None and not actor.body.dead:
                self.actor = actor
                actor.body.switch()
        self._actors.clear()
        self._heap.clear()

    def fail(self, message: str) -> None:
        """Record that a promise was broken and stop whoever is running."""
        if not self.failure:
            self.failure = message
            self.say(f"VIOLATION: {message}")
        if self.actor is not None:
            raise Killed

    def say(self, line: str) -> None:
        """Write a line of the trace, when there is one."""
        if self.trace is not None:
            name = self.actor.name if self.actor else "-"
            self.trace.append(f"{self.now - EPOCH:10.2f}  {name:<14} {line}")

    # -- faults -----------------------------------------------------------------------------------------------------

    def happens(self, fault: str) -> bool:
        """Whether this fault happens here and now; counted, and numbered so that it can be masked."""
        probability = self.plan.faults[fault]
        if not probability or self.calm or self._fault() >= probability:
            return False
        return self._counted(fault)

    def _at_call(self, *, repeatable: bool) -> str:
        """The fault that happens to this call, or none; `repeatable`: the adapter may send it again by itself."""
        drawn = self._fault()
        if drawn < self._total:
            fault = self._names[bisect(self._bounds, drawn)]
            if (fault != "repeated" or repeatable) and self._counted(fault):
                return fault
        return self._throttling() if self.plan.faults["throttled"] else ""

    def _throttling(self) -> str:
        """As if it were down, for most calls while the service refuses to be asked so often."""
        if self.now >= self._throttled_until and self.happens("throttled"):
            self._throttled_until = self.now + 10.0 + 110.0 * self._fault()
        return "down" if self.now < self._throttled_until and self._fault() < 0.8 else ""

    def _hanging(self, actor: Actor, kind: str, name: str) -> float:
        """Seconds until a call that hangs is cut off by its bounds, or a moment before the time limit.

        Raises:
            ServiceUnavailable: it could not end in time, so it is not begun.
        """
        left = actor.deadline - RESERVE_SECONDS - self.now
        if left < LEAST_SECONDS:
            raise ServiceUnavailable(f"{kind} {name}: not enough time left")
        return min(left, HANGS.get(kind, HANG_SECONDS))

    def _counted(self, fault: str) -> bool:
        self.drawn += 1
        if self.drawn in self.masked:
            return False
        self.injected[fault] += 1
        return True

    def call(
        self,
        kind: str,
        name: str,
        effect: Callable[[], T],
        *,
        writes: bool = False,
        once: bool = False,
        again: bool = True,
    ) -> T:
        """One request of the running actor: sleep, perhaps fail, take effect, perhaps lose the answer.

        `once` marks the request that must not be repeated: its failure is `OutcomeUnknown`. `again` tells whether the
        adapter repeats it by itself.
        """
        actor = self.actor
        self.calls += 1
        if actor is None:
            return effect()
        if actor.gone or self.failure:
            raise Killed
        fault = "" if self.calm else self._at_call(repeatable=again and not once)
        if self.strain is not None:
            fault = self.strain(kind, name) or fault
        delay = LATENCIES[int(self._schedule() * 16)]
        if once and self.happens("post-lost"):
            fault = ("kill-after", "lost-answer", "late", "kill", "down", "lost-answer")[int(self._schedule() * 6)]
        if fault == "stall" or (once and self.happens("post-slow")):
            delay += 800.0 * self._schedule()
        if fault == "hang":
            delay = self._hanging(actor, kind, name)
        if not self._sleep(actor, delay):
            if writes and self._schedule() < 0.5:
                effect()
            actor.gone = True
            self.injected["time-limit"] += 1
            self.say(f"{kind} {name}: killed at its time limit")
            raise Killed
        if not fault or fault == "stall":
            result = effect()
            if self.trace is not None:
                self.say(f"{kind} {name} -> {brief(result)}")
            return result
        return self._failing(actor, fault, kind, name, effect, writes, once)

    def _failing(
        self, actor: Actor, fault: str, kind: str, name: str, effect: Callable[[], T], writes: bool, once: bool
    ) -> T:
        """The same request when it was drawn to fail."""
        self.injected[f"at {kind}"] += 1
        self.say(f"{kind} {name}: {fault.upper()}")
        if fault == "repeated":
            return self._repeated(actor, kind, name, effect, writes)
        if fault == "no-effect" and not once:
            raise ServiceUnavailable(f"{kind} {name}: HTTP 302, which is no success")
        heard = fault == "lost-answer" or (fault == "hang" and self._schedule() < 0.5)
        if fault == "kill-after" or (heard and writes):
            effect()
        elif fault == "late" and writes:
            self.after(60.0 * self._schedule(), lambda: self._land(kind, name, effect))
        if fault in {"kill", "kill-after"}:
            actor.gone = True
            raise Killed
        if once:
            raise OutcomeUnknown(f"{kind} {name}: no answer")
        raise (TimedOut if fault == "hang" else ServiceUnavailable)(f"{kind} {name}: no answer")

    def _repeated(self, actor: Actor, kind: str, name: str, effect: Callable[[], T], writes: bool) -> T:
        """The answer was lost and the adapter sent the request again, as the SDK does: two effects."""
        if writes:
            effect()
            if not self._sleep(actor, 1.0 + 24.0 * self._schedule()):
                actor.gone = True
                raise Killed
        result = effect()
        self.say(f"{kind} {name}, sent again -> {brief(result)}")
        return result

    def _land(self, kind: str, name: str, effect: Callable[[], Any]) -> None:
        """A request whose sender has long given up takes effect."""
        self.say(f"{kind} {name} takes effect, late")
        try:
            effect()
        except Exception as error:  # noqa: BLE001 - nobody is left to hear it
            self.say(f"{kind} {name}: {error}")

    def _sleep(self, actor: Actor, delay: float) -> bool:
        """Let the others run; False when the actor's time limit comes first."""
        wake = self.now + delay
        alive = wake < actor.deadline
        if not alive:
            wake = max(actor.deadline, self.now)
        heap = self._heap
        if heap and heap[0][0] <= wake:
            self._ticket += 1
            heappush(heap, (wake, self._ticket, actor))
            self._hub.switch()
            self.actor = actor
            if actor.gone or self.failure:
                raise Killed
        else:
            self.now = wake
        return alive
