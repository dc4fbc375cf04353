"""A whole group against the newest content that its records hold: the one step that follows. Pure.

Each function is a table, read from top to bottom; the first line that fits is the step. `docs/internals/protocol.md`
shows the same table in words. `run.py` carries the steps out.
"""

from __future__ import annotations

from typing import NamedTuple

from cosconcat.model import FragmentSet, Result
from cosconcat.naming.convention import Convention
from cosconcat.naming.keys import ManifestName
from cosconcat.records.records import Claim, Content, Done


class WholeGroup(NamedTuple):
    """What is known of a group whose set is whole. `None` means: not looked at yet."""

    fragments: FragmentSet  # the whole set as it was seen now
    key: str  # where its output would go, as the API takes it
    forced: bool = False  # a person said retry: what was given up is begun anew
    newest: Content | None = None  # the group's newest content
    no_records: bool = False  # its records were looked for: there are none
    standing: Content | None = None  # the newest content that did not end superseded
    helped: bool = False  # the content in flight was helped along just now
    still_proven: bool | None = None  # whether the output of what was joined is the one that was proven
    occupied: bool | None = None  # whether something lies at the output's key
    ours: bool | None = None  # whether that bears this set's fingerprint
    late_apart: bool = False  # what comes after it was joined is a recording of its own: Config.late_apart
    joined: tuple[Claim, ...] | None = None  # the contents of the group that were joined, the newest first


class HeadOutput(NamedTuple):
    """Look whether something lies at the output's key."""


class ReadRecords(NamedTuple):
    """Look for the group's newest content."""


class ReadTags(NamedTuple):
    """Look whether what lies at the output's key is this very content, joined."""


class ReadStanding(NamedTuple):
    """Read back from this content to the one that did not end superseded."""

    newest: Content


class ReadJoined(NamedTuple):
    """Read all that was joined of the group, up to this rev."""

    rev: int


class JoinLate(NamedTuple):
    """Go on with these pieces alone: the others were joined before."""

    late: FragmentSet


class RunContent(NamedTuple):
    """Help the content in flight one step further; `final`: what comes of it is the answer."""

    rev: int
    final: bool


class RemoveReuploads(NamedTuple):
    """What these joins hold lies there again: remove it, if each of their outputs is still the one that was proven."""

    claims: tuple[Claim, ...]


class ResumeCleanup(NamedTuple):
    """Carry out the clean-up that was not, if its output is still the one that was proven."""

    claim: Claim


class ClaimContent(NamedTuple):
    """Choose the output's key, claim this rev, and submit its job if the claim is ours."""

    rev: int


Step = (
    HeadOutput | ReadRecords | ReadTags | ReadStanding | ReadJoined | JoinLate | RunContent | RemoveReuploads
    | ResumeCleanup | ClaimContent | Result
)  # fmt: skip


def next_step(seen: WholeGroup, convention: Convention) -> Step:
    """The one thing to do now; a `Result` says that there is nothing to do."""
    if seen.newest is None:
        return _without_claim(seen)
    if seen.newest.done is None:
        return _while_in_flight(seen, seen.newest)
    if seen.standing is None:
        return ReadStanding(seen.newest)
    if seen.standing.done is None:
        return _new_content(seen, seen.newest.rev + 1)
    return _after_done(seen, seen.newest.rev + 1, seen.standing, seen.standing.done.record, convention)


def _without_claim(seen: WholeGroup) -> Step:
    """No record is known. Most groups have none, so the output's key is looked at first: one call, not two."""
    if seen.occupied is None:
        return HeadOutput()
    if not seen.occupied:
        return ClaimContent(1)
    if not seen.no_records:  # most often it is our own earlier output
        return ReadRecords()
    if seen.ours is None:
        return ReadTags()
    if seen.ours:
        reason = "joined before, its records are gone; nothing removed"
        return Result(seen.fragments.group, "already-finished", reason, seen.key)
    return ClaimContent(1)


def _while_in_flight(seen: WholeGroup, newest: Content) -> Step:
    """The newest content is not done: no other is begun beside it."""
    claim = newest.claim.record
    same = claim.fingerprint == seen.fragments.fingerprint
    if newest.claim.age > claim.lease_seconds and not seen.helped:
        return RunContent(newest.rev, final=same)
    if same:
        return Result(claim.group, "already-submitted", f"rev {newest.rev} is being joined", claim.output_key)
    return Result(claim.group, "deferred", f"rev {newest.rev}, another content of this group, is in flight")


def _after_done(seen: WholeGroup, rev: int, last: Content, done: Done, convention: Convention) -> Step:
    """The last content is done. Where nothing was joined, that stands until new content comes or a person insists."""
    if done.outcome == "joined":
        return _after_joined(seen, rev, last, done, convention)
    same = last.claim.record.fingerprint == seen.fragments.fingerprint
    if not same and seen.late_apart and not seen.forced and last.rev > 1:
        apart = _apart_from_joined(seen, rev, last, done, convention)
        if apart is not None:
            return apart
    if same and seen.forced and done.outcome == "kept" and seen.still_proven is None:
        return ResumeCleanup(last.claim.record)
    if not same or done.outcome == "superseded" or seen.forced or _came_after(seen.fragments, last):
        return _new_content(seen, rev)
    reason = f"since earlier: {done.reason}"
    return Result(seen.fragments.group, done.outcome, reason, done.output, done.job)


def _after_joined(seen: WholeGroup, rev: int, last: Content, done: Done, convention: Convention) -> Step:
    """The last content was joined: its pieces may have come again, a rest of them may lie there, or new content."""
    claim, group = last.claim.record, seen.fragments.group
    same = claim.fingerprint == seen.fragments.fingerprint
    if not same and not is_subset_of_joined(seen.fragments, claim.set, convention):
        if convention.first == "any" and not seen.forced and _lie_within(seen.fragments, claim.set):
            reason = f"came after the end, and belongs in the middle of {done.output}, which was joined without it"
            return Result(group, "kept", reason, done.output, done.job)
        apart = _apart_from_joined(seen, rev, last, done, convention) if seen.late_apart and not seen.forced else None
        return apart if apart is not None else _beside_joined(seen, rev, last, done, convention)
    if seen.still_proven is None:
        return RemoveReuploads((claim,))
    if seen.forced or _came_after(seen.fragments, last):
        return _new_content(seen, rev)
    return _unproven(seen, done, done.output)


def _apart_from_joined(seen: WholeGroup, rev: int, last: Content, done: Done, convention: Convention) -> Step | None:
    """Quiet time may have been wrong about the end: what came late is joined alone, what was joined lies there again or
    still. None: nothing has to be set apart.
    """
    if seen.joined is None:
        return ReadJoined(last.rev)
    from cosconcat.groups.joined import holders, late_fragments, placed

    late = late_fragments(seen.fragments, [claim.set for claim in seen.joined], convention)
    if late is not None:
        return JoinLate(late) if len(late.fragments) < len(seen.fragments.fragments) else None
    holding = holders(placed(seen.fragments, convention), seen.joined, convention)
    if not holding:
        return None
    if seen.still_proven is None:
        return RemoveReuploads(tuple(holding))
    output = " or ".join(f"the output of rev {claim.rev}" for claim in holding)
    return _new_content(seen, rev) if _came_after(seen.fragments, last) else _unproven(seen, done, output)


def _unproven(seen: WholeGroup, done: Done, output: str) -> Result:
    reason = f"joined before, but {output} is no longer what was proven: nothing is removed"
    return Result(seen.fragments.group, "kept", reason, done.output, done.job)


def _beside_joined(seen: WholeGroup, rev: int, last: Content, done: Done, convention: Convention) -> Step:
    """Other content than what was joined: joined next, unless it is only a view of the past."""
    newer = asked_for_at(seen.fragments, convention) >= last.claim.written
    older = any(has_older_versions(seen.fragments, claim.set) for claim in seen.joined or (last.claim.record,))
    if seen.forced or (newer and not older):
        return _new_content(seen, rev)
    reason = "older than what was joined: a version that was overwritten came back, or LIST shows the past"
    return Result(seen.fragments.group, "kept", reason, done.output, done.job)


def _new_content(seen: WholeGroup, rev: int) -> Step:
    return HeadOutput() if seen.occupied is None else ClaimContent(rev)


def _lie_within(some: FragmentSet, joined: FragmentSet) -> bool:
    """Whether all that was not joined lies between the first and the last number that was: where numbers are only an
    order nobody had missed it. Other content under a key that was joined is a recording of its own.
    """
    known = {fragment.object.key: fragment.object for fragment in joined.fragments}
    numbers = [fragment.index for fragment in joined.fragments]
    late = [fragment.index for fragment in some.fragments if fragment.object.key not in known]
    again = (fragment.object for fragment in some.fragments if fragment.object.key in known)
    if not late or any(not one.same_content(known[one.key]) for one in again):
        return False
    return all(min(numbers) < number < max(numbers) for number in late)


def _came_after(fragments: FragmentSet, last: Content) -> bool:
    """Whether a piece was uploaded since the last content was closed."""
    return last.done is not None and fragments.newest > last.done.written


def asked_for_at(fragments: FragmentSet, convention: Convention) -> int:
    """When the newest of it was uploaded (epoch seconds). A manifest counts as well: another list is news in itself,
    however old the pieces are.
    """
    marker = fragments.marker
    listed = marker is not None and isinstance(convention.read(marker.key), ManifestName)
    return max(fragments.newest, marker.last_modified) if marker is not None and listed else fragments.newest


def has_older_versions(fragments: FragmentSet, joined: FragmentSet) -> bool:
    """Whether a piece is older than what was joined from its key: with versions, removing one shows the one before."""
    before = {f.object.key: f.object.last_modified for f in joined.fragments}
    return any(f.object.last_modified < before.get(f.object.key, 0) for f in fragments.fragments)


def is_subset_of_joined(some: FragmentSet, joined: FragmentSet, convention: Convention) -> bool:
    """Whether a whole group is but the rest of one that was joined: pieces that LIST still shows or could not be
    removed can look whole again, above all where a marker is left with them.

    Where time orders, places are counted anew without the pieces that are gone, so they do not compare. A manifest says
    itself what it wants: fewer pieces in another, or parts of them, are another wish.
    """
    if any(one.marker and isinstance(convention.read(one.marker.key), ManifestName) for one in (some, joined)):
        return False
    timed = convention.timed
    pieces, all_pieces = (
        {(0 if timed else f.index, f.object.key, f.object.etag, f.object.size) for f in one.fragments}
        for one in (some, joined)
    )
    return pieces <= all_pieces
