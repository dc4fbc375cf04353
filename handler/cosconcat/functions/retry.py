"""A person says: go on with this group now, or with all that ended in a way."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from cosconcat import log
from cosconcat.cleanup.finish import resume
from cosconcat.errors import NeverAgain, TryAgain
from cosconcat.events.timer import RetryMany
from cosconcat.model import Result, gid_of
from cosconcat.naming.keys import InvalidName, NotOurs
from cosconcat.protocol.reconcile import reconcile_content, survey_and_reconcile
from cosconcat.records.ledger import gid_closed
from cosconcat.services import Services

if TYPE_CHECKING:
    from collections.abc import Collection

    from cosconcat.config import Config
    from cosconcat.functions.find_recording import Found

NOBODY = "no piece of it is there, and no record: check its name, and CONCAT_INPUT_PREFIX"
NOT_REMEMBERED = "a retry is not remembered: say it again, unless something new begins it"
COUNTED_BEYOND = 500  # entries that are read after the limit is reached, for `left`; further ones are only counted
MARGIN_SECONDS = 30  # no further group is begun when less is left until the deadline; or half of a short run


def group_of(config: Config, asked: str) -> str:
    """The group's id; of a full key that the convention reads, its group."""
    name = config.convention.read(asked)
    return asked if isinstance(name, NotOurs | InvalidName) else name.group


def handle_retry(services: Services, group: str) -> dict[str, object]:
    """One group, by its id or the full key of a piece; where recordings are cut at gaps also all of a source.

    Raises TryAgain when it fails for now.
    """
    services.submissions.begin()
    name = services.config.convention.read(group)
    if isinstance(name, InvalidName):
        return {"results": [log.printed(Result(group, "invalid", name.reason).as_dict())]}
    if services.config.completion == "gap":
        return {"results": [log.printed(result.as_dict()) for result in _retry_recordings(services, group)]}
    return {"results": [log.printed(retry(services, group_of(services.config, group)).as_dict())]}


def retry(services: Services, group: str) -> Result:
    """A person says: go on with this group now, whatever was given up or is waiting for its next try.

    Raises TryAgain when it fails for now.
    """
    gid = gid_of(group)
    try:
        content = services.ledger.newest_content(gid)
        result = None
        if content is not None and content.done is None:
            result = reconcile_content(services, gid, content.rev, forced=True)
        if result is None or result.action in ("gave-up", "kept", "superseded"):  # closed only now: begin anew
            result = survey_and_reconcile(services, group, forced=True)
        if content is not None and content.done is not None and result.action in ("waiting", "ignored"):
            result = resume(services, content.claim.record) or result  # a clean-up that was cut off, perhaps
        if content is None and result.action == "ignored":
            result = replace(result, reason=NOBODY)
        if content is not None and content.done is not None and result.action in ("waiting", "deferred"):
            result = replace(result, reason=f"{result.reason}; {NOT_REMEMBERED}")
    except NeverAgain as mistake:
        result = Result(group, "invalid", str(mistake))
    log.info("retry", **result.as_dict())
    return result


def _retry_recordings(services: Services, asked: str) -> list[Result]:
    """A person says retry: to a recording, to the one that a piece belongs to, or to all that is there of a source.

    What was kept is cleaned up if its output still holds, otherwise joined anew; what waits for its end goes on
    waiting, and says until when.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    from cosconcat.functions.find_recording import find, last_recording, of_source

    found = find(services, asked)
    wanted = [found] if found else list(of_source(services, asked))
    if not wanted:
        last = last_recording(services, asked)
        reason = "no recording, piece or source of this name; a recording's id is its source and its start in UTC"
        reason = f"nothing of it is there or under way any more; its last recording was {last}" if last else reason
        return [Result(asked, "ignored", reason)]
    return [_retry_recording(services, one) for one in wanted]


def _retry_recording(services: Services, found: Found) -> Result:
    from cosconcat.protocol.closing import reconcile_fragment

    if found.joined:  # of a whole source that is no wish to pay for it again, wherever its output is by now
        return Result(found.group, "already-finished", "joined; its pieces were not to be removed", found.key)
    if services.ledger.newest_content(gid_of(found.group)) is not None and found.part is None:
        return retry(services, found.group)
    try:
        result = reconcile_fragment(services, found.key, forced=True)
    except NeverAgain as mistake:
        result = Result(found.group, "invalid", str(mistake))
    log.info("retry", **result.as_dict())
    return result


def handle_retry_of_many(services: Services, wanted: RetryMany) -> dict[str, object]:
    """Every group that ended this way since then and has not ended otherwise after that, oldest first: each entry is
    read when it is its turn, so that a run too short for all of them has retried what it came to.

    What fails for now is told as `try-again` and does not keep the others waiting. `left` counts what limit or time was
    too short for: groups, and entries that were not read (at least; the time may be too short to list them). `since` is
    where to go on: asked with it, the same command begins behind what this one looked at.

    Raises:
        TryAgain: not even the first entry was listed.
    """
    services.submissions.begin()
    margin = min(MARGIN_SECONDS, (services.deadline - services.clock.now()) / 2)
    results: list[Result] = []
    tried: set[str] = set()
    name, go_on, left, beyond = "", "", 0, 0
    try:
        for name in services.ledger.closed(time.strftime("%Y-%m-%d/%H%M%S", time.gmtime(wanted.since))):
            now, full = services.clock.now(), len(results) >= wanted.limit
            late = now > services.deadline - margin or beyond >= COUNTED_BEYOND
            beyond += full
            found = None if late else _ended_last(services, name, wanted, tried)
            if late or (full and found):
                left, go_on = left + 1, go_on or name
            elif found:
                tried.add(gid_closed(name))
                results.append(found if isinstance(found, Result) else _retried(services, found))
            if now > services.deadline - margin / 2:
                break
    except TryAgain as failure:  # of LIST alone
        if not name:
            raise
        log.warning("closed entries not listed", after=name, reason=str(failure))
        left, go_on = left + 1, go_on or name
    since = {"since": _moment_of(go_on)} if left else {}
    return {"results": [log.printed(result.as_dict()) for result in results], "left": left, **since}


def _ended_last(services: Services, name: str, wanted: RetryMany, tried: Collection[str]) -> str | Result | None:
    """The group of an entry under a day, if it is the last of that group and says the outcome that is wanted; why
    nobody knows for now; None for any other. An entry that cannot be read is its group's trouble alone.
    """
    if gid_closed(name) in tried:  # it ended once more meanwhile
        return None
    try:
        entry = services.ledger.read_closed(name)
    except TryAgain as failure:
        return Result(name, "try-again", str(failure))
    except NeverAgain as mistake:
        log.warning("closed entry not read", entry=name, reason=str(mistake))
        return None
    if entry is None or entry.outcome != wanted.outcome:
        return None
    try:
        newest = services.ledger.newest_content(entry.gid)
        standing = [*services.ledger.back_to_standing(entry.gid, newest)][-1] if newest else None
    except TryAgain as failure:
        return Result(entry.group, "try-again", str(failure))
    except NeverAgain:  # the retry tells why
        return entry.group
    ended = standing and (standing.rev if standing.done else standing.rev - 1)
    return None if ended and ended > entry.rev else entry.group


def _retried(services: Services, group: str) -> Result:
    try:
        return retry(services, group)
    except TryAgain as failure:
        return Result(group, "try-again", str(failure))


def _moment_of(name: str) -> str:
    """When the content of an entry ended, as `since` takes it; empty where its name tells no time."""
    found = re.match(r"([0-9]{4}-[0-9]{2}-[0-9]{2})/([0-9]{2})([0-9]{2})([0-9]{2})-", name)
    return "{}T{}:{}:{}Z".format(*found.groups()) if found else ""
