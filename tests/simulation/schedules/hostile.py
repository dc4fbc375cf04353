"""Somebody who may only upload, and means harm: PUT under the input prefix, never under a name of the groups of others.

What he does is drawn apart from everything else, so that the same schedule can be played without him.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random

from tests.simulation.models.functions import Functions
from tests.simulation.models.objects import Content, CosModel
from tests.simulation.models.world import EPOCH, World
from tests.simulation.promises import names
from tests.simulation.promises.groups import Group
from tests.simulation.promises.safety import Promises
from tests.support.joins import recording

MOST_GROUPS = 6  # of his, of one piece each
BROKEN = {"ConcatTemplate": {"Video": {"Crf": "25"}}}  # a picture without a codec: no request can be made of it


class Hostile:
    """One uploader against the groups of the others."""

    def __init__(
        self, world: World, cos: CosModel, promises: Promises, bucket: str, functions: Functions, others: list[Group]
    ) -> None:
        self.world = world
        self.cos = cos
        self.promises = promises
        self.bucket = bucket
        self.functions = functions
        self.others = others
        self.rng = Random(world.plan.seed * 977 + 5)
        self.contents = 0
        attack = {"folder": self._manifest, "part-of": self._like_a_rev, "timestamp": self._flood}
        for number in range(self.rng.randint(1, MOST_GROUPS)):
            attack.get(world.plan.naming, self._flood)(number)
        if self.rng.random() < 0.5:
            self._put(EPOCH + 60 * self.rng.random(), "fragments/../1.mp4")
            self._put(EPOCH + 60 * self.rng.random(), "fragments/%2e%2e/v.part1-of-1.mp4")

    # -- his attacks --------------------------------------------------------------------------------------------------

    def _manifest(self, number: int) -> None:
        """A manifest that names the pieces of others and wants the names of their results."""
        group, victim = f"evil{number}", self.rng.choice(self.others)
        own = f"fragments/{group}/1.mp4"
        listed = [own, *self.rng.sample(victim.keys, self.rng.randint(0, len(victim.keys)))]
        self.rng.shuffle(listed)
        said: dict[str, object] = {"fragments": [{"key": key} for key in listed]}
        said["output"] = self.rng.choice((
            f"output/{victim.name}.mp4", f"output/{victim.name}.r0001.mp4", f"output/{victim.name}.r0002.mp4",
            victim.output or "output/shared.mp4", f".concat/{victim.gid}/0001/claim-0001.json", victim.keys[0],
            "output/../private.mp4", "{jobid}/x.mp4",
        ))  # fmt: skip
        if self.rng.random() < 0.3:
            said["intro"] = self.rng.choice(victim.keys)
        if self.rng.random() < 0.3:
            said["job"] = BROKEN
        first = EPOCH + 60 * self.rng.random() ** 2
        self._put(first, own)
        for repeat in range(self.rng.randint(1, 3)):
            self._put(first + 1.5 + 200 * repeat * self.rng.random(), f"fragments/{group}/manifest.json", said)
        self._put(first, f"fragments/{group}/_DONE", {})

    def _like_a_rev(self, number: int) -> None:
        """A group whose result is named like the second content of another."""
        victim = self.rng.choice(self.others)
        group = self.rng.choice((f"{victim.name}.r0001", f"{victim.name}.r0002", f"evil{number}/v"))
        key = f"fragments/{group}.part1-of-1.mp4"
        for _ in range(self.rng.randint(1, 3)):
            self._put(EPOCH + 200 * self.rng.random() ** 2, key)

    def _flood(self, number: int) -> None:
        """Groups of one piece, over and over."""
        key = names.by_time(f"evil{number}/cam", self.rng.randrange(3600))
        if self.world.plan.naming != "timestamp":
            key = f"fragments/evil{number}/1.mp4"
        for _ in range(self.rng.randint(1, 3)):
            self._put(EPOCH + 200 * self.rng.random(), key)

    # -- how he uploads -----------------------------------------------------------------------------------------------

    def _put(self, moment: float, key: str, said: dict[str, object] | None = None) -> None:
        body = b"" if said is None else json.dumps(said).encode() if said else b"\n"
        self.world.at(moment, self._doing(key, body if said is not None else None))

    def _doing(self, key: str, body: bytes | None) -> Callable[[], None]:
        def act() -> None:
            if self.world.calm:
                return
            self.promises.user = True
            self.world.say(f"the hostile uploader puts {key}")
            try:
                if body is None:
                    self.cos.write(self.bucket, key, content=self._content())
                else:
                    self.cos.write(self.bucket, key, body=body)
                    self._remember(key, body)
            finally:
                self.promises.user = False
            self.functions.uploaded(key)

        return act

    def _remember(self, key: str, body: bytes) -> None:
        """What his manifests list, in their order: whatever he is, his own jobs join just that."""
        if body.startswith(b"{"):
            said = json.loads(body)
            listed = [entry["key"] for entry in said["fragments"]]
            self.promises.manifests[key.split("/")[1]].append([*filter(None, [said.get("intro")]), *listed])

    def _content(self) -> Content:
        self.contents += 1
        return Content(f"{0xE71 << 64 | self.contents:032x}", recording(10.0, 100_000, 720))
