"""What a job joins: the pieces as they are, in the order of the convention, none left out, all of them alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cosconcat.model import ObjectInfo
from tests.simulation.models.jobs import Work
from tests.simulation.promises import names
from tests.simulation.promises.known import Known


def replaced(known: Known, place: tuple[str, int, int], claim: dict[str, Any]) -> Iterator[str]:
    """Only the very first job of a group may be for pieces that were replaced before its claim: by a stale LIST."""
    current = known.cos.shelves[known.inputs].current
    for piece in known.joined(claim) if place[1:] != (1, 1) else []:
        there = current.get(piece["key"])
        if there is not None and there.info.etag != piece["etag"] and there.created < claim["at"]:
            yield f"job {place} is posted for {piece['key']} as it was before its claim"


def out_of_order(known: Known, place: tuple[str, int, int], group: str, keys: tuple[str, ...]) -> Iterator[str]:
    """G5: order is the convention's, or the manifest's, and no number is missing."""
    listed = list(keys) in known.manifests.get(group, ())
    if known.world.plan.completion == "manifest" and not listed:
        yield f"G5: job {place} joins {keys}, which no manifest lists so"
    if listed:
        return
    pieces = [piece for piece in map(names.read, keys) if piece]
    places = [piece.place for piece in pieces]
    wanted = sorted(places)
    if known.world.plan.naming != "timestamp":
        held = _joined_places(known, place) - {*places} if known.world.plan.completion == "quiet" else set()
        wanted = [number for number in range(places[0], places[-1] + 1) if number not in held]
    if len(pieces) < len(keys) or places != wanted or len({*places}) < len(places):
        yield f"G5: job {place} joins {places}"
    if any(piece.total not in (None, len(keys)) for piece in pieces):
        yield f"job {place} joins {len(keys)} fragments of a group that is larger"


def _joined_places(known: Known, place: tuple[str, int, int]) -> set[int]:
    """The numbers that the group's contents before this one joined: late pieces may lie on both sides of them."""
    before = known.joined_before(place[0], place[1])
    return {found.place for key, _, _ in before if (found := names.read(key))}


def left_out(known: Known, place: tuple[str, int, int], claim: dict[str, Any]) -> Iterator[str]:
    """What belongs to the group and was there long before its claim is in it, however it is written."""
    if not known.world.plan.spellings or place[2] > 1:
        return
    joined = known.pieces(claim) | known.joined_before(*place[:2])
    for key, thing in known.cos.shelves[known.inputs].current.items():
        found, info = names.read(key), thing.info
        expected = (key, info.etag, info.size) in joined or not found or found.group != claim["group"]
        if not expected and thing.created < claim["at"] - 120:
            yield f"G2: job {place} is posted without {key}, which has been there for long"


def unlike(known: Known, place: tuple[str, int, int], work: Work, claim: dict[str, Any]) -> Iterator[str]:
    """What differs is not joined without transcoding, unless the configuration vouches for it."""
    if not work.direct or known.world.plan.direct == "trust":
        return
    current = known.cos.shelves[known.inputs].current
    things = [current.get(o["key"]) for o in known.joined(claim)]
    if any(t is None or t.info != ObjectInfo(**o) for t, o in zip(things, known.joined(claim), strict=True)):
        return  # changed since it was probed
    if len({thing.content.shape for thing in things if thing and thing.content}) > 1:
        yield f"job {place} joins fragments that differ without transcoding them"
