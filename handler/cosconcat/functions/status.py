"""Where is my video? One group, from its records and one look at what lies there; nothing is changed.

arriving     pieces are there, the group is not whole: what is missing, since when, until when it waits
whole        nothing is missing; the next event or sweep submits its job, or copies its one piece
joining      a job runs, or its result is being proven and cleaned up
retrying     an attempt came to nothing; the next one starts at a time
blocked      CI refuses jobs for now
joined       the output, when, by which proof, what was removed, what was kept and why
kept         joined, but nothing was removed, with the reason
gave-up      ended without a result, with the reason
superseded   other content came while it was joined
invalid      inconsistent: the reason names the keys
source       several recordings that are cut at gaps: each is told
unknown      no piece is there, and no record
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from cosconcat.cleanup.removable import NOTHING_REMOVED
from cosconcat.errors import InvalidInput
from cosconcat.functions.retry import NOBODY, group_of
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Invalid, NoFragments, Verdict, Waiting, Whole
from cosconcat.model import gid_of, is_job_id, iso_time
from cosconcat.naming.keys import InvalidName
from cosconcat.output.key import is_copied
from cosconcat.protocol.attempt import UNFINISHED, WITHOUT_JOB
from cosconcat.protocol.content import asked_for_at, has_older_versions
from cosconcat.records.records import Attempt, Claim, Done, Stamped
from cosconcat.services import Services
from cosconcat.submission.lookup import is_anothers

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.functions.find_recording import Found

_DRY_RUNS = frozenset(f"dry run of {how}" for how in ("delete", "trash", "expire"))  # as a closing record says it
SHOWN = 100  # missing numbers and kept keys; the rest is counted


@dataclass
class Status:
    """What is known of a group. Times are ISO 8601 in UTC, empty where there is none."""

    group: str
    state: str
    why: str = ""
    since: str = ""  # of the newest piece, of the claim, or of the end
    until: str = ""  # when it goes on by itself
    missing: list[int] = field(default_factory=list)
    output: str = ""
    job: str = ""
    fragments: int = 0
    bytes: int = 0
    seconds: float = 0.0  # of the output, as proven
    proof: dict[str, object] = field(default_factory=dict)
    removed: int = 0
    kept: dict[str, str] = field(default_factory=dict)  # key -> why it was not removed
    kept_count: int = 0
    note: str = ""
    ends: str = ""  # why no later piece belongs to it
    recordings: list[dict[str, object]] = field(default_factory=list)  # of a source, oldest first
    history: list[dict[str, object]] = field(default_factory=list)  # oldest first

    def as_dict(self) -> dict[str, object]:
        """Without what is empty."""
        return {name: value for name, value in asdict(self).items() if value or name in ("group", "state")}


def handle_status(services: Services, asked: str) -> dict[str, object]:
    """The status of a group; `asked` is its id, or the full key of one of its pieces. Where recordings are cut at gaps
    also a source, whose recordings are told one by one.
    """
    name = services.config.convention.read(asked)
    if isinstance(name, InvalidName):
        return {"results": [], "status": Status(asked, "invalid", name.reason).as_dict()}
    if services.config.completion == "gap":
        return {"results": [], "status": _of_recordings(services, asked).as_dict()}
    return {"results": [], "status": status_of(services, group_of(services.config, asked)).as_dict()}


def _of_recordings(services: Services, asked: str) -> Status:
    """A recording by its id or the key of one of its pieces; or all that is there of a source."""
    from cosconcat.functions.find_recording import find, last_recording, of_source

    found = find(services, asked)
    if found is not None:
        return _of_recording(services, found)
    told = [_of_recording(services, one, alone=False) for one in of_source(services, asked)]
    last = last_recording(services, asked) if not told else ""
    if last:
        why = f"nothing of it is there or under way any more; its last recording was {last}"
        return Status(asked, "source", why)
    if not told:
        return Status(asked, "unknown", f"{NOBODY}; a recording's id is its source and its start in UTC")
    why = f"{len(told)} recordings are there or under way"
    shown = ("group", "state", "why", "until", "fragments", "ends", "note")
    listed = [{name: value for name, value in one.as_dict().items() if name in shown} for one in told[-SHOWN:]]
    return Status(asked, "source", why, recordings=listed)


def _of_recording(services: Services, found: Found, *, alone: bool = True) -> Status:
    judged = found.part
    if judged is None:
        try:
            status = status_of(services, found.group, alone=alone)
        except InvalidInput as broken:  # a record of it: of a source the others are told all the same
            return Status(found.group, "invalid", str(broken))
        if status.state == "unknown":
            status.state, status.why = "whole", "reserved; the next event or sweep claims it and submits its job"
        elif status.state == "superseded":
            now = _after(services, found.group)
            if now is not None and now.group == found.group and now.part is None:
                return status_of(services, found.group, alone=alone, standing=True)
            if now is not None and now.group != found.group:
                closed = ", which is not closed yet" if now.part else ""
                status.note = f"its first piece is now in {now.group}{closed}"
        return status
    pieces = [piece.object for piece in judged.part.pieces]
    return Status(
        found.group,
        {"close": "whole", "leave": "whole", "invalid": "invalid"}.get(judged.action, "arriving"),
        judged.reason or "nothing more is expected; the next sweep closes it",
        since=iso_time(max(piece.last_modified for piece in pieces)),
        until=iso_time(judged.until),
        fragments=len(pieces),
        bytes=sum(piece.size for piece in pieces),
        ends=found.ends,
        note=found.note,
    )


def _after(services: Services, group: str) -> Found | None:
    """Where the first piece of a recording that was superseded is now."""
    from cosconcat.functions.find_recording import find

    content = services.ledger.newest_content(gid_of(group))
    return find(services, content.claim.record.set.fragments[0].object.key) if content else None


def status_of(services: Services, group: str, *, alone: bool = True, standing: bool = False) -> Status:
    """What is known of the group, by its records, by CI for a job that runs, and by one look at its pieces. Asked for
    `alone`, also by one at what was joined, where nothing of it had been removed when it ended. `standing`: what came
    after the last content that did not end superseded is gone again.
    """
    gid = gid_of(group)
    verdict = NoFragments(group) if services.config.completion == "gap" else survey(services, group)
    attempts, dones = _records(services, gid)
    history = [_past(rev, attempts[rev], dones.get(rev)) for rev in sorted(attempts)]
    newest = max(attempts, default=0)
    before = max((rev for rev, ended in dones.items() if ended.record.outcome != "superseded"), default=newest)
    if newest in dones and (standing or _is_again(verdict, attempts[before].claim)):
        newest = before
    attempt, done = attempts.get(newest), dones.get(newest)
    if attempt is not None and done is None:
        status = _in_flight(services, group, attempt)
    elif attempt is not None and done is not None and not _is_new(services.config, verdict, attempt.claim, done):
        status = _ended(group, attempt, done)
        if alone and status.state == "joined" and not status.removed:
            _note_gone(services, status, attempt.claim.record, done.record)
    else:
        status = _by_look(services.config, group, verdict)
    if status.state not in ("arriving", "whole", "invalid") and isinstance(verdict, Invalid):
        status.note = f"what lies there now is inconsistent: {verdict.reason}"
    status.history = history
    return status


def _records(services: Services, gid: str) -> tuple[dict[int, Attempt], dict[int, Stamped[Done]]]:
    """Newest attempt and closing record of every content the group had, by rev."""
    ledger = services.ledger
    attempts: dict[int, Attempt] = {}
    dones: dict[int, Stamped[Done]] = {}
    rev = 1
    while (attempt := ledger.newest_attempt(gid, rev)) is not None:
        attempts[rev] = attempt
        done = ledger.done(gid, rev)
        if done is None:
            break
        dones[rev] = done
        rev += 1
    return attempts, dones


def _is_again(verdict: Verdict, claim: Stamped[Claim]) -> bool:
    """Whether what lies there is just what was claimed then."""
    return isinstance(verdict, Whole) and verdict.set.fingerprint == claim.record.fingerprint


def _is_new(config: Config, verdict: Verdict, claim: Stamped[Claim], done: Stamped[Done]) -> bool:
    """Whether what lies there is other content than what ended, or the beginning of it."""
    if isinstance(verdict, Whole):
        newer = asked_for_at(verdict.set, config.convention) >= claim.written
        past = done.record.outcome == "joined" and has_older_versions(verdict.set, claim.record.set)
        return verdict.set.fingerprint != claim.record.fingerprint and newer and not past
    return isinstance(verdict, Waiting) and verdict.since > done.written


def _what_follows(config: Config, whole: Whole) -> str:
    if is_copied(config, whole.set):
        return "copies its one piece"
    left = config.single == "leave" and whole.set.is_single
    return "leaves its one piece as it is" if left else "submits its job"


def _by_look(config: Config, group: str, verdict: Verdict) -> Status:
    """A group of which nothing was claimed yet, or of which something new has come."""
    if isinstance(verdict, Waiting):
        return Status(
            group,
            "arriving",
            verdict.reason,
            since=iso_time(verdict.since),
            until=iso_time(verdict.until),
            missing=list(verdict.missing[:SHOWN]),
            note=verdict.note,
        )
    if isinstance(verdict, Whole):
        pieces = verdict.set.fragments
        return Status(
            group,
            "whole",
            f"nothing is missing; the next event or sweep {_what_follows(config, verdict)}",
            since=iso_time(verdict.set.newest),
            fragments=len(pieces),
            bytes=sum(piece.object.size for piece in pieces),
            note=verdict.note,
        )
    if isinstance(verdict, Invalid):
        return Status(group, "invalid", verdict.reason)
    return Status(group, "unknown", NOBODY)


def _in_flight(services: Services, group: str, attempt: Attempt) -> Status:
    claim, end = attempt.claim, attempt.end
    status = _of_claim(group, "joining", claim)
    status.since = iso_time(claim.written)
    if end is None and claim.record.copied:
        status.why = f"claimed {claim.age} s ago, its one piece is being copied"
        status.until = iso_time(claim.written + claim.record.lease_seconds)
        return status
    if end is None:
        record = services.ledger.job(claim.record.gid, claim.record.rev, claim.record.n)
        status.job = record.record.job if record else ""
        job = services.ci.job(services.config.bucket, status.job) if is_job_id(status.job) else None
        if record is None:
            status.why = f"claimed {claim.age} s ago, no job is known yet"
            status.until = iso_time(claim.written + claim.record.lease_seconds)
        elif not is_job_id(status.job) or (job is not None and is_anothers(job, claim.record)):
            status.why = (
                f"its job is recorded as {status.job!r}, which is none of ours; ours is looked for by its nonce"
            )
        elif job is None:
            status.why = f"CI does not know job {status.job} (yet)"
        elif job.state in UNFINISHED:
            status.why = f"job {job.id} is {job.state}, {claim.age} s after its claim"
        else:
            status.why = f"job {job.id} is {job.state}; the next callback or sweep acts on it"
        return status
    status.job = end.record.job
    if end.record.next != "retry":
        what = "its piece was copied" if claim.record.copied else "its job has ended"
        status.why = f"{what}, and its end is being carried out"
        return status
    status.state = "blocked" if end.record.outcome in WITHOUT_JOB else "retrying"
    status.why = end.record.reason
    status.until = iso_time(end.written + end.record.after_seconds)
    return status


def _ended(group: str, attempt: Attempt, done: Stamped[Done]) -> Status:
    closing = done.record
    status = _of_claim(group, closing.outcome, attempt.claim)
    status.why = closing.reason
    status.since = iso_time(closing.closed_at or done.written)
    status.output = closing.output
    status.job = closing.job
    status.seconds = closing.seconds
    status.removed = closing.removed
    status.kept = dict(list(closing.kept.items())[:SHOWN])
    status.kept_count = len(closing.kept)
    proof = attempt.end.record.proof if attempt.end else None
    if proof is not None:
        status.proof = {"rule": proof.verified, "size": proof.size, "etag": proof.etag, **proof.figures}
    return status


def _note_gone(services: Services, status: Status, claim: Claim, done: Done) -> None:
    """Of a content of which nothing was removed when it ended: how many of its fragments have gone since."""
    reasons = done.reason.split("; ")
    whys = [reason.removeprefix(NOTHING_REMOVED) for reason in reasons if reason.startswith(NOTHING_REMOVED)]
    whys += sorted(set(done.kept.values()) & _DRY_RUNS)
    if not whys:
        return
    keys = [fragment.object.key for fragment in claim.set.fragments]
    heads = services.cos.heads(services.config.bucket, keys)
    gone = {key for key in keys if heads[key] is None}
    if gone:
        have = "has" if len(gone) == 1 else "have"
        since = f"nothing was removed when it ended ({whys[0]}); {len(gone)} of its fragments {have} gone since"
        status.why = "; ".join([*(one for one in reasons if one and not one.startswith(NOTHING_REMOVED)), since])
        kept = {key: why for key, why in done.kept.items() if key not in gone}
        status.kept, status.kept_count = dict(list(kept.items())[:SHOWN]), len(kept)


def _of_claim(group: str, state: str, claim: Stamped[Claim]) -> Status:
    pieces = claim.record.set.fragments
    return Status(
        group,
        state,
        output=claim.record.output_key,
        fragments=len(pieces),
        bytes=sum(piece.object.size for piece in pieces),
    )


def _past(rev: int, attempt: Attempt, done: Stamped[Done] | None) -> dict[str, object]:
    """One content of the group in a few words."""
    claim, end = attempt.claim, attempt.end
    told: dict[str, Any] = {
        "rev": rev,
        "claimed": iso_time(claim.written),
        "attempts": claim.record.n,
        "fragments": len(claim.record.set.fragments),
        "failed_jobs": end.record.failures if end else claim.record.failures,
    }
    if done is not None:
        told |= {"ended": iso_time(done.record.closed_at or done.written), "outcome": done.record.outcome}
        told |= {"output": done.record.output, "reason": done.record.reason, "seconds": done.record.seconds}
    elif end is not None:
        told |= {"last": f"{end.record.outcome}: {end.record.reason}"}
    return {name: value for name, value in told.items() if value not in ("", 0, 0.0)}
