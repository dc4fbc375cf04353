"""The guards of recordings that are cut at gaps, each as the mutant that is without it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from tests.simulation.mutants.mutant import Mutant
from tests.simulation.plan import CAMERAS, FAULTS, Plan


def _recordings(plan: Plan) -> bool:
    return plan.completion == "gap"


def _mutant(
    name: str,
    promise: str,
    where: str,
    old: str,
    new: str,
    breaks: str,
    forced: Mapping[str, Any] = MappingProxyType({}),
) -> Mutant:
    return Mutant(name, promise, f"cosconcat.{where}", old, new, breaks, _recordings, CAMERAS, forced)


LONG_AND_IN_PEACE = {**dict.fromkeys(FAULTS, 0.0), "most": 40, "groups": 1, "mixed": False}


MUTANTS = (
    _mutant(
        "joined-is-free", "G2", "groups.recordings:is_free",
        "owner.state in _SETTLED", 'owner.state in (*_SETTLED, "joined")',
        "what was joined is joined again with what came late",
    ),
    _mutant(
        "past-joined", "G2", "groups.recordings:came_back",
        "piece.object.last_modified < later.object.last_modified", "False",
        "the upload before the one that was joined, as LIST or versions show it, is joined as well",
    ),
    _mutant(
        "given-up-joined-as-it-is", "G2", "groups.recordings:_is_new",
        "asked_in_vain =", "asked_in_vain = owner is not None and owner.state == \"superseded\" or",
        "what was given up is paid for once more because another recording that held its end was superseded",
    ),
    _mutant(
        "joined-anew-and-still-joined", "G3", "groups.recordings:as_they_stand",
        'one.state == "joined" and any', "False and any",
        "what was joined owns its pieces for ever, though its output is gone and they were claimed again",
    ),
    _mutant(
        "earlier-claim-joins-anew", "G2", "groups.recordings:as_they_stand",
        "latest[piece.identity] > one.claimed_at", "latest[piece.identity] > 0",
        "what was joined counts as kept although nobody claimed it after that, and is joined with what came late",
    ),
    _mutant(
        "no-grant", "G2", "protocol.reserving:_granted",
        "if not wanted:\n        return ()", "if True:\n        return slot.next",
        "pieces of the day after are claimed without being reserved there",
    ),
    _mutant(
        "lost-grant-not-looked-at", "G2", "protocol.reserving:claim_reserved",
        ") if less else \"\"", ") if False else \"\"",
        "what was given up is paid for once more because what was new beside it went to another",
    ),
    _mutant(
        "nothing-new-submitted", "G2", "protocol.run:begin",
        "if claim.unneeded:", "if False:",
        "the winner of a claim in which nothing is new posts its job",
    ),
    _mutant(
        "nothing-new-tried-again", "G2", "protocol.attempt:next_step",
        "if seen.claim.unneeded:", "if False:",
        "whoever finds a claim in which nothing is new, and no job, claims another attempt",
    ),
    _mutant(
        "nothing-new-holds-its-pieces", "G2", "groups.reserved:Reserved._held",
        "if claim.unneeded", "if False",
        "what was given up counts as superseded by a claim in which nothing was new, and is begun anew",
    ),
    _mutant(
        "retry-not-remembered", "G3", "protocol.closing:_Walk._close",
        "asked=any(", "asked=False and any(",
        "a person's retry comes to nothing because what was new beside it went to another",
    ),
    _mutant(
        "retry-forgotten", "G3", "groups.recordings:_is_new",
        "asked_in_vain = owner", "asked_in_vain = False and owner",
        "a person's retry comes to nothing because a piece that came beside it was taken away",
    ),
    _mutant(
        "earlier-end-counts", "G2", "groups.recordings:ended_last",
        ">= last.get", "<= last.get",
        "what was uploaded anew and given up once more is new, as it is newer than the first time",
    ),
    _mutant(
        "lost-piece-reached-over", "G5", "protocol.reserving:_left_of",
        " if piece.start < lost]", "]",
        "where names write two zones, a recording reaches over a piece that went to another",
    ),
    _mutant(
        "left-piece-joined", "G5", "protocol.reserving:_unneeded",
        'if services.config.single == "leave" and', "if False and",
        "the one piece that is left of what a slot wanted is joined, although CONCAT_SINGLE=leave",
    ),
    _mutant(
        "later-upload-cut-off", "G2", "groups.recordings:until_owned",
        "(1 if recording.stands else 0)", "0",
        "without its piece after midnight, an earlier upload of which was joined, a recording is joined in vain",
    ),
    _mutant(
        "claim-of-what-was-wished", "G2", "protocol.reserving:claim_reserved",
        "granted = _granted(services, reserved, slot)", "granted = _granted(services, reserved, slot) and slot.next",
        "more is claimed of the day after than was granted",
    ),
    _mutant(
        "claimed-before-granted", "G2", "protocol.reserving:claim_reserved",
        "granted = _granted(services, reserved, slot)\n"
        "    left = _left_of(services, slot, granted)\n    fragments = FragmentSet(slot.group, in_places(*left))\n"
        "    less = len(granted) < len(slot.next)",
        "fragments, less = FragmentSet(slot.group, in_places(*slot.pieces, *slot.next)), False",
        "who claims first and reserves afterwards takes what another has reserved meanwhile",
    ),
    _mutant(
        "memory-forgotten", "G2", "protocol.reserving:main_slot",
        "before=newest.intervals if newest else (),", "before=(),",
        "a slot hides those before it, whose pieces count as nobody's",
    ),
    _mutant(
        "slot-loser-goes-on", "G2", "protocol.closing:_Walk._close",
        "if not reserve(self.services, self.reserved, first.day, slot):",
        "if reserve(self.services, self.reserved, first.day, slot) is None:",
        "who loses a slot claims all the same",
    ),
    _mutant(
        "late-piece-not-deferred", "G3", "groups.recordings:_judge_part",
        'for recording in beside:', "for recording in ():",
        "a late piece is closed beside the recording in flight that would take it in",
    ),
    _mutant(
        "retry-begins-one-part", "G3", "protocol.closing:_Walk.results",
        "self.asked.own and not self.asked.forced and", "self.asked.own and",
        "where what was given up is several recordings by now, a retry begins the first, and the others stay",
    ),
    _mutant(
        "retry-forces-one-part", "G3", "protocol.closing:_retried",
        "for piece in run", "for piece in run[:1]",
        "where what was given up is several recordings by now, a retry means the first alone, and the others stay",
    ),
    _mutant(
        "anothers-claim-taken-for-ones-own", "G3", "protocol.reserving:claim_reserved",
        "winner is not None and winner.record.slot != claim.slot", "False",
        "where another slot has a claim of the same name, nothing is begun, and it counts as in flight",
    ),
    _mutant(
        "slot-for-each-earlier-rev", "G3", "protocol.closing:_Walk._close",
        "taken = max(slot.rev, content.rev if content else 0)", "taken = slot.rev",
        "a slot is spent for each rev that a recording of another day has under the same name",
    ),
    _mutant(
        "deferred-not-helped", "G3", "protocol.closing:_Walk._steps",
        "if one.beside and one.beside.overdue", "if False",
        "a claim whose winner died holds back for ever what may belong to it",
    ),
    _mutant(
        "no-border", "G5", "groups.recordings:borders",
        "if recording.stands", "if False",
        "a recording reaches over pieces that another output holds",
    ),
    _mutant(
        "closed-between-pieces", "G5", "groups.recordings:between",
        "if min(starts) < piece.start < max(starts)", "if False",
        "a recording is closed around or between pieces of one in flight, which reaches over it when it is tried again",
    ),
    _mutant(
        "granted-from-its-first-piece", "G5", "protocol.reserving:grant_slot",
        "first=free[0].day * gap.DAY,", "first=free[0].written,",
        "by a shorter gap what lies between midnight and the first piece behind it seems to be beside nothing",
    ),
    _mutant(
        "late-pieces-not-looked-for", "G3", "verification.commit:commit",
        "late_fragments(services, claim) if claim.slot else newcomers(services, claim.set)",
        "() if claim.slot else newcomers(services, claim.set)",
        "what came while a recording was joined is not joined with it",
    ),
    _mutant(
        "slot-outlives-claim", "G3", "groups.reserved:Reserved._recording",
        "self.known[content_id] = known",
        "held = self.services.slots.read(self.sid, written_day(day), interval.k)\n"
        "        more = [timed_fragment(self.services.config, one) for one in (*held.pieces, *held.next)]\n"
        "        self.known[content_id] = known = known._replace(pieces=tuple(dict.fromkeys((*known.pieces, *more))))",
        "pieces that a slot names and no claim holds belong to nobody, for ever",
    ),
    _mutant(
        "slot-left-unclaimed", "G3", "protocol.closing:_Walk._unclaimed",
        "if one not in self.helped", "if False",
        "nobody goes on where a slot's writer died",
    ),
    _mutant(
        "slot-completed-without-looking", "G2", "protocol.closing:_Walk._complete_unclaimed",
        "found=True", "found=False",
        "a job is posted for pieces that were gone before its claim",
    ),
    _mutant(
        "cut-from-first-piece", "G5", "groups.gap:_cut",
        "border = latest - latest % DAY % length", "border = latest",
        "cuts depend on which piece was seen first", LONG_AND_IN_PEACE,
    ),
    _mutant(
        "contradicted-end-believed", "G5", "groups.gap:Reach.on",
        "if _overlap(self.piece, piece) else self", "if False else self",
        "one piece that ends too late by its name makes one recording of all that starts before",
    ),
    _mutant(
        "late-end-across-cuts", "G5", "groups.gap:_cut",
        "< latest and reach.includes(run[place].start, rule.gap)", "< latest",
        "what lies far apart behind a cut is one recording because a piece before it ends late",
    ),
    _mutant(
        "lag-not-waited-for", "G5", "groups.gap:whole_at",
        "+ rule.gap + max(lags(pieces, rule))", "+ rule.gap",
        "a recording is closed while its next piece is still on its way",
    ),
    _mutant(
        "length-not-waited-for", "G5", "groups.gap:lags",
        "late if afterwards else max(records, late)", "max(0, late)",
        "a long piece, or one of a clock that is ahead, is closed while the next is still being recorded",
    ),
    _mutant(
        "cut-forgotten", "G2", "groups.recordings:newcomers",
        " if begin < piece.start < end]", "]",
        "what was cut off counts as late once the cut would lie elsewhere: the recording is paid for twice",
    ),
    _mutant(
        "moved-cut-believed", "G2", "groups.recordings:newcomers",
        " & set().union(*with_some)", "",
        "a late piece of what follows a cut counts as late for what lies before: that is paid for twice",
    ),
    _mutant(
        "others-slot-completed", "G2", "protocol.reserving:claim_reserved",
        "if not all(", "if False and not all(",
        "what another deployment reserved is paid for by this one, into its own output",
    ),
    _mutant(
        "overlap-joined", "G5", "groups.gap:inconsistent",
        "if twice:", "if False:",
        "two recorders of one name are joined into one another",
    ),
)  # fmt: skip

# The seed at which each was seen to die; `make simulate FIRST=10000000` plays such schedules.
DEATHS: dict[str, int] = {"cut-from-first-piece": 10_000_001, "memory-forgotten": 10_000_007}
# Chance meets the others too, but seldom, and at other seeds whenever the world learns a fault: each dies in a story of
# its own, tests/unit/protocol/stories/.
IN_TURN = frozenset(mutant.name for mutant in MUTANTS) - {*DEATHS}
