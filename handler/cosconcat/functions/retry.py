"""A person says: go on with this group now, or with all that ended in a way."""

from __future__ import annotations

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
from cosconcat.services import Services

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.functions.find_recording import Found
    from cosconcat.records.records import Closed

NOBODY = "no piece of it is there, and no record: check its name, and CONCAT_INPUT_PREFIX"
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
    from cosconcat.functions.find_recording import find, of_source

    found = find(services, asked)
    wanted = [found] if found else list(of_source(services, asked))
    if not wanted:
        reason = "no recording, piece or source of this name; a recording's id is its source and its start in UTC"
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
    """Every group that ended this way since then and has not ended otherwise after that, oldest first.

    What fails for now is told as `try-again` and does not keep the others waiting. `left` counts the groups for which
    limit or time was too short.
    """
    services.submissions.begin()
    results: list[Result] = []
    left = 0
    latest = services.deadline - min(MARGIN_SECONDS, (services.deadline - services.clock.now()) / 2)
    for group in _ended(services, wanted):
        if len(results) >= wanted.limit or services.clock.now() > latest:
            left += 1
            continue
        try:
            results.append(retry(services, group))
        except TryAgain as failure:
            results.append(Result(group, "try-again", str(failure)))
    return {"results": [log.printed(result.as_dict()) for result in results], "left": left}


def _ended(services: Services, wanted: RetryMany) -> list[str]:
    """The groups whose last entry under a day says this outcome, in the order of their ends."""
    after = time.strftime("%Y-%m-%d/%H%M%S", time.gmtime(wanted.since))
    last: dict[str, str] = {}  # gid -> name of its last entry
    for name in services.ledger.closed(after):
        gid = name[18:50]
        last.pop(gid, None)
        last[gid] = name
    entries = (_read(services, name) for name in last.values())
    return [entry.group for entry in entries if entry is not None and entry.outcome == wanted.outcome]


def _read(services: Services, name: str) -> Closed | None:
    """What is entered under a name; None where that cannot be read, which is that group's trouble alone."""
    try:
        return services.ledger.read_closed(name)
    except NeverAgain as mistake:
        log.warning("closed entry not read", entry=name, reason=str(mistake))
        return None
