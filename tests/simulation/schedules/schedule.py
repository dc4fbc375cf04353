"""One schedule from start to end: a time in which things go wrong, then peace, in which everything must end."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from cosconcat import log
from cosconcat.config import Config
from cosconcat.model import Bucket
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import Name
from tests.simulation.chance import Chance
from tests.simulation.models.functions import Functions
from tests.simulation.models.jobs import CiModel
from tests.simulation.models.objects import CosModel
from tests.simulation.models.strain import Strain
from tests.simulation.models.world import EPOCH, HANG_SECONDS, HANGS, Violation, World
from tests.simulation.plan import Plan
from tests.simulation.promises import bounded
from tests.simulation.promises.endings import unsettled
from tests.simulation.promises.recordings import GAP, LONGEST, ZONE
from tests.simulation.promises.safety import Promises
from tests.simulation.schedules.cameras import Cameras
from tests.simulation.schedules.hostile import Hostile
from tests.simulation.schedules.late import LatePieces
from tests.simulation.schedules.users import Users

REGION = "ap-guangzhou"
INPUTS, OUTPUTS, STATE = "demo-1250000000", "joined-1250000000", "state-1250000000"
OTHER_GAPS = ((3, 300), (45, 120), (90, 86_400))  # of instances whose settings differ
WHOLE_SWEEPS = {"kills": 4, "hangs": 5}  # that a bad group may cost until it is set aside for longer than a round
SWEEPS_BESIDE = 12  # beside bad groups, once all others are at their end
MOST_SWEEPS = 20  # in peace; lease, back-off and CONCAT_STALE_SECONDS all fit in with much to spare


class Schedule:
    """The world of one plan, its models and its users."""

    def __init__(
        self, plan: Plan, *, trace: bool = False, masked: frozenset[int] = frozenset(), chance: Chance | None = None
    ) -> None:
        self.plan = plan
        self.world = World(plan, trace=trace, masked=masked, chance=chance)
        self.config = config_of(plan)
        outputs, state = self.config.output_bucket.name, self.config.state_bucket.name
        buckets = {INPUTS: plan.versioned, outputs: False, state: False} if outputs != INPUTS else {INPUTS: False}
        self.cos = CosModel(self.world, buckets, plan.page)
        self.ci = CiModel(self.world, self.cos, plan.page)
        self.ci.slowest_listing = self.config.lease_seconds * 0.99
        self.promises = Promises(self.world, self.cos, self.ci, state, INPUTS, outputs)
        self.cos.watcher = self.promises
        self.ci.watcher = self.promises
        self.functions = Functions(self.world, self.config, self.cos, self.ci)
        if plan.mixed:
            self.functions.others = [_with_gap(self.config, gap, longest) for gap, longest in OTHER_GAPS]
        users = Cameras if plan.completion == "gap" else Users
        self.users: Cameras | Users = users(self.world, self.cos, self.promises, INPUTS, self.functions)
        if plan.hostile:
            Hostile(self.world, self.cos, self.promises, INPUTS, self.functions, list(self.users.groups))
        if isinstance(self.users, Users) and plan.faults["late-pieces"]:
            LatePieces(self.world, self.users, self.functions)
        self.sweeps = 0
        self.last_sweep = 0.0
        self.excused: frozenset[str] = frozenset()
        self.strain = self._strained() if plan.strain else None

    def run(self) -> str:
        """What went wrong, empty when every promise was kept."""
        level, log._state["level"] = log._state["level"], 100  # no line for each decision
        try:
            self._trouble()
            self._peace()
        except Violation as broken:
            return str(broken)
        finally:
            self.world.close()
            log._state["level"] = level
        return self.world.failure

    def _trouble(self) -> None:
        """Users upload and edit, functions run, faults happen, the timer fires now and then."""
        world, chance = self.world, self.world.chance.random
        end = EPOCH + (600.0, 1800.0, 7200.0)[int(chance() * 3)]
        if self.plan.spellings or self.plan.takes or self.plan.first or self.plan.faults["late-pieces"]:
            end = EPOCH + 7200.0  # beyond the hour
        for _ in range(int(chance() * 4)):
            world.at(EPOCH + (end - EPOCH) * chance() ** 3, self.functions.sweep)  # mostly while much goes on
        if self.plan.timer:
            for moment in range(int(chance() * self.plan.timer), int(end - EPOCH), self.plan.timer):
                world.at(EPOCH + moment, self.functions.sweep)
        if self.plan.faults["callback-forged"]:
            for _ in range(6):
                world.at(EPOCH + 60 + chance() * (end - EPOCH) * 0.7, self.functions.forge)
        world.run(end)

    def _peace(self) -> None:
        """Nothing fails any more; sweeps alone must bring everything to its end."""
        world = self.world
        world.calm = True
        world.say("---- from here on nothing fails, users are away, and only the timer fires")
        world.run(world.now + 61)  # requests that are still under way
        if self.strain is not None:
            self._under_strain(self.strain)
        else:
            self._to_the_end(MOST_SWEEPS * 4 if self.plan.jobs_per_hour else MOST_SWEEPS)  # a job may wait for hours

    def _under_strain(self, strain: Strain) -> None:
        """What lasts is judged while it does; once it is mended everything ends as ever."""
        world = self.world
        strain.peace = world.busy_until  # what began before may still write the cursor as it was then
        if self.plan.strain in ("hangs", "kills"):
            self.excused = frozenset(strain.bad)
            wait = HANGS.get(self.plan.bad_call, HANG_SECONDS)  # as long as a sweep may run: one group has all of it
            whole = self.plan.strain == "kills" or wait >= self.plan.time_limit
            self._to_the_end(MOST_SWEEPS + (WHOLE_SWEEPS[self.plan.strain] * self.plan.bad if whole else 0))
            self._sweep(SWEEPS_BESIDE)
            self._to_the_end(MOST_SWEEPS)  # the last sweep was not one that died
            self._find(bounded.set_aside(self, strain) + bounded.unreported(self, strain))
            self.excused = frozenset()
            world.run(world.now + bounded.LONGEST_ASIDE)
        elif self.plan.strain == "no-job":
            self._to_the_end(MOST_SWEEPS * 5, hours=12.0)
        strain.mended = True
        self._to_the_end(MOST_SWEEPS)
        self._sweep(2)
        self._find(bounded.still_aside(self, strain))

    def _sweep(self, times: int) -> None:
        for _ in range(times):
            self.last_sweep = int(self.world.now)
            self.functions.sweep()
            self.world.run(self.world.now + 300.0 * 12.0 ** self.world.chance.random())

    def _find(self, problems: list[str]) -> None:
        if problems and not self.world.failure:
            self.world.fail("; ".join(problems))
        if self.world.failure:
            raise Violation(self.world.failure)

    def _to_the_end(self, most: int, hours: float = 1.0) -> None:
        """Sweeps, five minutes to so many hours apart, until nothing is left to do."""
        world = self.world
        reasons: list[str] = []
        for self.sweeps in range(1, most + 1):
            self.last_sweep = int(world.now)
            self.functions.sweep()
            world.run(world.now + 300.0 * (12.0 * hours) ** world.chance.random())
            if world.busy:
                continue
            reasons = unsettled(self)
            if not reasons:
                return
        self._find([f"G3: not at its end after {most} sweeps: {'; '.join(reasons)}"])

    def _strained(self) -> Strain:
        """What lasts, and the groups that it is about."""
        groups = self.users.groups[: self.plan.bad]
        for group in groups:  # it may rightly be given up
            group.disturbed |= self.plan.bad_call in ("POST", "GET videoinfo")
        strain = Strain(self.world, {group.gid: group.name.split("/")[0].split("_")[0] for group in groups})
        self.ci.refusal = strain.refusal
        if self.plan.bad and self.plan.seed % 16 == 0:
            bounded_by = {f"{number:032x}": ["gone", 1, EPOCH, "hung"] for number in range(bounded.MOST_ASIDE)}
            self.cos.write(
                self.promises.state_bucket, ".concat/sweep.json", body=json.dumps({"aside": bounded_by}).encode()
            )
        return strain


def config_of(plan: Plan) -> Config:
    """The configuration that a plan asks for."""
    apart = plan.versioned or plan.seed % 5 == 0
    asked = (
        plan.naming,
        plan.completion,
        plan.cleanup,
        plan.verify,
        plan.output_key,
        plan.callbacks,
        plan.stale,
        plan.lease,
        plan.direct,
        plan.single,
        plan.first,
        plan.jobs_per_hour,
        plan.overlap,
        apart,
        plan.seed % 7 == 0,
    )
    if asked not in _CONFIGS:
        _CONFIGS[asked] = _config(plan, apart)
    return _CONFIGS[asked]


def _config(plan: Plan, apart: bool) -> Config:
    inputs = Bucket(INPUTS, REGION)
    config = Config(
        bucket=inputs,
        naming=plan.naming,
        completion=plan.completion,
        quiet_seconds=300 if plan.completion == "quiet" else 0,
        gap_seconds=GAP if plan.completion == "gap" else 0,
        max_length_seconds=LONGEST if plan.completion == "gap" else 86_400,
        max_fragments=4 if plan.completion == "gap" and plan.seed % 7 == 0 else 100,
        timezone_seconds=ZONE if plan.completion == "gap" else 0,
        output_key=plan.output_key,
        output_bucket=Bucket(OUTPUTS, REGION) if apart else inputs,
        state_bucket=Bucket(STATE, REGION) if apart else inputs,
        callback_url="https://1250000000-abc.ap-guangzhou.tencentscf.com/" if plan.callbacks else "",
        callback_secret="a secret of the simulator" if plan.callbacks else "",
        cleanup=plan.cleanup,
        direct=bool(plan.direct),
        on_mixed=plan.direct or "transcode",
        stale_seconds=plan.stale,
        lease_seconds=plan.lease,
        assets_prefix="brand/",
        verify=plan.verify,
        job={"ConcatTemplate": {"SceneChangeInfo": {"Mode": "FADE", "Time": str(plan.overlap)}}}
        if plan.overlap
        else {},
        single=plan.single,
        first=plan.first,
        jobs_per_hour=plan.jobs_per_hour or None,
    )
    _remember(config)
    return config


def _remember(config: Config) -> None:
    """Let reading a key, which is pure and takes a tenth of a schedule's time, happen once for each key."""
    for convention in (config.convention, config.convention_as_written):
        known = _READ.setdefault((config.naming, config.completion, convention.offset), {})
        object.__setattr__(convention, "read", _remembering(convention, known))


def _remembering(convention: Convention, known: dict[str, Name]) -> Callable[[str], Name]:
    read = type(convention).read

    def remembered(key: str) -> Name:
        name = known.get(key)
        if name is None:
            name = known[key] = read(convention, key)
        return name

    return remembered


def _with_gap(config: Config, gap: int, longest: int) -> Config:
    """The same deployment with other settings, before or after a change."""
    other = replace(config, gap_seconds=gap, max_length_seconds=longest)
    _remember(other)
    return other


_CONFIGS: dict[tuple[object, ...], Config] = {}
_READ: dict[tuple[str, str, int], dict[str, Name]] = {}
