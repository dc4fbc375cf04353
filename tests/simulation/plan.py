"""What one schedule is made of, drawn from its seed: which faults with which probability, which groups, which edits.

Each seed switches a random half of the faults on ("swarm testing"): a schedule in which everything fails at once
explores less than one in which a few things fail often. A plan can be narrowed by naming a field or a fault with a
smaller value; that is how the shrinker works and how its result is written down (`ONLY="groups=1,kill=0"`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Literal

# Faults at a port call of a function, each with the highest probability per call that a plan may draw.
CALL_FAULTS = {
    "kill": 0.03,  # the instance dies, the request was never sent
    "kill-after": 0.03,  # the instance dies, the request took effect
    "down": 0.06,  # 5xx, 503 SlowDown or a time-out before the effect
    "lost-answer": 0.04,  # the effect took place, the answer did not arrive
    "repeated": 0.04,  # the answer is lost, the adapter repeats the request and succeeds (no POST, no DELETE)
    "late": 0.03,  # time-out now, the effect up to a minute later (writes only)
    "stall": 0.03,  # the answer takes minutes
    "no-effect": 0.05,  # answered by a redirect, or by a 2xx without what it promises: nothing took place
    "hang": 0.03,  # cut off by its bounds, or a moment before the time limit
}
# Faults of the world around; the probability is per event, job, write or function.
WORLD_FAULTS = {
    "event-lost": 0.3,
    "event-again": 0.5,
    "event-merged": 0.5,
    "event-slow": 0.3,
    "list-lag": 0.6,
    "jobs-lag": 0.7,
    "callback-lost": 0.6,
    "callback-again": 0.6,
    "callback-forged": 0.4,
    "job-fails": 0.7,
    "job-cancelled": 0.05,
    "job-slow": 0.2,
    "job-forgotten": 0.4,  # CI no longer knows a job that has ended
    "short-output": 0.2,
    "output-late": 0.3,
    "post-refused": 0.1,
    "post-blocked": 0.2,
    "post-slow": 0.4,  # the POST reaches CI minutes after it was sent
    "post-lost": 0.5,  # the answer to POST /jobs: an instance dies, a time-out, a job that comes late or never
    "delete-refused": 0.1,
    "clock-skew": 0.7,
    "notify-down": 0.5,
    "sweep-races": 0.3,  # the timer fires just as a job ends
    "retry-lost": 0.3,
    "edit": 0.9,
    "throttled": 0.02,  # a call with which a minute begins in which most are refused: 503 SlowDown, 429
    "told-too-little": 0.5,  # the job does not say how long its output is, or what streams it has
    "told-of-another": 0.1,  # the job describes an honest output, and another object lies there
    "encrypted": 0.3,  # an output whose ETag is no MD5, as the service encrypts it
    "odd-loss": 0.3,  # content is lost so that one figure alone shows it
    "jumping-clock": 1.0,  # pieces are transport streams; one has far more bytes than its length explains
    "transitions": 1.0,  # between pieces; one piece is as long as one of them
    "tiny-piece": 1.0,  # a piece shorter than what may be missing
    "unreadable-piece": 0.5,  # CI cannot read a piece: its probe is refused, its jobs fail
    "untold-sound": 0.5,  # a piece that does not say how long its sound is
}
# Learned later: drawn apart and for few plans, so that most seeds go on meaning what they meant.
LATER = {
    "no-effect", "hang", "throttled", "told-too-little", "told-of-another", "encrypted", "odd-loss", "jumping-clock",
    "transitions", "tiny-piece", "unreadable-piece",
    "untold-sound",
}  # fmt: skip
# Learned last, and left out of what lasts.
LATEST = {
    "job-unknown": 0.5,  # asked for a young job, CI does not know it yet
    "job-dropped": 0.5,  # CI forgets a job, recorded or not, once its output lies there
    "listed-late": 0.5,  # a job stands in the listing only some time after its output lies there
    "listing-down": 0.5,  # for a while the listing shows no job at all
    "tags-full": 0.5,  # a user's own tags leave an output no room for ours; later they go, and the user says retry
}
LATER |= LATEST.keys()
LATER_SHARE = 0.06  # of plans, for each of them
TRANSITION_SECONDS = 5
CAMERAS = 10_000_000  # from this seed on plans are of recordings that are cut at gaps
STRAINED = 20_000_000  # and from this one on of something that lasts: models/strain.py
STRAINS = ("hangs", "kills", "no-job", "throttled")
WITH_END = "{group}_{time:%Y%m%dT%H%M%S}-{end:%Y%m%dT%H%M%S}.{ext}"
WITHOUT_END = "{group}_{time:%Y%m%dT%H%M%S}.{ext}"
# Faults that only some kinds of plans have. They are drawn apart, so that other plans stay what they are.
OWN_FAULTS = {
    "copy-damaged": 0.3,  # what lies at the output's key is not what was copied
    "late-pieces": 1.0,  # pieces come after quiet time was over, around those that were joined, again, and corrected
}
# In no plan unless a mutant forces them: what chance brings together too seldom, and what only a CI would do that
# contradicts its pages.
FORCED = {
    "unlike-pieces": 1.0,  # as often a piece has a picture of another size; all have as many bytes
    "told-in-part": 1.0,  # of a job the listing, and CI when it is asked for it, do not tell where its output goes
    "answered-with-anothers": 1.0,  # a POST is taken, and answered with somebody else's job
    "told-as-anothers": 1.0,  # asked for a job CI tells, under its id, of somebody else's that failed
}
FAULTS = {**CALL_FAULTS, **WORLD_FAULTS, **OWN_FAULTS, **LATEST, **FORCED}
CLEANUPS: tuple[Literal["delete", "trash", "expire", "keep"], ...] = ("delete", "trash", "expire", "keep")
VERIFIES: tuple[Literal["duration", "none"], ...] = ("duration", "none")
CONVENTIONS = (("part-of", "total"), ("folder", "marker"), ("folder", "manifest"), ("folder", "quiet"),
               ("timestamp", "quiet"))  # fmt: skip


@dataclass
class Plan:
    """One schedule. `faults` holds a probability for every name in FAULTS."""

    seed: int
    groups: int
    most: int  # fragments of the largest group
    naming: str
    completion: str
    cleanup: Literal["delete", "trash", "expire", "keep"]
    verify: Literal["duration", "size", "none"]
    output_key: str
    versioned: bool
    page: int  # keys and jobs a listing shows at once
    time_limit: int  # of a function, seconds
    callbacks: bool  # CI is told where to call
    stale: int = 3600  # CONCAT_STALE_SECONDS
    direct: Literal["", "transcode", "refuse", "trust"] = ""  # DirectConcat, with this CONCAT_ON_MIXED
    notifies: bool = False  # CONCAT_NOTIFY_URL is set
    lease: int = 1200  # CONCAT_LEASE_SECONDS
    timer: int = 0  # seconds between two sweeps while things go wrong; 0: a few at any time
    mixed: bool = False  # instances whose settings differ, while a new configuration is deployed
    faults: dict[str, float] = field(default_factory=dict)
    single: Literal["join", "copy"] = "join"  # CONCAT_SINGLE
    hostile: bool = False  # somebody who may only upload means harm
    jobs_per_hour: int = 0  # CONCAT_JOBS_PER_HOUR; 0: no limit
    spellings: bool = False  # names by time are written in two ways, and told of again long after their hour
    takes: int = 0  # seconds that pieces named by time last, so that each arrives when it ends; 0: they come at once
    first: Literal["", "0"] = ""  # CONCAT_FIRST: the first piece comes late, or is forgotten
    strain: Literal["", "hangs", "kills", "no-job", "throttled"] = ""  # what lasts
    bad: int = 0  # groups that it is about, the first ones
    bad_call: str = ""  # the kind of call at which these hang, or runs die

    @property
    def by_streams(self) -> bool:
        """Whether pieces whose decoder configurations differ must not be removed: with `trust`, bytes are enough."""
        return self.direct != "trust" or self.verify == "duration"

    @property
    def overlap(self) -> int:
        """Seconds of the transition between two pieces; a direct join has none."""
        return TRANSITION_SECONDS if self.faults["transitions"] and not self.direct else 0


def draw(seed: int, only: dict[str, float] | None = None) -> Plan:
    """The plan of `seed`, narrowed by `only`: an upper bound for `groups`, `most` or the probability of a fault."""
    rng = Random(seed)
    only = only or {}
    size = rng.random()
    most = rng.randint(1, 3) if size < 0.8 else rng.randint(4, 12) if size < 0.95 else rng.randint(13, 40)
    groups = rng.choice((1, 1, 1, 1, 2, 2, 3)) if most <= 12 else rng.choice((1, 1, 1, 2))
    naming, completion = rng.choices(CONVENTIONS, (16, 6, 3, 2, 1))[0]
    faults = _faults(rng, seed)
    plan = Plan(
        seed=seed,
        groups=min(groups, int(only.get("groups", groups))),
        most=min(most, int(only.get("most", most))),
        naming=naming,
        completion=completion,
        cleanup=rng.choices(CLEANUPS, (12, 3, 3, 1))[0],
        verify=rng.choices(VERIFIES, (15, 1))[0],
        output_key=rng.choices(
            ("output/{group}.{ext}", "output/{group}-{fingerprint}.{ext}", "output/{group}/{jobid}.{ext}"), (8, 1, 1)
        )[0],
        versioned=rng.random() < 0.15,
        page=rng.choice((3, 10, 1000)),
        time_limit=rng.choice((60, 300, 900)),
        callbacks=rng.random() < 0.8,
        stale=3600 if seed % 3 else 1500,
        notifies=rng.random() < 0.1,
        timer=600 if rng.random() < 0.1 else 0,
        faults=faults,
    )
    if rng.random() < 0.2:
        plan.direct = rng.choices(("transcode", "refuse", "trust"), (3, 1, 2))[0]
        plan.verify = rng.choice((plan.verify, "size"))
    if rng.random() < 0.25:  # short leases: much may happen within one, and after two
        plan.time_limit = rng.choice((60, 300))
        plan.lease = plan.time_limit + 61
        plan.stale = max(600, plan.lease * rng.randint(1, 3))
    elif rng.random() < 0.08:  # a CI that answers late or not at all: what leases and adoption are for
        faults |= {"post-slow": 0.6, "post-lost": 0.8, "jobs-lag": 0.9}
        plan.time_limit = 900
    _with_single_pieces(plan, Random(seed * 31 + 7))
    _with_late_pieces(plan, Random(f"late pieces {seed}"))
    for name, value in only.items():
        if name in faults:
            faults[name] = min(faults[name], value)
    if CAMERAS <= seed < STRAINED:
        _cut_at_gaps(plan)
    elif seed >= STRAINED:
        _under_strain(plan, Random(f"strain {seed}"))
    return plan


def _with_single_pieces(plan: Plan, rng: Random) -> None:
    """Of plans with few fragments every tenth: groups of one piece are copied, and most groups are."""
    if plan.seed < CAMERAS and plan.most <= 3 and rng.random() < 0.1:
        plan.single = "copy"
        plan.most = min(plan.most, rng.choice((1, 1, 2)))
        plan.faults["copy-damaged"] = OWN_FAULTS["copy-damaged"] * max(0.0, rng.random() - 0.5)


def _with_late_pieces(plan: Plan, rng: Random) -> None:
    """Of plans by quiet time some; nothing else of them changes, and others stay what they are."""
    if plan.seed < CAMERAS and plan.completion == "quiet" and rng.random() < 0.3:
        plan.faults["late-pieces"] = OWN_FAULTS["late-pieces"] * rng.random()


def _cut_at_gaps(plan: Plan) -> None:
    """What a plan drawn for other conventions becomes."""
    plan.naming = WITH_END if plan.seed % 3 else WITHOUT_END
    plan.completion = "gap"
    plan.versioned = False
    plan.mixed = plan.seed % 5 == 4
    plan.timer = plan.timer or 120
    plan.most = max(plan.most, 4)


def _under_strain(plan: Plan, rng: Random) -> None:
    """What a plan drawn for passing faults becomes: few of these, small groups, short runs."""
    plan.strain = rng.choices(STRAINS, (5, 3, 2, 2))[0]  # type: ignore[assignment]  # one of them
    plan.most = min(plan.most, 3)
    if plan.completion == "manifest":  # groups that want one output's name read each other's records
        plan.completion = "marker"
    plan.time_limit = min(plan.time_limit, 300)  # so that no two sweeps are at work in peace
    learned_since = {"late-pieces", *LATEST, *FORCED}  # a draw for one of them would change what every seed means
    kept = {name: chance for name, chance in plan.faults.items() if name not in learned_since and rng.random() < 0.3}
    plan.faults = {**dict.fromkeys(FAULTS, 0.0), **kept}
    if plan.strain in ("hangs", "kills"):
        plan.bad = rng.choice((1, 1, 2, 4))
        plan.bad_call = rng.choice(("LIST", "LIST", "GET", "GET", "HEAD", "GET videoinfo", "DELETE", "PUT tagging"))
        plan.groups = plan.bad + 2
        plan.timer = 600
        plan.faults |= {"event-lost": 0.9 * rng.random(), "job-slow": 0.5}
    elif plan.strain == "no-job":
        plan.bad, plan.groups, plan.bad_call = 1, 2, "POST"
        plan.lease = plan.time_limit + 61
        plan.stale = max(600, 2 * plan.lease)
    else:
        plan.groups, plan.timer = rng.randint(5, 9), 300
        plan.lease = plan.time_limit + 61
        plan.stale = max(600, plan.lease * rng.randint(1, 3))
        plan.faults["event-lost"] = 0.9


def _faults(rng: Random, seed: int) -> dict[str, float]:
    faults = dict.fromkeys(FAULTS, 0.0)
    if rng.random() < 0.03:  # a few schedules are left in peace
        return faults
    for name, highest in (CALL_FAULTS | WORLD_FAULTS).items():
        if name not in LATER and rng.random() < 0.5:
            faults[name] = highest * rng.random()
    if faults["edit"]:
        faults["edit"] = 0.4 + 0.6 * rng.random()
    if rng.random() < 0.2:
        faults["kill"] = faults["kill-after"] = 0.12 * rng.random()
    apart = Random(f"later {seed}")
    for name in FAULTS if seed < CAMERAS else ():
        if name in LATER and apart.random() < LATER_SHARE:
            faults[name] = FAULTS[name] * apart.random()
    return faults
