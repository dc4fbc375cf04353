"""Objects arrived: group them, and take up every group that is whole.

An event that is not ours imports nothing beyond this, one that has to wait nothing of submitting.
"""

from __future__ import annotations

from collections.abc import Sequence

from cosconcat import log
from cosconcat.errors import Blocked, NeverAgain, TryAgain
from cosconcat.events.cos import Ignored, Upload
from cosconcat.model import Result
from cosconcat.naming.keys import InvalidName, NotOurs
from cosconcat.services import Services


def handle_uploads(services: Services, uploads: Sequence[Upload | Ignored]) -> list[Result]:
    """One result for each group and one for each record that is not ours; several records of a group are one look.

    Raises:
        TryAgain: at the very end, naming every group that failed for now; all others were handled.
    """
    results: list[Result] = []
    groups: dict[str, str] = {}
    for upload in uploads:
        named = _group_of(services, upload)
        if isinstance(named, Result):
            results.append(named)
        else:
            groups[named[0]] = named[1]
    failed: list[str] = []
    for group, own in groups.items():
        try:
            result = survey_and_reconcile(services, group, own)
        except TryAgain as failure:
            failed.append(f"{group}: {failure}")
            result = Result(group, "blocked" if isinstance(failure, Blocked) else "try-again", str(failure))
        except NeverAgain as failure:
            result = Result(group, "invalid", str(failure))
        results.append(result)
    for result in results:
        log.info("upload", **result.as_dict())
    if failed:
        raise TryAgain("; ".join(failed))
    return results


def survey_and_reconcile(services: Services, group: str, own: str = "", *, forced: bool = False) -> Result:
    """Judge one group by its own listing, and act if it is whole. `own` is the key whose event brought us here.

    Raises:
        TryAgain, NeverAgain: as the ports do.
    """
    from cosconcat.groups.survey import survey
    from cosconcat.groups.verdicts import Invalid, NoFragments, Waiting

    verdict = survey(services, group, own)
    if isinstance(verdict, NoFragments):
        return Result(group, "ignored", "the object is gone", own)
    if isinstance(verdict, Waiting):
        return Result(group, "waiting", verdict.reason, own)
    if isinstance(verdict, Invalid):
        return Result(group, "invalid", verdict.reason, own)

    from cosconcat.protocol.advance import reconcile_group

    return reconcile_group(services, verdict.set, forced=forced)


def _group_of(services: Services, upload: Upload | Ignored) -> tuple[str, str] | Result:
    """(group, key) of a record that is ours, otherwise the result that says why it is not."""
    config = services.config
    if isinstance(upload, Ignored):
        return Result("", "ignored", upload.reason)
    if upload.bucket != config.bucket.name:
        return Result("", "ignored", f"bucket {upload.bucket} is not CONCAT_BUCKET", upload.key)
    name = config.convention.read(upload.key)
    if isinstance(name, NotOurs):
        return Result("", "ignored", name.reason, upload.key)
    if isinstance(name, InvalidName):
        return Result("", "invalid", name.reason, upload.key)
    return name.group, upload.key
