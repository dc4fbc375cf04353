"""G3: a person who says retry is heard."""

from __future__ import annotations

from collections.abc import Callable

from cosconcat.model import gid_of
from tests.simulation.promises.known import Known


def asked_again(known: Known, group: str) -> Callable[[str], None]:
    """A person says retry: what is to be made of the answer."""
    gid, began = gid_of(group), known.world.now
    records = _records_of(known, gid)

    def answered(action: str) -> None:
        if action not in {"kept", "gave-up"} or _records_of(known, gid) != records:
            return
        if any(at >= began for at in known.spoiled.values()):
            return  # the output went just then
        last = max((rev for name, rev in known.done if name == gid), default=0)
        if not last or _stands(known, gid):
            return
        known.world.fail(f"G3: a person said retry to {group}, and nothing was tried: {action} as before")

    return answered


def _records_of(known: Known, gid: str) -> int:
    return sum(place[0] == gid for table in (known.claims, known.ends, known.done) for place in table)


def _stands(known: Known, gid: str) -> bool:
    """Whether an output of what was joined of the group is there as it was verified."""
    joined = {place for place, done in known.done.items() if place[0] == gid and done["outcome"] == "joined"}
    proofs = [end["proof"] for place, end in known.ends.items() if place[:2] in joined and end["proof"]]
    there = known.cos.shelves[known.outputs].current
    return any(proof["key"] in there and there[proof["key"]].info.etag == proof["etag"] for proof in proofs)
