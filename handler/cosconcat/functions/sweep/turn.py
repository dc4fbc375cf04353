"""One group's turn in a round: judged by its own listing, joined if it is whole, otherwise helped along or reported."""

from __future__ import annotations

from functools import partial

from cosconcat.cleanup.finish import remove_reuploads
from cosconcat.functions.sweep.tally import Tally
from cosconcat.groups.joined import found_placed, holders
from cosconcat.groups.survey import fragments_there, survey
from cosconcat.groups.verdicts import Invalid, Verdict, Waiting, Whole
from cosconcat.model import Result, gid_of, iso_time
from cosconcat.protocol.run import reconcile_group, run_content
from cosconcat.services import Services


def take_turn(services: Services, tally: Tally, group: str, now: int) -> Result | None:
    """What was done, or what the group waits for; None when nothing of it is there. `now` is the service's clock."""
    verdict = survey(services, group)
    helped = _help(services, tally, group, verdict) if _deserves_help(services, verdict, now) else None
    if helped is not None:
        verdict = survey(services, group)
    if isinstance(verdict, Whole | Waiting) and verdict.note:
        tally.findings.add("gap", group, reason=verdict.note)
    if isinstance(verdict, Whole):
        result = reconcile_group(services, verdict.set)
        tally.note(result)
        return result
    if isinstance(verdict, Waiting):
        _report_waiting(services, tally, group, verdict, helped, now)
        return Result(group, "waiting", verdict.reason)
    if isinstance(verdict, Invalid):
        tally.findings.add("invalid", group, reason=verdict.reason)
        return Result(group, "invalid", verdict.reason)
    return None


def _report_waiting(
    services: Services, tally: Tally, group: str, verdict: Waiting, helped: Result | None, now: int
) -> None:
    age = now - verdict.since if verdict.since else 0
    if verdict.until > now:
        tally.findings.add("quiet", group, reason=verdict.reason, until=iso_time(verdict.until))
    elif helped is not None and helped.action == "kept":  # what is left is in the output
        tally.findings.add("kept", group, reason=helped.reason, output=helped.key)
    else:
        kind = "incomplete" if age >= services.config.stale_seconds else "arriving"
        what = {"missing": list(verdict.missing[:100]), "since": iso_time(verdict.since)}
        tally.findings.add(kind, group, reason=verdict.reason, **what)


def _deserves_help(services: Services, verdict: Verdict, now: int) -> bool:
    if isinstance(verdict, Waiting):
        return bool(verdict.since) and now - verdict.since >= services.config.stale_seconds
    return isinstance(verdict, Invalid)


def _help(services: Services, tally: Tally, group: str, verdict: Verdict) -> Result | None:
    """A group that is not whole may be the rest of one that was: pieces that were joined but could not be removed
    or came again alone, or a claim whose winner died before it entered the index. What was done, if anything was.

    Pieces that are inconsistent may be a new upload that has only begun: they stay until a person mends them.
    """
    content = services.ledger.newest_content(gid_of(group))
    if content is None:
        return None
    if content.done is not None:
        return None if isinstance(verdict, Invalid) else _remove_stragglers(services, tally, group, content.rev)
    if content.claim.age <= content.claim.record.lease_seconds:
        return None
    return tally.attempt(group, partial(run_content, services, gid_of(group), content.rev))


def _remove_stragglers(services: Services, tally: Tally, group: str, rev: int) -> Result | None:
    """Remove what outputs of the group hold, if nothing else of it is there.

    Where late pieces are set apart several contents may hold it; otherwise the last one that was joined is all of it.
    """
    newest = services.ledger.newest_joined(gid_of(group), rev)
    if newest is None:
        return None
    there, convention = fragments_there(services, group), services.config.convention
    if services.config.late_apart:
        joined = list(services.ledger.joined(gid_of(group), rev))
        holding = holders(found_placed(there, convention), joined, convention)
        if holding:
            return tally.attempt(group, lambda: remove_reuploads(services, *holding))
    own = {fragment.object.key for fragment in newest.set.fragments}
    besides = [piece.object.key for piece in there if piece.object.key not in own]
    return tally.attempt(group, lambda: remove_reuploads(services, newest, besides=besides))
