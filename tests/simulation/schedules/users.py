"""The people who upload: groups in their conventions, and what people do to them at the worst moment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

from tests.simulation.models.functions import Functions
from tests.simulation.models.losses import odd_piece, tiny_piece
from tests.simulation.models.objects import Content, CosModel
from tests.simulation.models.world import EPOCH, World
from tests.simulation.plan import Plan
from tests.simulation.promises import names
from tests.simulation.promises.groups import Group
from tests.simulation.promises.safety import Promises
from tests.support.joins import recording

EDITS = (
    "overwrite", "overwrite", "overwrite", "back-and-forth", "back-and-forth", "delete", "again", "all-again",
    "all-new", "late", "recount", "correct", "correct", "take-output", "start-over", "squat", "replace", "retry",
    "retry", "relist",
)  # fmt: skip
RECORDS = ("claim", "job", "end", "done")  # an edit waits for one of these to be written,
EFFECTS = ("posted", "read", "succeeded", "head", "tagged", "copied", "removed")  # for one of these to happen,
MOMENTS = (*RECORDS, *EFFECTS, "", "")  # or for nothing in particular
INTRO = "brand/intro.mp4"  # what several recordings may begin with
SHARED = "output/shared.mp4"  # where the manifests of several groups may want their result


class Users:
    """Uploads and edits, planned from the seed; `functions` hear of every object that comes to be."""

    undisturbed = ()  # nothing here is cut at gaps

    def __init__(self, world: World, cos: CosModel, promises: Promises, bucket: str, functions: Functions) -> None:
        self.world = world
        self.cos = cos
        self.latest = promises.latest
        self.promises = promises
        self.bucket = bucket
        self.functions = functions
        self.rng = world.streams.stream("users", 0)
        self.contents = 0
        self.pending: list[tuple[str, str, Group, str]] = []  # moment, gid, group, edit
        self.last: dict[str, int] = {}
        self.groups = [self._group(number) for number in range(world.plan.groups)]
        self.intro = self.new_content()
        if any(group.intro for group in self.groups):
            self.doing(self.cos.write, bucket, INTRO, content=self.intro)()
        promises.listeners.append(self._on_record)
        functions.on_retry = promises.asked_again
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
            return Group(name, keys)
        if plan.naming == "timestamp":
            keys = [names.by_time(f"g{number}/cam", rng.randrange(60) + 60 * i) for i in range(size)]
            if plan.takes:  # the last begins just before its hour ends
                keys = [names.by_time(f"g{number}/cam", 3590 - plan.takes * ago) for ago in (1, 0)]
            if plan.spellings:
                keys = [names.spelled_otherwise(key) if at % 2 else key for at, key in enumerate(keys)]
            return Group(f"g{number}/cam_{names.HOUR}0000Z", keys)
        name = f"g{number}"
        first = int(plan.first or first)
        keys = [f"fragments/{name}/{first + i}.mp4" for i in range(size)]
        if plan.completion == "manifest":
            return self._with_manifest(name, keys)
        return Group(name, keys, f"fragments/{name}/_DONE" if plan.completion == "marker" else "")

    def _with_manifest(self, name: str, keys: list[str]) -> Group:
        group = Group(name, keys, f"fragments/{name}/manifest.json")
        group.listed = self.rng.sample(keys, len(keys))
        group.intro = INTRO if self.rng.random() < 0.3 else ""
        group.output = SHARED if self.rng.random() < 0.3 else ""
        group.disturbed = bool(group.output)  # by others who want the same key
        return group

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
            self._plan_upload(group, key, moment)
        if group.marker:
            early = rng.random() < 0.1
            group.disturbed |= early  # it is not whole then, and the report says so
            self.world.at(start if early else moments[-1] + 1.5, self.doing(self.upload, group, group.marker))

    def _plan_upload(self, group: Group, key: str, moment: float) -> None:
        """One piece at its moment; a recorder uploads when a piece ends, and people forget the first one."""
        plan = self.world.plan
        if plan.takes:
            moment = names.begins_at(key) + plan.takes
        if plan.first and key.endswith("/0.mp4") and len(group.keys) > 1:
            if plan.seed % 4 == 1:
                return
            moment += 1500.0 * (plan.seed % 2)
        self.world.at(moment, self.doing(self.upload, group, key))
        if plan.spellings:  # COS tells of it again, long after the hour
            self.world.at(names.HOUR_ENDS + 1200 + plan.seed % 600, self.doing(self.functions.uploaded, key))

    def _plan_edits(self, group: Group) -> None:
        rng = self.rng
        while self.world.plan.faults["edit"] and rng.random() < 0.75 and len(self.pending) < 6:
            edit, moment = rng.choice(EDITS), rng.choice(MOMENTS)
            if rng.random() < 0.25:  # where each mode of cleaning up is most sensitive
                moment = {"expire": "tagged", "trash": "copied"}.get(self.world.plan.cleanup, moment)
            if (edit == "squat" and self.world.plan.single != "copy") or not moment:
                self.world.at(EPOCH + 120 * rng.random() ** 2, self.doing(self.edit, group, edit))
            else:
                self.pending.append((moment, group.gid, group, edit))
        if self.pending:
            self.world.on_moment = self._on_effect

    def _on_record(self, what: str, body: dict[str, Any], gid: str) -> None:
        for group in self.groups if what == "end" and body["next"] == "clean" else ():
            if group.gid == gid:
                self._fill_tags(group, body["proof"]["key"])
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
        self.world.after(delay, self.doing(self.edit, entry[2], entry[3]))

    def doing(self, action: Callable[..., object], *arguments: object, **named: object) -> Callable[[], None]:
        """What a user does at its moment; nothing once all is calm."""

        def act() -> None:
            if self.world.calm:
                return
            self.promises.user = True
            try:
                action(*arguments, **named)
            finally:
                self.promises.user = False

        return act

    # -- what users do ------------------------------------------------------------------------------------------------

    def upload(self, group: Group, key: str, content: Content | None = None) -> None:
        """Put an object, not twice within one second: LastModified has no finer grain and A-B-A could not be seen."""
        now = int(self.world.now)
        if self.last.get(key, 0) >= now:
            self.world.at(self.last[key] + 1, self.doing(self.upload, group, key, content))
            return
        self.last[key] = now
        if key == group.marker:
            self.world.say(f"user uploads {key} {group.listed or ''}")
            self.cos.write(self.bucket, key, body=self._marker(group))
        else:
            content = content or self.new_content()
            group.original.setdefault(key, content)
            self.world.say(f"user uploads {key} ({content.etag[-4:]})")
            self.cos.write(self.bucket, key, content=content)
            self.latest[key] = (content.etag, self.world.now)
        self.functions.uploaded(key)

    def _marker(self, group: Group) -> bytes:
        """What the object holds that says that the group is whole."""
        if not group.listed:
            return b""
        self.promises.manifests[group.name].append([*filter(None, [group.intro]), *group.listed])
        said = {"fragments": [{"key": key} for key in group.listed]}
        return json.dumps(
            {
                **said,
                **({"intro": group.intro} if group.intro else {}),
                **({"output": group.output} if group.output else {}),
            }
        ).encode()

    def _fill_tags(self, group: Group, key: str) -> None:
        """Ten tags of the user's own are on the output before ours come; later they go, and the user says retry."""
        output = self.cos.shelves[self.promises.outputs].current.get(key)
        if output is None or not self.world.happens("tags-full"):
            return
        group.disturbed = True
        output.tags = {f"own-{number}": "" for number in range(10)}
        self.world.say(f"user puts ten tags on {key}")

        def empty() -> None:
            output.tags = {}
            self.edit(group, "retry", surely=True)

        self.world.after(60.0 + 240.0 * self.world.chance.random(), self.doing(empty))

    def new_content(self) -> Content:
        """Something nobody has uploaded before; now and then uploaded in several parts, which shows in the ETag, and
        where joins are direct now and then of another size than the others.
        """
        self.contents += 1
        rng = self.rng
        etag = f"{self.contents:032x}" + ("-2" if rng.random() < 0.2 else "")
        apart = Random(self.contents * 7919 + self.world.plan.seed)  # known schedules stay what they were
        height, configuration = 720, 0
        if self.world.plan.direct and rng.random() < 0.05:
            height = 960
            self.world.injected["unlike"] += 1
        elif self.world.plan.direct and self.world.plan.by_streams and apart.random() < 0.05:
            configuration = 1
            self.world.injected["unlike"] += 1
        seconds, size = round(5 + 55 * rng.random(), 2), 100_000 + rng.randrange(2)
        often_unlike = self.world.plan.faults.get("unlike-pieces", 0.0)
        if often_unlike:
            height, size = 960 if apart.random() < often_unlike else 720, 100_000
        if not self.world.plan.direct and apart.random() < 0.02:
            self.world.injected["odd piece"] += 1
            return Content(etag, odd_piece(seconds, size, apart), odd=True)
        return self._learned_later(Content(etag, recording(seconds, size, height), (), configuration))

    def _learned_later(self, ordinary: Content) -> Content:
        """The content, unless the plan makes it one of those that a single rule of the proof is about."""
        world, plan = self.world, self.world.plan
        media = ordinary.media
        chosen = self.contents == 1 + plan.seed % 3  # one of a kind, as what many pieces are like is no outlier
        if plan.faults["jumping-clock"] and not plan.direct:
            media = media._replace(format="mpegts", size=round(20_000 * (media.duration or 1.0)))
            if chosen and world.happens("jumping-clock"):
                return replace(ordinary, media=media._replace(size=4 * media.size), odd=True)
        elif chosen and plan.overlap and world.happens("transitions"):
            return replace(ordinary, media=recording(float(plan.overlap), media.size), odd=True)
        elif chosen and plan.verify != "size" and world.happens("tiny-piece"):
            return replace(ordinary, media=tiny_piece(media.size), odd=True)
        if chosen and world.happens("unreadable-piece"):
            return replace(ordinary, unreadable=True)
        if world.happens("untold-sound"):
            shown, heard = media.streams
            media = media._replace(streams=(shown, heard._replace(duration=None)))
        return replace(ordinary, media=media)

    def edit(self, group: Group, edit: str, *, surely: bool = False) -> None:
        """One thing that a user should perhaps not have done."""
        if not surely and not self.world.happens("edit"):
            return
        rng = self.rng
        if edit == "retry":  # which disturbs nothing
            self.world.injected["edit: retry"] += 1
            self.promises.retried.add(group.name)
            self.functions.retry(group.name)
            return
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
            "relist": lambda: self._relist(group),
        }.get(edit, lambda: self._at_output(group, edit))()

    def _back_and_forth(self, group: Group, key: str) -> None:
        """A-B-A."""
        self.upload(group, key)
        before = group.original[key]
        self.world.after(1 + 80 * self.rng.random() ** 2, self.doing(self.upload, group, key, before))

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
            self.world.after(2.0, self.doing(self.upload, group, group.marker))

    def _late(self, group: Group) -> None:
        plan, count = self.world.plan, len(group.keys)
        if plan.naming == "part-of":
            late = f"fragments/{group.name}.part{count + 1}-of-{count + 1}.mp4"
        elif plan.naming == "timestamp":
            late = names.by_time(group.name.partition("_")[0], self.rng.randrange(3600))
            late = names.spelled_otherwise(late) if plan.spellings and plan.seed % 2 else late
        else:
            last = max(int(key.rsplit("/", 1)[1].removesuffix(".mp4")) for key in group.keys)
            late = f"fragments/{group.name}/{last + 1}.mp4"
        self.upload(group, late)
        if group.marker and self.rng.random() < 0.5:
            if group.listed and late not in group.listed:
                group.listed = [*group.listed, late]
            self.world.after(2.0, self.doing(self.upload, group, group.marker))

    def _relist(self, group: Group) -> None:
        """The manifest says something else: another order, perhaps without a piece."""
        if group.listed:
            group.listed = self.rng.sample(group.listed, max(1, len(group.listed) - self.rng.randrange(2)))
            self.upload(group, group.marker)

    def _correct(self, group: Group) -> None:
        """Everything is uploaded once more, at leisure, and one piece, the first to come, is another."""
        keys = group.listed or group.keys
        changed = self.rng.randrange(len(keys))
        contents = {}
        for place, key in enumerate(keys):
            before = group.original.get(key)
            contents[key] = self.new_content() if place == changed or before is None else before
        delay = 0.0
        for key, content in sorted(contents.items(), key=lambda item: item[0] != keys[changed]):
            self.world.after(delay, self.doing(self.upload, group, key, content))
            delay += 1.0 + self.rng.choice((0.0, 0.0, 300.0, 1.5 * self.world.plan.stale)) * self.rng.random()
        if group.marker:
            self.world.after(delay + 2.0, self.doing(self.upload, group, group.marker))
        claimed = self._claimed(group)
        if claimed <= self.promises.done.keys() and self.world.plan.completion != "quiet":
            self.world.after(delay + 3.0, self.doing(self._corrected, group, contents, group.edits, claimed))

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
        mine = group.output.removesuffix(".mp4") or f"output/{group.name}"
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
