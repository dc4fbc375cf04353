"""No set is joined, or cleaned up, beside a piece that belongs to it and has been there for long. For a while LIST may
hide one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from tests.simulation.promises import names, recordings
from tests.simulation.promises.known import Known

MOST_REJOINED = 2  # times that late pieces make a recording in flight begin anew


def meanwhile(known: Known, place: tuple[str, int, int]) -> Iterator[str]:
    """An attempt ends with `clean`: nothing that belongs to its set may have been there for long."""
    claim = known.claims[place]
    if known.world.plan.naming == "part-of" or known.world.plan.completion == "manifest":
        return
    if known.world.plan.completion == "gap":
        yield from _within(known, place)
        return
    before = known.joined_before(*place[:2]) if known.world.plan.completion == "quiet" else set()
    corrected = {piece[0] for piece in before} & {piece[0] for piece in known.pieces(claim) - before}
    if corrected:  # then what was uploaded since belongs to it, though the bytes are those of before
        there = known.cos.shelves[known.inputs].current
        uploads = known.uploads_joined_before(*place[:2])
        still = {key for key, thing in there.items() if (key, thing.info.last_modified) in uploads}
        before = {piece for piece in before if piece[0] in still}
    newcomer = beside(known, claim, before)  # what was joined before may lie there still
    if newcomer:
        yield f"end {place}: clean, although {newcomer} has come meanwhile"


def beside(known: Known, claim: dict[str, Any], joined: Collection[tuple[str, str, int]] = ()) -> str | None:
    """A piece of the claim's group that is not in it, nor was `joined`, and that lay there for long when the group was
    listed.
    """
    claimed = {f["object"]["key"] for f in claim["set"]["fragments"]}
    seen = known.world.actor.seen if known.world.actor else {}
    beginning = claim["group"].partition("_")[0] + ("/" if known.world.plan.naming == "folder" else "_")
    listed = max((at for what, at in seen.items() if what.startswith(f"LIST fragments/{beginning}")), default=0.0)
    lag = 61 if known.world.plan.faults["list-lag"] else 1
    for key, thing in known.cos.shelves[known.inputs].current.items():
        found = names.read(key)
        if found is None or found.group != claim["group"] or key in claimed:
            continue
        if (key, thing.info.etag, thing.info.size) not in joined and thing.created < listed - lag:
            return key
    return None


def _within(known: Known, place: tuple[str, int, int]) -> Iterator[str]:
    """No piece that starts within a recording, and that nobody owns, was there for long when it was looked for; unless
    others came before it, which would cut the whole elsewhere.
    """
    claim = known.claims[place]
    own = [named for f in claim["set"]["fragments"] if (named := recordings.read(f["object"]["key"]))]
    plan, actor = known.world.plan, known.world.actor
    if not own or claim["rejoined"] >= MOST_REJOINED or plan.mixed or plan.seed % 7 == 0 or actor is None:
        return
    beginning = f"LIST fragments/{own[0].source}"
    listed = max((at for what, at in actor.seen.items() if what.startswith(beginning)), default=0.0)
    owned = {version for other in known.claims.values() for version in recordings.versions(other)}
    late = {
        named: thing.created
        for key, thing in known.cos.shelves[known.inputs].current.items()
        if (named := recordings.read(key)) and named.source == own[0].source and (key, thing.info.etag) not in owned
    }
    before = any(own[0].start - recordings.LONGEST - recordings.GAP < named.start <= own[0].start for named in late)
    starts = {named.start for named in own}  # what was put in the place of a piece since its HEAD is kept by clean-up
    within = [
        named
        for named, at in late.items()
        if own[0].start < named.start < own[-1].start and named.start not in starts and at < listed - 61
    ]
    if within and not before:
        yield f"end {place}: clean, although {within[0]} has come meanwhile"


def marker_changed(known: Known, place: tuple[str, int, int]) -> Iterator[str]:
    """What declared the set whole must not say something else by now; between two looks it may change."""
    claim = known.claims[place]
    marker = claim["set"]["marker"]
    if marker is None:
        return
    there = known.cos.shelves[known.inputs].current.get(marker["key"])
    seen = known.world.actor.seen if known.world.actor else {}
    looked = min(seen.get(fragment["object"]["key"], 0.0) for fragment in claim["set"]["fragments"])
    own = seen.get(marker["key"], 0.0)  # looked at in any order among the fragments
    if own >= max((work.ended for work in known.works(place)), default=0.0):
        looked = min(looked, own)
    if there is not None and there.info.etag != marker["etag"] and there.created < looked:
        yield f"end {place}: clean, although {marker['key']} says something else by now"
