"""G1: no content is lost. An input is removed only while a verified output holds that very version of it, and nothing
is overwritten by other content.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cosconcat.model import ObjectInfo
from tests.simulation.models.objects import Sight, Thing
from tests.simulation.promises import names
from tests.simulation.promises.known import Known

FRESH_SECONDS = 10  # docs/internals/proofs.md: no DELETE is sent longer after the HEAD that it rests on


def overwritten(known: Known, key: str, thing: Thing, before: Thing) -> Iterator[str]:
    """We, or a job of ours, put an object in the place of `before`."""
    same = before.content is thing.content or (
        before.content is not None and thing.content is not None and before.info.etag == thing.info.etag
    )
    if same:
        return
    if thing.content is not None and thing.content.copied:
        yield f"G1: {key}: what lay there was overwritten by a copy"
    looked = known.ci.looked.get(key, 0.0)
    if not known.by_user.get(key) or before.created < looked:
        yield f"G1: {key}: what lay there was overwritten by other content"
    known.world.reached["not promised: put at the output's key while the job runs"] += 1


def removed(known: Known, bucket: str, thing: Thing, sight: Sight) -> Iterator[str]:
    """We removed an object, after having looked at what `sight` says."""
    key, cleanup = thing.info.key, known.world.plan.cleanup
    if key.startswith(".concat/open/"):
        gid, rev = key[13:45], int(key[46:])
        if (gid, rev) not in known.done:
            yield f"{key}: index entry removed before done"
    elif key.startswith(".concat/"):
        yield f"{key}: record deleted"
    elif bucket != known.inputs or not key.startswith("fragments/"):
        yield f"{key}: not an input, yet removed"
    elif cleanup in {"keep", "expire"} or known.keeps:
        yield f"G1: {key}: removed under CONCAT_CLEANUP={cleanup}"
    elif thing.content is None:
        yield from _marker(known, thing, sight)
    else:
        yield from _piece(known, thing, sight)
    looked_at = thing.created <= sight.seen.get(key, 0.0)  # not what was put there between the HEAD and the DELETE
    if bucket == known.inputs and thing.content is not None and looked_at:
        yield from _of_another_group(known, thing)


def _piece(known: Known, thing: Thing, sight: Sight) -> Iterator[str]:
    """It is what was looked at just before, a verified output holds it, and with `trash` a copy is there."""
    key = thing.info.key
    if _put_since(known, thing, sight):
        again = held(known, thing, sight.seen)
        what = "the same put again" if again else "overwritten"
        known.world.reached[f"not promised: {what} between last HEAD and DELETE"] += 1
    elif not held(known, thing, sight.seen):
        yield f"G1: {key} ({thing.info.etag[-4:]}) removed, but no verified output holds it"
    elif known.world.plan.cleanup == "trash" and not _in_trash(known, thing):
        yield f"G1: {key}: removed, but it is not in the trash"


def _put_since(known: Known, thing: Thing, sight: Sight) -> bool:
    """Whether it was put there between a HEAD that was fresh and the DELETE, which takes what lies there then."""
    versioned = known.cos.shelves[known.inputs].versioned
    return thing.created > sight.seen.get(thing.info.key, 0.0) >= sight.sent - FRESH_SECONDS and not versioned


def held(known: Known, thing: Thing, seen: Mapping[str, float]) -> bool:
    """Whether a verified output that is still there holds this content at this key."""
    key = thing.info.key
    for end in known.ends.values():
        proof = end.get("proof")
        if end["next"] != "clean" or not proof:
            continue
        output = known.cos.shelves[known.outputs].current.get(proof["key"])
        if output is None or output.info.etag != proof["etag"]:
            looked = seen.get(proof["key"], 0.0)
            if known.spoiled.get(proof["key"], 0.0) > looked >= end["at"]:
                return True  # a user took the output away after we had looked once more
            continue
        joined = output.content.joined if output.content else ()
        if any(name == key and content.etag == thing.info.etag for name, content in joined):
            return True
    return False


def _in_trash(known: Known, thing: Thing) -> bool:
    """Whether a copy is there; what was uploaded in parts has another ETag there, but lasts as long."""
    name = f"trash/{thing.info.key.removesuffix('.mp4')}"
    copies = (t for key, t in known.cos.shelves[known.inputs].current.items() if key.startswith(name) and t.content)
    media = thing.content.media if thing.content else None
    return any(copy.content is not None and copy.content.media == media for copy in copies)


def _marker(known: Known, thing: Thing, sight: Sight) -> Iterator[str]:
    """A marker is removed last: nothing that it declared whole lies there any more."""
    key, etag = thing.info.key, thing.info.etag
    if _put_since(known, thing, sight):
        known.world.reached["not promised: a marker put between last HEAD and DELETE"] += 1
        return
    for place, claim in known.claims.items():
        marker = claim["set"]["marker"]
        if (
            marker
            and (marker["key"], marker["etag"]) == (key, etag)
            and known.ends.get(place, {}).get("next") == "clean"
        ):
            current = known.cos.shelves[known.inputs].current
            for piece in (f["object"] for f in claim["set"]["fragments"]):
                named = names.read(piece["key"])
                if named is not None and named.group != claim["group"]:
                    continue  # a manifest listed it, and it is not the manifest's to remove
                there = current.get(piece["key"])  # the very upload that was joined; not the same bytes put again
                if (
                    there is not None
                    and there.info == ObjectInfo(**piece)
                    and not known.cos.shelves[known.inputs].versioned
                ):
                    yield f"{key}: removed before {piece['key']}"
            return
    yield f"{key}: a marker was removed although nothing it declared whole was joined"


def _of_another_group(known: Known, thing: Thing) -> Iterator[str]:
    """A piece is removed only because a content of its own group holds it, whatever others list."""
    if not known.world.plan.hostile:
        return
    named, version = names.read(thing.info.key), (thing.info.key, thing.info.etag)
    if named is None:
        return
    own = (claim for claim in known.claims.values() if claim["group"] == named.group)
    if not any(version == (key, etag) for claim in own for key, etag, _ in known.pieces(claim)):
        yield f"G6: {thing.info.key}: removed, but only another group joined it"


def left_behind(known: Known, gid: str, rev: int, claim: dict[str, Any], kept: dict[str, Any]) -> Iterator[str]:
    """`done` says joined: all that was joined is removed, but for what it says was `kept`."""
    if known.world.plan.cleanup not in {"delete", "trash"} or known.keeps or known.world.plan.versioned:
        return
    shelf = known.cos.shelves[known.inputs]
    for fragment in claim["set"]["fragments"]:
        info = fragment["object"]
        now = shelf.current.get(info["key"])
        same = now is not None and now.info.etag == info["etag"] and now.info.last_modified == info["last_modified"]
        if same and info["key"] not in kept:
            yield f"done {gid[:4]}/{rev} says joined, but {info['key']} was not removed"


def expiring(known: Known, claim: dict[str, Any]) -> Iterator[str]:
    """What bears the lifecycle rule's tag is as good as removed, so an output must hold it."""
    for fragment in claim["set"]["fragments"]:
        thing = known.cos.shelves[known.inputs].current.get(fragment["object"]["key"])
        if thing is None or not thing.tags or (tagger := thing.tagger) is None:
            continue
        if not tagger.finished or (tagger.failed and thing.info.key in tagger.unseen):
            continue  # whoever is not at its end may still look again; if it dies or gets no answer, the sweep does
        if (thing.info.key, thing.info.etag) not in known.taken and not held(known, thing, {}):
            yield f"G1: {thing.info.key} is marked to expire, but no verified output holds it"
