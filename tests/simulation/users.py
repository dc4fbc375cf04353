"""The people who upload: groups in their conventions, and what people do to them at the worst moment."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from cosconcat.ledger import gid_of
from cosconcat.ports import Media
from tests.simulation.objects import Content, CosModel
from tests.simulation.plan import Plan
from tests.simulation.promises import Promises
from tests.simulation.world import EPOCH, World

EDITS = (
    "overwrite", "overwrite", "overwrite", "back-and-forth", "back-and-forth", "delete", "again", "all-again",
    "all-new", "late", "recount", "correct", "correct", "take-output", "start-over", "squat", "replace",
)  # fmt: skip
RECORDS = ("claim", "job", "end", "done")  # an edit waits for one of these to be written,
EFFECTS = ("posted", "read", "succeeded", "head", "tagged", "copied", "removed")  # for one of these to happen,
MOMENTS = (*RECORDS, *EFFECTS, "", "")  # or for nothing in particular


class Group:
    """One recording as its user means it."""

    def __init__(self, name: str, keys: list[str], marker: str) -> None:
        self.name = name  # the group id
        self.gid = gid_of(name)
        self.keys = keys
        self.marker = marker
        self.original: dict[str, Content] = {}
        self.corrected: dict[str, Content] = {}  # the last thing the user did was to upload exactly this, all of it
        self.edits = 0
        self.disturbed = False  # the user did more than upload each piece once


class Users:
    """Uploads and edits, planned from the seed; `uploaded` is told of every object that comes to be."""

    def __init__(
        self, world: World, cos: CosModel, promises: Promises, bucket: str, uploaded: Callable[[str], None]
    ) -> None:
        self.world = world
        self.cos = cos
        self.latest = promises.latest
        self.promises = promises
        self.bucket = bucket
        self.uploaded = uploaded
        self.rng = Random(world.plan.seed * 3)
        self.contents = 0
        self.pending: list[tuple[str, str, Group, str]] = []  # moment, gid, group, edit
        self.last: dict[str, int] = {}
        self.groups = [self._group(number) for number in range(world.plan.groups)]
        promises.listeners.append(self._on_record)
        for group in self.groups:
            self._plan_uploads(group)
            self._plan_edits(group)

    def _group(self, number: int) -> Group:
        plan, rng = self.world.plan, self.rng
        size = plan.most if number == 0 else rng.randint(1, min(3, plan.most))
        first = rng.choice((0, 1, 1, 1))
        if plan.naming == "part-of":
            name = f"g{number}/v"
            keys = [f"fragments/{name}.part{first + i}-of-{size}.mp4" for i in range(size)]
            return Group(name, keys, "")
        name = f"g{number}"
        keys = [f"fragments/{name}/{first + i}.mp4" for i in range(size)]
        return Group(name, keys, f"fragments/{name}/_DONE" if plan.completion == "marker" else "")

    # -- what users plan ----------------------------------------------------------------------------------------------

    def _plan_uploads(self, group: Group) -> None:
        rng = self.rng
        start = EPOCH + rng.random() * 30
        spread = rng.choice((0.2, 2.0, 60.0))
        keys = list(group.keys)
        rng.shuffle(keys)
        if len(keys) > 1 and rng.random() < 0.1:
            keys.pop()  # never arrives
        moments = sorted(start + spread * rng.random() for _ in keys)
        for moment, key in zip(moments, keys, strict=True):
            self.world.at(moment, self._doing(self.upload, group, key))
        if group.marker:
            early = rng.random() < 0.1
            group.disturbed = early  # it is not whole then, and the report says so
            self.world.at(start if early else moments[-1] + 1.5, self._doing(self.upload, group, group.marker))

    def _plan_edits(self, group: Group) -> None:
        rng = self.rng
        while self.world.plan.faults["edit"] and rng.random() < 0.75 and len(self.pending) < 6:
            edit, moment = rng.choice(EDITS), rng.choice(MOMENTS)
            if edit == "squat" or not moment:
                self.world.at(EPOCH + 120 * rng.random() ** 2, self._doing(self.edit, group, edit))
            else:
                self.pending.append((moment, group.gid, group, edit))
        if self.pending:
            self.world.on_moment = self._on_effect

    def _on_record(self, what: str, body: dict[str, Any], gid: str) -> None:
        del body
        for entry in [entry for entry in self.pending if entry[0] == what and entry[1] == gid]:
            self._strike(entry)

    def _on_effect(self, what: str, key: str) -> None:
        for entry in list(self.pending):
            if entry[0] == what and entry[2].name in key and self.rng.random() < 0.5:  # not always the first time
                self._strike(entry)

    def _strike(self, entry: tuple[str, str, Group, str]) -> None:
        if self.world.calm:
            return
        self.pending.remove(entry)
        if not self.pending:
            self.world.on_moment = None
        delay = 1e-6 + self.rng.choice((0.0, 0.05, 0.05, 0.3, 3.0, 30.0)) * self.rng.random()
        self.world.after(delay, self._doing(self.edit, entry[2], entry[3]))

    def _doing(self, action: Callable[..., None], *arguments: object) -> Callable[[], None]:
        def act() -> None:
            if self.world.calm:
                return
            self.promises.user = True
            try:
                action(*arguments)
            finally:
                self.promises.user = False

        return act

    # -- what users do ------------------------------------------------------------------------------------------------

    def upload(self, group: Group, key: str, content: Content | None = None) -> None:
        """Put an object, not twice within one second: LastModified has no finer grain and A-B-A could not be seen."""
        now = int(self.world.now)
        if self.last.get(key, 0) >= now:
            self.world.at(self.last[key] + 1, self._doing(self.upload, group, key, content))
            return
        self.last[key] = now
        if key == group.marker:
            self.world.say(f"user uploads {key}")
            self.cos.write(self.bucket, key, body=b"")
        else:
            content = content or self.new_content()
            group.original.setdefault(key, content)
            self.world.say(f"user uploads {key} ({content.etag[-4:]})")
            self.cos.write(self.bucket, key, content=content)
            self.latest[key] = (content.etag, self.world.now)
        self.uploaded(key)

    def new_content(self) -> Content:
        """Something nobody has uploaded before; now and then uploaded in several parts, which shows in the ETag."""
        self.contents += 1
        rng = self.rng
        etag = f"{self.contents:032x}" + ("-2" if rng.random() < 0.2 else "")
        return Content(etag, Media(round(5 + 55 * rng.random(), 2), 100_000 + rng.randrange(2)))

    def edit(self, group: Group, edit: str) -> None:
        """One thing that a user should perhaps not have done."""
        if not self.world.happens("edit"):
            return
        rng = self.rng
        group.disturbed = True
        group.corrected = {}
        group.edits += 1
        self.world.injected[f"edit: {edit}"] += 1
        self.world.say(f"user: {edit}")
        key = rng.choice(group.keys)
        {
            "overwrite": lambda: self.upload(group, key),
            "back-and-forth": lambda: self._back_and_forth(group, key),
            "delete": lambda: self._delete(key),
            "again": lambda: self.upload(group, key, group.original.get(key)),
            "all-again": lambda: self._all(group, group.original),
            "all-new": lambda: self._all(group, {}),
            "start-over": lambda: self._start_over(group),
            "late": lambda: self._late(group),
            "correct": lambda: self._correct(group),
            "recount": lambda: self._recount(group, key),
        }.get(edit, lambda: self._at_output(group, edit))()

    def _back_and_forth(self, group: Group, key: str) -> None:
        """A-B-A."""
        self.upload(group, key)
        before = group.original[key]
        self.world.after(1 + 80 * self.rng.random() ** 2, self._doing(self.upload, group, key, before))

    def _start_over(self, group: Group) -> None:
        """The output is thrown away and everything uploaded once more."""
        self._at_output(group, "take-output")
        self._all(group, group.original)

    def _delete(self, key: str) -> None:
        self.world.say(f"user deletes {key}")
        self.cos.remove(self.bucket, key)

    def _all(self, group: Group, contents: dict[str, Content]) -> None:
        """Every piece once more, as in `contents` or else new."""
        for key in group.keys:
            self.upload(group, key, contents.get(key))
        if group.marker and self.rng.random() < 0.8:
            self.world.after(2.0, self._doing(self.upload, group, group.marker))

    def _late(self, group: Group) -> None:
        plan, count = self.world.plan, len(group.keys)
        if plan.naming == "part-of":
            late = f"fragments/{group.name}.part{count + 1}-of-{count + 1}.mp4"
        else:
            last = max(int(key.rsplit("/", 1)[1].removesuffix(".mp4")) for key in group.keys)
            late = f"fragments/{group.name}/{last + 1}.mp4"
        self.upload(group, late)
        if group.marker and self.rng.random() < 0.5:
            self.world.after(2.0, self._doing(self.upload, group, group.marker))

    def _correct(self, group: Group) -> None:
        """Everything is uploaded once more, at leisure, and one piece, the first to come, is another."""
        changed = self.rng.randrange(len(group.keys))
        contents = {}
        for place, key in enumerate(group.keys):
            before = group.original.get(key)
            contents[key] = self.new_content() if place == changed or before is None else before
        delay = 0.0
        for key, content in sorted(contents.items(), key=lambda item: item[0] != group.keys[changed]):
            self.world.after(delay, self._doing(self.upload, group, key, content))
            delay += 1.0 + self.rng.choice((0.0, 0.0, 300.0, 6000.0)) * self.rng.random()
        if group.marker:
            self.world.after(delay + 2.0, self._doing(self.upload, group, group.marker))
        claimed = self._claimed(group)
        if claimed <= self.promises.done.keys() and self.world.plan.completion != "quiet":
            self.world.after(delay + 3.0, self._doing(self._corrected, group, contents, group.edits, claimed))

    def _claimed(self, group: Group) -> set[tuple[str, int]]:
        return {place[:2] for place in self.promises.claims if place[0] == group.gid}

    def _corrected(self, group: Group, contents: dict[str, Content], edits: int, claimed: set[tuple[str, int]]) -> None:
        """All of it is there; it counts unless something else went on with the group meanwhile."""
        if group.edits == edits and self._claimed(group) == claimed:
            group.corrected = contents

    def _recount(self, group: Group, key: str) -> None:
        """One piece says that there is one more than the others say."""
        total = len(group.keys)
        if self.world.plan.naming != "part-of":
            return
        self.world.say(f"user deletes {key}")
        self.cos.remove(self.bucket, key)
        self.upload(group, key.replace(f"-of-{total}.", f"-of-{total + 1}."))

    def _at_output(self, group: Group, edit: str) -> None:
        bucket = self.promises.outputs
        mine = f"output/{group.name}"
        if edit in {"squat", "replace"}:
            key = f"{mine}.mp4"
            self.world.say(f"user puts something of their own at {key}")
            self.cos.write(bucket, key, content=self.new_content())
            return
        for key in [key for key in self.cos.shelves[bucket].current if key.startswith(mine)]:
            self.world.say(f"user deletes {key}")
            self.cos.remove(bucket, key)


def size_of(plan: Plan) -> str:
    """Which class of the mix a plan belongs to."""
    return "up to 3" if plan.most <= 3 else "up to 12" if plan.most <= 12 else "up to 40"
