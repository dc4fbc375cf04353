"""Function `sweep`: by timer, and by hand with retry, status, report or doctor (`events/timer.py`)."""

from __future__ import annotations

from cosconcat import log
from cosconcat.bootstrap import bootstrap, bucket_settings
from cosconcat.errors import ConcatError, Refused
from cosconcat.events.timer import Doctor, Report, Retry, RetryMany, Status, read_timer_or_command
from cosconcat.functions.retry import handle_retry, handle_retry_of_many
from cosconcat.functions.sweep.report import handle_report
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.services import Services


def main_handler(event: dict[str, object], context: dict[str, object]) -> dict[str, object]:
    """A timer event or a command in, counts and the first results out; raises what failed for now."""
    return answer(bootstrap(context), event)


def answer(services: Services, event: object) -> dict[str, object]:
    """The same for services that are given: a desk with keys of its own asks in this way."""
    try:
        return _answer(services, event)
    except ConcatError as failure:  # the platform prints it
        failure.args = (log.printable(log.safe(str(failure))),)
        raise


def _answer(services: Services, event: object) -> dict[str, object]:
    try:
        command = read_timer_or_command(event)
    except Refused as refusal:
        from cosconcat.events.http import refused_result

        return refused_result(refusal)
    if isinstance(command, Retry):
        return handle_retry(services, command.group)
    if isinstance(command, RetryMany):
        return handle_retry_of_many(services, command)
    if isinstance(command, Status):
        from cosconcat.functions.status import handle_status

        return {"results": [], **log.all_safe(handle_status(services, command.group))}
    if isinstance(command, Report):
        return handle_report(services)
    if isinstance(command, Doctor):
        from cosconcat.functions.doctor import examine

        return {
            "results": [],
            "doctor": log.all_safe([one.as_dict() for one in examine(services, bucket_settings(services.config))]),
        }
    return handle_sweep(services)
