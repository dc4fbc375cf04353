"""The reference model of SCF: several instances at once, a time limit, asynchronous retries, events 0 to n times.

COS events come late, twice, merged, reordered or never; a failed asynchronous invocation is repeated twice, a minute
apart; an HTTP invocation is not. The code under test is called as it is; only its ports and its clock are models.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cosconcat.config import Config
from cosconcat.errors import ConcatError, InvalidInput, ServiceUnavailable, TryAgain
from cosconcat.events.callback import Message
from cosconcat.events.cos import Upload
from cosconcat.functions.callback import handle_messages
from cosconcat.functions.retry import handle_retry
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.functions.upload import handle_uploads
from cosconcat.services import Services, no_notification
from tests.simulation.models.jobs import CiModel, Work
from tests.simulation.models.objects import CosModel
from tests.simulation.models.world import Actor, Killed, World

RETRIES = 2  # of a failed asynchronous invocation; SCF, error types and retry policies
RETRY_SECONDS = 60.0


class InstanceClock:
    """The local clock of one instance: off by minutes in some schedules, and running at its own pace."""

    __slots__ = ("world",)

    def __init__(self, world: World) -> None:
        self.world = world

    def now(self) -> float:
        """Seconds since the epoch, as this instance believes."""
        actor = self.world.actor
        return self.world.now + (actor.skew if actor else 0.0)


class Functions:
    """Invokes the use cases."""

    def __init__(self, world: World, config: Config, cos: CosModel, ci: CiModel) -> None:
        self.world = world
        self.config = config
        self.cos = cos
        self.ci = ci
        self.clock = InstanceClock(world)
        self.actions: Counter[str] = Counter()
        self.on_retry: Callable[[str], Callable[[str], None]] = lambda group: lambda action: None
        self.waiting: list[Upload] = []  # records that will be merged into the next event
        self.reports: list[Any] = []
        self.told: dict[tuple[str, int], str] = {}  # what the receiver of notifications heard of each content
        self.others: list[Config] = []  # settings that instances may have as well, while things go wrong
        self._numbers: Counter[str] = Counter()
        self._nonces = 0
        ci.call_back = self.job_ended

    # -- what invokes them --------------------------------------------------------------------------------------------

    def uploaded(self, key: str) -> None:
        """COS tells of a new object, or does not."""
        world, chance = self.world, self.world.chance.random
        if world.happens("event-lost"):
            return
        told = int(world.now) if self.config.completion == "gap" and int(world.now) % 2 else 0
        record = Upload(self.config.bucket.name, self.config.bucket.region, key, "cos:ObjectCreated:Put", told)
        for _ in range(1 + (world.chance.choice((1, 1, 2)) if world.happens("event-again") else 0)):
            if world.happens("event-merged"):
                self.waiting.append(record)
                continue
            records = [*self.waiting, record]
            self.waiting.clear()
            delay = chance() ** 2 * 2.0 + (1200.0 * chance() if world.happens("event-slow") else 0.0)
            world.after(delay, self._invoking("upload", handle_uploads, records, RETRIES))

    def job_ended(self, work: Work) -> None:
        """CI calls back 0 to n times; the timer may fire in that very moment."""
        world = self.world
        if world.happens("sweep-races"):
            world.after(2.0 * world.chance.random(), self.sweep)
        if not self.config.callback_url or world.happens("callback-lost"):
            return
        first = world.chance.random() ** 3 * 300.0
        for number in range(1 + (world.chance.randint(1, 3) if world.happens("callback-again") else 0)):
            burst = number and world.chance.random() < 0.6  # mostly at once, so that several judge one job
            world.after(
                first + 0.5 * world.chance.random()
                if burst
                else first
                if not number
                else world.chance.random() * 300.0,
                self._invoking("callback", handle_messages, [self._message(work)], 0),
            )

    def forge(self) -> None:
        """Somebody else says that a job has ended; at best with a signature that was seen on the wire."""
        world = self.world
        if world.calm or not self.ci.work or not world.happens("callback-forged"):
            return
        work = world.chance.choice(list(self.ci.work.values()))
        message = self._message(work)
        kind = world.chance.randrange(4)
        if kind == 0:
            message = replace(message, signature="0" * 64)
        elif kind == 1:
            message = replace(message, state=world.chance.choice(("Success", "Failed", "Cancel")))
        elif kind == 2:
            message = replace(message, job_id="j" + "f" * 32)
        else:
            other = world.chance.choice(list(self.ci.work.values()))
            message = replace(message, job_id=other.id, state="Success")
        world.say(f"somebody forges: job {message.job_id[-4:]} {message.state}")
        world.after(0.01, self._invoking("callback", handle_messages, [message], 0))

    def sweep(self) -> None:
        """The timer fires."""
        self._invoking("sweep", lambda services, _: handle_sweep(services), [], 0)()

    def retry(self, group: str) -> None:
        """A person says: go on with this group now."""

        def use_case(services: Services, _: object) -> dict[str, object]:
            answered = self.on_retry(group)
            answer = handle_retry(services, group)
            for result in answer["results"]:  # type: ignore[attr-defined]  # a list, as log.printed made it
                answered(result["action"])
            return answer

        self.world.after(0.01, self._invoking("retry", use_case, [], 0))

    def _message(self, work: Work) -> Message:
        query = parse_qs(urlsplit(work.callback).query)
        return Message(
            job_id=work.id,
            user_data=work.user_data,
            state=work.state,
            signature=query.get("signature", [""])[0],
            over_http=True,
        )

    # -- how they run -------------------------------------------------------------------------------------------------

    def _invoking(
        self, kind: str, use_case: Callable[[Services, Any], Any], payload: list[Any], retries: int
    ) -> Callable[[], None]:
        def invoke() -> None:
            world = self.world
            self._numbers[kind] += 1
            name = f"{kind} {self._numbers[kind]}"
            skew = (world.chance.random() - 0.5) * 1800.0 if world.happens("clock-skew") else 0.0
            world.say(f"{name} starts")
            world.spawn(
                name, float(world.plan.time_limit), skew, lambda actor: self._run(actor, use_case, payload, again)
            )

        def again() -> None:
            if retries and not self.world.happens("retry-lost"):
                self.world.after(RETRY_SECONDS, self._invoking(kind, use_case, payload, retries - 1))

        return invoke

    def _run(
        self, actor: Actor, use_case: Callable[[Services, Any], Any], payload: list[Any], again: Callable[[], None]
    ) -> None:
        world = self.world
        deadline = world.now + actor.skew + world.plan.time_limit
        notify = self._notify if world.plan.notifies else no_notification
        config = self.config
        if self.others and not world.calm:
            config = world.chance.choice([config, *self.others])
        services = Services(config, self.cos, self.ci, self.clock, self._nonce, deadline, notify)
        try:
            self._heard(use_case(services, payload))
        except TryAgain as failure:
            actor.failed = True
            world.say(f"raises {type(failure).__name__}: {failure}")
            if failure.__cause__ is not None and not isinstance(failure.__cause__, ConcatError):
                self._crashed(actor.name, failure.__cause__)  # a fault with one group, after the others' turns
            self.actions["(raised)"] += 1
            again()
        except InvalidInput as refusal:
            if "signature" not in str(refusal):
                world.fail(f"{actor.name}: {refusal}")
            self.actions["(refused as forged)"] += 1
        except Killed:
            again()
        except Exception as crash:  # noqa: BLE001 - whatever escapes from a function is a finding
            self._crashed(actor.name, crash)

    def _crashed(self, actor: str, crash: BaseException) -> None:
        self.world.failure = self.world.failure or f"{actor} crashed: {type(crash).__name__}: {crash}"
        self.world.crash = crash

    def _heard(self, answer: Any) -> None:
        results = answer if isinstance(answer, list) else answer.get("results", [])
        for result in results:
            action = result["action"] if isinstance(result, dict) else result.action
            self.actions[action] += 1
            self.world.say(f"says {result if isinstance(result, dict) else result.as_dict()}")

    def _notify(self, end: Mapping[str, object]) -> str:
        """The receiver of CONCAT_NOTIFY_URL, which is down now and then."""

        def effect() -> str:
            gid, _, rev = str(end["id"]).partition("/")
            self.told[gid, int(rev)] = str(end["outcome"])
            return ""

        if self.world.happens("notify-down"):
            return "CONCAT_NOTIFY_URL answered 503"
        try:
            return self.world.call("NOTIFY", str(end["group"]), effect, again=False)
        except ServiceUnavailable as failure:
            return str(failure)

    def _nonce(self) -> str:
        self._nonces += 1
        return hashlib.md5(b"%d %d" % (self.world.plan.seed, self._nonces)).hexdigest()
