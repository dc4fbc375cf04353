"""What the functions call: a group looked at and brought one step further, whoever asks.

A group that has to wait imports nothing of submitting.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Invalid, NoFragments, Waiting, Whole
from cosconcat.model import Result
from cosconcat.services import Services

if TYPE_CHECKING:
    from cosconcat.model import Job


def survey_and_reconcile(services: Services, group: str, own: str = "", *, forced: bool = False) -> Result:
    """Judge one group by its own listing, and act if it is whole. `own` is the key whose event brought us here.

    Raises:
        TryAgain, NeverAgain: as the ports do.
    """
    if services.config.completion == "gap":
        from cosconcat.protocol.closing import reconcile_fragment, retry_recording

        return reconcile_fragment(services, own, forced=forced) if own else retry_recording(services, group)
    verdict = survey(services, group, own)
    if isinstance(verdict, NoFragments):
        return Result(group, "ignored", "the object is gone", own)
    if isinstance(verdict, Waiting):
        return Result(group, "waiting", verdict.reason, own)
    if isinstance(verdict, Invalid):
        return Result(group, "invalid", verdict.reason, own)

    from cosconcat.protocol.run import reconcile_group

    return reconcile_group(services, verdict.set, forced=forced)


def reconcile_content(
    services: Services, gid: str, rev: int, listed: Mapping[str, Job] | None = None, *, forced: bool = False
) -> Result:
    """One content one step further; where it ended superseded, its group is looked at anew.

    Raises:
        TryAgain: nothing is lost; the same call later goes on from the records.
    """
    from cosconcat.protocol.run import reconcile_group, run_content

    result = run_content(services, gid, rev, listed or {}, forced=forced)
    if result.action == "superseded" and services.config.completion == "gap":
        from cosconcat.protocol.closing import close_again

        return close_again(services, gid, rev) or result
    if result.action == "superseded":
        verdict = survey(services, result.group)
        if isinstance(verdict, Whole):
            return reconcile_group(services, verdict.set)
    return result
