"""What is deployed: a function's configuration, and what one invocation of it gave."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

OK = 200
EVENT_TOO_LARGE, RESPONSE_TOO_LARGE = 406, 407
USER_EXCEPTION, TIMED_OUT, OUT_OF_MEMORY, HANDLER_NOT_FOUND, PROCESS_EXITED = 430, 433, 434, 437, 439

MESSAGES = {
    EVENT_TOO_LARGE: "event too large",
    RESPONSE_TOO_LARGE: "response too large",
    USER_EXCEPTION: "user code exception caught",
    OUT_OF_MEMORY: "out of memory",
    HANDLER_NOT_FOUND: "handler not found",
    PROCESS_EXITED: "User process exit when running",
}

SYNCHRONOUS_LIMIT = 6 * 1024 * 1024  # bytes of an event or an answer, product/583/11637
ASYNCHRONOUS_LIMIT = 128 * 1024  # bytes of an event, the same page


@dataclass(frozen=True)
class Function:
    """A function as it is deployed. `time_limit` in seconds; `memory_mb` is only enforced when it is set;
    `instances` is how many run at once at most; `policy` is its role's (None: everything is allowed).
    """

    name: str
    handler: str
    time_limit: float = 60
    memory_mb: int | None = None
    instances: int = 4
    environment: Mapping[str, str] = field(default_factory=dict)
    policy: Mapping[str, object] | None = None


@dataclass(frozen=True)
class Result:
    """How one invocation ended: SCF's status code, the return value or the error's dict, and all that was printed."""

    request_id: str
    status: int
    value: object
    log: str
    seconds: float

    @property
    def ok(self) -> bool:
        """Whether the function returned."""
        return self.status == OK


@dataclass(frozen=True)
class Invocation:
    """One invocation, as an observer sees it: by which trigger (cos, timer, cmq, http, invoke), which try it was."""

    function: str
    trigger: str
    event: object
    result: Result
    attempt: int = 1


def error(status: int, request_id: str, *, message: str = "", stack: str = "") -> dict[str, object]:
    """The dict that stands for a failed invocation, in the platform's documented form."""
    return {
        "errorCode": -1,
        "errorMessage": message or MESSAGES[status],
        "requestId": request_id,
        "stackTrace": stack,
        "statusCode": status,
    }
