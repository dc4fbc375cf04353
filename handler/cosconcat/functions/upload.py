"""Objects arrived: group them, and join every group that is whole.

An event that is not ours imports nothing beyond this, one that has to wait nothing of submitting.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from cosconcat import log
from cosconcat.errors import Blocked, NeverAgain, TryAgain
from cosconcat.events.cos import Ignored, Upload
from cosconcat.model import ObjectInfo, Result
from cosconcat.naming.keys import InvalidName, MarkerName, NotOurs
from cosconcat.services import Services


def handle_uploads(services: Services, uploads: Sequence[Upload | Ignored]) -> list[Result]:
    """One result for each group and one for each record that is not ours; several records of a group are one look.

    Raises:
        TryAgain: at the very end, naming every group that failed for now; all others were handled.
    """
    services.submissions.begin()
    results: list[Result] = []
    groups: dict[str, list[str]] = {}
    for upload in uploads:
        named = _too_young(services, upload) or _group_of(services, upload)
        if isinstance(named, Result):
            results.append(named)
        else:
            groups.setdefault(named[0], []).append(named[1])
    failed: list[str] = []
    first_fault: Exception | None = None
    for group, own in _looks(services, groups):
        try:
            found = _judged(services, group, own)
        except TryAgain as failure:
            failed.append(f"{group}: {failure}")
            found = [Result(group, "blocked" if isinstance(failure, Blocked) else "try-again", str(failure))]
        except NeverAgain as failure:
            found = [Result(group, "invalid", str(failure))]
        except Exception as fault:  # noqa: BLE001 - a fault of ours with one group must not keep the others waiting
            reason = f"fault: {type(fault).__name__} {fault}"
            log.error("upload fault", group=group, reason=reason)
            failed.append(f"{group}: {reason}")
            first_fault = first_fault or fault
            found = []
        results += found
    for result in results:
        log.info("upload", **result.as_dict())
    if failed:
        raise TryAgain(log.printable(log.redacted("; ".join(failed)))) from first_fault
    return results


def _looks(services: Services, groups: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str]]:
    """Which groups are looked at, each with one of its keys; of a source that is cut at gaps each of the recordings
    that its keys are of, as far as their names tell.
    """
    for group, keys in groups.items():
        if services.config.completion != "gap" or len(keys) == 1:
            yield group, keys[-1]
            continue
        from cosconcat.groups.gap import runs
        from cosconcat.groups.source import rule_of, timed_fragment

        pieces = (timed_fragment(services.config, ObjectInfo(key, "", 0, 0)) for key in keys)
        for run in runs(filter(None, pieces), rule_of(services.config)):
            yield group, run[-1].object.key


def _judged(services: Services, group: str, own: str) -> list[Result]:
    """The result of a group; of a marker without a window those of all windows that it closes."""
    from cosconcat.protocol.reconcile import survey_and_reconcile

    name = services.config.convention.read(own)
    if not isinstance(name, MarkerName) or not name.every:
        return [survey_and_reconcile(services, group, own)]
    from cosconcat.groups.survey import closed_by

    results = [survey_and_reconcile(services, one, own) for one in closed_by(services, name)]
    return results or [Result(group, "waiting", "its marker is there, but no fragment", own)]


def _too_young(services: Services, upload: Upload | Ignored) -> Result | None:
    """A piece younger than the gap of CONCAT_COMPLETION: its recording cannot be whole yet, so no look is worth it."""
    config = services.config
    if config.completion != "gap" or isinstance(upload, Ignored) or not upload.time:
        return None
    left = upload.time + config.gap_seconds - int(services.clock.now())
    named = _group_of(services, upload)
    if left <= 0 or isinstance(named, Result):
        return None
    reason = f"its recording may go on for at least {left} s more; the sweep closes it"
    return Result(named[0], "waiting", reason, upload.key)


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
