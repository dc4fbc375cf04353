"""What is known of a schedule while it is played: its records, its jobs, and what its users did."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Any

from tests.simulation.models.jobs import CiModel, Work
from tests.simulation.models.objects import CosModel, Watcher
from tests.simulation.models.world import World


class Known(Watcher):
    """Tables by (gid, rev, n) of an attempt, (gid, rev) of a content, or key.

    `safety.py` and `records.py` fill them; whoever promises something reads them.
    """

    def __init__(self, world: World, cos: CosModel, ci: CiModel, state: str, inputs: str, outputs: str) -> None:
        self.world = world
        self.cos = cos
        self.ci = ci
        self.state_bucket = state
        self.inputs = inputs  # bucket of the fragments
        self.outputs = outputs  # bucket of the results
        self.user = False  # true while a user acts
        self.claims: dict[tuple[str, int, int], dict[str, Any]] = {}
        self.jobs: dict[tuple[str, int, int], dict[str, Any]] = {}
        self.ends: dict[tuple[str, int, int], dict[str, Any]] = {}
        self.done: dict[tuple[str, int], dict[str, Any]] = {}
        self.closed: set[tuple[str, int]] = set()  # what is entered under the day of its end
        self.spoiled: dict[str, float] = {}  # output key -> when a user last took it away or replaced it
        self.by_user: dict[str, float] = {}  # key outside the inputs -> when a user wrote it
        self.taken: set[tuple[str, str]] = set()  # (key, ETag) of pieces whose output a user took away
        self.retried: set[str] = set()  # groups of which a person said retry
        self.tokens: dict[str, tuple[str, int, int]] = {}
        self.posts: Counter[str] = Counter()
        self.posted_for: set[tuple[str, int, int]] = set()
        self.listeners: list[Any] = []
        self.job_slots = 0  # of CONCAT_JOBS_PER_HOUR that were taken
        self.jobs_in: Counter[int] = Counter()  # hour since the epoch -> jobs that CI accepted in it
        self.recorded_at: defaultdict[str, list[float]] = defaultdict(list)  # gid -> when records of it were written
        self.slot_by: dict[str, Any] = {}  # slot -> the actor that wrote it
        self.gone: dict[tuple[str, str], float] = {}  # (key, ETag) of inputs -> when that version ceased to be there
        self.latest: dict[str, tuple[str, float]] = {}  # key -> what a user uploaded there last, and when
        self.manifests: defaultdict[str, list[list[str]]] = defaultdict(list)  # group -> what its manifests listed

    def fail_at(self, problems: Iterable[str]) -> None:
        """Fail the world at a problem, as soon as it is found; an empty one is none."""
        for problem in problems:
            if problem:
                self.world.fail(problem)

    @property
    def keeps(self) -> bool:
        """Whether no input is removed, because no output is verified."""
        return self.world.plan.verify == "none"

    def asked_for(self, claim: dict[str, Any]) -> bool:
        """Whether a person said retry to this group, or to another of which a piece lies in it by now."""
        keys = {fragment["object"]["key"] for fragment in claim["set"]["fragments"]}
        retried = (other for other in self.claims.values() if other["group"] in self.retried)
        there = {fragment["object"]["key"] for other in retried for fragment in other["set"]["fragments"]}
        return claim["group"] in self.retried or bool(claim["slot"] and keys & there)

    def works(self, place: tuple[str, int, int]) -> list[Work]:
        """The jobs of an attempt: those with its claim's token, and the one that its record names."""
        return [work for work in self.ci.work.values() if self.tokens.get(work.user_data) == place] + [
            work
            for work in self.ci.work.values()
            if work.id == self.jobs.get(place, {}).get("job") and self.tokens.get(work.user_data) != place
        ]

    def forgotten(self, works: list[Work], then: str) -> bool:
        """Whether CI no longer knows the jobs: then whatever they left is judged by a person, or it was taken away. Of
        what CI does not list yet the output is all that shows.
        """
        if then == "gave-up" and all(work.forgotten for work in works):
            return True
        taken = all(self.spoiled.get(work.resolved, 0.0) >= work.created for work in works)
        return taken and all(work.forgotten or work.shown_from > self.world.now for work in works)

    def unreadable(self, place: tuple[str, int, int]) -> str:
        """A piece of the claim that lies there and is no media that CI knows."""
        current = self.cos.shelves[self.inputs].current
        for piece in self.joined(self.claims[place]):
            there = current.get(piece["key"])
            if there is not None and there.content is not None and there.content.unreadable:
                return str(piece["key"])
        return ""

    def stands_before(self, place: tuple[str, int], rev: int) -> bool:
        """Whether a content is the one that decides about `rev`: all that came in between was superseded."""
        gid, before = place
        between = (self.done.get((gid, other), {}) for other in range(before + 1, rev))
        return before < rev and all(done.get("outcome") == "superseded" for done in between)

    def gone_before(self, piece: dict[str, Any], moment: float) -> bool:
        """Whether this version of a piece was replaced or removed before a moment."""
        return self.gone.get((piece["key"], piece["etag"]), float("inf")) < moment

    @staticmethod
    def joined(claim: dict[str, Any]) -> list[dict[str, Any]]:
        """Every object that a claim's job joins, in order."""
        pieces = [fragment["object"] for fragment in claim["set"]["fragments"]]
        return [*filter(None, [claim["set"]["intro"]]), *pieces, *filter(None, [claim["set"]["outro"]])]

    @staticmethod
    def pieces(claim: dict[str, Any]) -> set[tuple[str, str, int]]:
        """Key, ETag and size of all that a claim joins."""
        objects = (fragment["object"] for fragment in claim["set"]["fragments"])
        return {(o["key"], o["etag"], o["size"]) for o in objects}

    def joined_before(self, gid: str, rev: int) -> set[tuple[str, str, int]]:
        """Key, ETag and size of every piece that closed contents of the group before `rev` joined."""
        return {piece for claim in self._joined_claims(gid, rev) for piece in self.pieces(claim)}

    def last_joined(self, gid: str, rev: int) -> dict[str, tuple[str, str, int]]:
        """Of each key the piece that closed contents of the group before `rev` joined last."""
        return {piece[0]: piece for claim in self._joined_claims(gid, rev) for piece in self.pieces(claim)}

    def uploads_joined_before(self, gid: str, rev: int) -> set[tuple[str, int]]:
        """Key and LastModified of the very uploads."""
        claims = self._joined_claims(gid, rev)
        objects = (fragment["object"] for claim in claims for fragment in claim["set"]["fragments"])
        return {(one["key"], one["last_modified"]) for one in objects}

    def _joined_claims(self, gid: str, rev: int) -> list[dict[str, Any]]:
        revs = sorted(number for name, number in self.done if name == gid and number < rev)
        joined = [number for number in revs if self.done[gid, number]["outcome"] == "joined"]
        return [self.claims[gid, number, 1] for number in joined]
