"""Every error of the project, split first by what the caller may do.

* ConcatError
  x TryAgain             nothing was decided; the same call may succeed later (the functions raise it, SCF repeats)
    + ServiceUnavailable   5xx, time-out or reset of a call that may be repeated, 429/503 SlowDown
      - TimedOut             begun, and not answered in time: the next call like it may hang as long
    + NotYet               the job still runs, or its output is not visible yet
    + Blocked              CI or COS refuses for now: role, right, binding, queue; names which and the fix
  x NeverAgain           the same call will fail the same way
    + ConfigurationError   environment variables that contradict; carries every mistake at once
    + InvalidInput         an event, message, manifest, name or request from outside that cannot be accepted
      - Refused              the event itself: unreadable, or not signed by us; answered and logged, never repeated
    + Rejected             COS or CI said no for good; carries code, message, request id and HTTP status
    + Unprobed             what a probe should tell was not to be had for longer than is waited for
  x OutcomeUnknown       a request that must not be repeated was sent and its answer is unknown
"""

from __future__ import annotations

from collections.abc import Sequence

SHOWN_PROBLEMS = 10  # of one input in a message
PROBLEM_CHARACTERS = 500  # of one problem in a message
SAID_CHARACTERS = 1000  # of a service's own words in a message
MESSAGE_CHARACTERS = 20_000  # it becomes a result, of which the platform takes 6 MB


class ConcatError(Exception):
    """Root of the tree; the message names the thing, what was wrong and what is allowed. It is bounded."""

    def __init__(self, message: str) -> None:
        super().__init__(message if len(message) <= MESSAGE_CHARACTERS else f"{message[:MESSAGE_CHARACTERS]}…")


class TryAgain(ConcatError):
    """Nothing was decided; the same call may succeed later."""


class ServiceUnavailable(TryAgain):
    """A repeatable call to COS or CI found the service down, slow or throttling."""


class TimedOut(ServiceUnavailable):
    """A repeatable call was begun and not answered in time; the next one like it may hang as long."""


class NotYet(TryAgain):
    """What was asked for is on its way: a job that still runs, an output not visible yet."""


class Blocked(TryAgain):
    """CI or COS refuses for now, `for_all` whatever is asked for; `fix` says what a person has to do."""

    def __init__(self, message: str, *, code: str, fix: str, for_all: bool = False) -> None:
        super().__init__(f"{message} ({code}): {fix}")
        self.code = code
        self.fix = fix
        self.for_all = for_all


class NeverAgain(ConcatError):
    """The same call will fail the same way."""


class ConfigurationError(NeverAgain):
    """Environment variables that are missing or contradict one another, all of them at once.

    `problems` holds one sentence for each, starting with the variable's name.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("configuration: " + "; ".join(problems))
        self.problems = tuple(problems)


class InvalidInput(NeverAgain):
    """Something from outside (event, message, manifest, key, request) cannot be accepted.

    `problems` holds one sentence for each mistake, starting with the path of the offending part. The message is
    bounded, whatever was sent: the first SHOWN_PROBLEMS, each up to PROBLEM_CHARACTERS.
    """

    def __init__(self, problems: Sequence[str]) -> None:
        shown = [problem[:PROBLEM_CHARACTERS] for problem in problems[:SHOWN_PROBLEMS]]
        more = [f"and {len(problems) - SHOWN_PROBLEMS} more"] if len(problems) > SHOWN_PROBLEMS else []
        super().__init__("; ".join(shown + more))
        self.problems = tuple(problems)


class Refused(InvalidInput):
    """The event itself is refused: it cannot be read, or whoever sent it is not who may.

    Unlike other invalid input (a broken record of ours, say) it is no fault of the deployment's: it is answered (403
    over HTTP) and logged, and SCF has no reason to repeat it.
    """


class Rejected(NeverAgain):
    """COS or CI said no for good."""

    def __init__(self, message: str, *, status: int, code: str, request_id: str = "") -> None:
        super().__init__(f"{message} (HTTP {status} {code}{', request ' + request_id if request_id else ''})")
        self.status = status
        self.code = code
        self.request_id = request_id


class Unprobed(NeverAgain):
    """A probe of a content's pieces, or of its output, could not be made for longer than is waited for."""


class OutcomeUnknown(ConcatError):
    """A request that must not be repeated was sent, and whether it took effect is unknown."""
