"""G2: what was joined is joined once, and no second job runs for a content while the first may still succeed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.simulation.models.jobs import LIVE, Work
from tests.simulation.models.objects import Thing
from tests.simulation.promises import recordings
from tests.simulation.promises.known import Known


def older_version(known: Known, place: tuple[str, int, int], claim: dict[str, Any]) -> Iterator[str]:
    """What was joined from a key is not followed by an older version, which shows once the joined one is gone; unless
    it is the same content, of which the output is gone as well.
    """
    pieces = {f["object"]["key"]: f["object"] for f in claim["set"]["fragments"]}
    if claim["group"] in known.retried:  # a person's wish
        return
    for (gid, rev, n), before in known.claims.items():
        if gid != place[0] or rev >= place[1] or n > 1 or known.done.get((gid, rev), {}).get("outcome") != "joined":
            continue
        gone = not any(_stands(known, end) for at, end in known.ends.items() if at[:2] == (gid, rev) and end["proof"])
        for joined in (fragment["object"] for fragment in before["set"]["fragments"]):
            now = pieces.get(joined["key"])
            if now and now["last_modified"] < joined["last_modified"] and not (gone and now["etag"] == joined["etag"]):
                yield f"G2: claim {place} joins a version older than the one joined before"


def rest_again(known: Known, place: tuple[str, int, int], claim: dict[str, Any]) -> Iterator[str]:
    """What is left of a joined group may look whole again; all of it is in the output that stands."""
    if known.world.plan.completion == "manifest" or any(_manifest(claim)):
        return  # a manifest says itself what it wants
    pieces = {(o["key"], o["etag"]) for o in known.joined(claim)}
    for (gid, rev, n), end in known.ends.items():
        if gid != place[0] or end["next"] != "clean" or known.done.get((gid, rev), {}).get("outcome") != "joined":
            continue
        if not _stands(known, end):
            continue
        held = {(o["key"], o["etag"]) for o in known.joined(known.claims[gid, rev, n])}
        if known.stands_before((gid, rev), place[1]) and pieces <= held:
            yield f"G2: claim {place} joins again what rev {rev} holds"


def _stands(known: Known, end: dict[str, Any]) -> bool:
    """Whether the output that was proven is there."""
    output = known.cos.shelves[known.outputs].current.get(end["proof"]["key"])
    return output is not None and output.info.etag == end["proof"]["etag"]


def again_unasked(known: Known, place: tuple[str, int, int], claim: dict[str, Any]) -> Iterator[str]:
    """What was joined is joined again only if it was uploaded since, or a person asks for it: whoever throws an output
    away does not want another.
    """
    gid, rev, n = place
    if n > 1 or claim["group"] in known.retried or known.world.plan.completion == "gap":
        return
    pieces, current = known.pieces(claim), known.cos.shelves[known.inputs].current
    ended = [before for before, done in known.done.items() if done["outcome"] != "superseded"]
    last = next((before for before in ended if before[0] == gid and known.stands_before(before, rev)), None)
    things = [current.get(o["key"]) for o in known.joined(claim)]
    if last is None or not all(thing is not None and thing.created < known.done[last]["at"] - 1 for thing in things):
        return
    taken: set[str] = set()  # keys of which something was joined later
    for other in range(last[1], 0, -1):
        if known.done.get((gid, other), {}).get("outcome") == "joined":
            held = known.pieces(known.claims[gid, other, 1])
            another_wish = any(_manifest(claim)) and _manifest(claim) != _manifest(known.claims[gid, other, 1])
            if pieces <= held and not taken & {key for key, _, _ in pieces} and not another_wish:
                yield f"G2: claim {place} joins again what rev {other} joined, and nobody asked for it"
            taken |= {key for key, _, _ in held}
        if known.world.plan.completion != "quiet":
            return


def _manifest(claim: dict[str, Any]) -> tuple[str, str]:
    """Key and ETag of the manifest by which a set is whole, which says itself what it wants; empty without one."""
    marker = claim["set"].get("marker") or {"key": "", "etag": ""}
    return (marker["key"], marker["etag"]) if marker["key"].endswith("manifest.json") else ("", "")


def in_two_recordings(
    known: Known, place: tuple[str, int, int], claim: dict[str, Any], others: dict[str, Work]
) -> Iterator[str]:
    """No piece is in two jobs of which the first may still succeed, may be cleaned up, or was joined."""
    yield recordings.claim_problem(known, claim, place)
    mine = recordings.versions(claim)
    for other in others.values():
        theirs = known.tokens.get(other.user_data)
        if theirs is None or theirs[:2] == place[:2] or not mine & recordings.versions(known.claims[theirs]):
            continue
        end = known.ends.get(theirs, {})
        then = end.get("next")
        done = known.done.get(theirs[:2], {}).get("outcome")
        asked = {claim["group"], known.claims[theirs]["group"]}
        if other.state in LIVE:
            yield f"G2: job {place} beside that of {theirs}, which is {other.state}"
        elif then == "clean" and asked & known.retried and not _stands(known, end):
            continue  # its output is gone, and a person asks for another, of what is left
        elif other.state == "Success" and (then is None or (then == "clean" and done != "kept")):
            yield f"G2: job {place} joins again what {theirs} joined"


def in_two_jobs(
    known: Known, place: tuple[str, int, int], claim: dict[str, Any], others: dict[str, Work]
) -> Iterator[str]:
    """No job is beside, or after, another one for the same content that may lead to its output, or has."""
    for other in others.values():
        theirs = known.tokens.get(other.user_data)
        if theirs and theirs[0] == place[0] and known.claims[theirs]["fingerprint"] == claim["fingerprint"]:
            yield from _second(known, place, other, theirs)


def _second(known: Known, place: tuple[str, int, int], other: Work, theirs: tuple[str, int, int]) -> Iterator[str]:
    if other.state in LIVE:
        yield f"G2: second job for one content, the first ({theirs}) is {other.state}"
    elif other.state == "Success":
        end = known.ends.get(theirs, {})
        then = end.get("next")
        if then in {None, "retry"} and not known.forgotten([other], "retry"):
            yield f"G2: second job for one content, the first ({theirs}) succeeded and was not looked at"
        output = known.cos.shelves[known.outputs].current.get(other.resolved)
        whole = output is not None and output.info.etag == other.etag
        if then == "clean" and whole and known.stands_before(theirs[:2], place[1]):
            outcome = known.done.get(theirs[:2], {}).get("outcome")
            resumable = place[2] == 1 and outcome == "kept" and _could_resume(known, theirs, output)
            if outcome == "joined" or resumable:  # whoever goes on after a failed job decided with the first claim
                yield f"G2: second job for a content whose join is there ({theirs})"


def _could_resume(known: Known, place: tuple[str, int, int], output: Thing | None) -> bool:
    """Whether a clean-up that was not carried out could be now: a person asked, and nobody has uploaded since."""
    claim, done = known.claims[place], known.done[place[:2]]
    current = known.cos.shelves[known.inputs].current
    things = [current.get(o["key"]) for o in known.joined(claim)]
    there = all(thing is not None and thing.created < done["at"] - 1 for thing in things)
    return there and claim["group"] in known.retried and output is not None and len(output.tags) < 5
