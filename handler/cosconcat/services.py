"""What the use cases are given: the configuration, the two ports, the clock and a source of nonces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosconcat.config import Config
from cosconcat.ports import Ci, Clock, Cos

if TYPE_CHECKING:
    from cosconcat.ledger import Claim, Done


def tell_nobody(_claim: Claim, _done: Done) -> str:
    """Where CONCAT_NOTIFY_URL is not set."""
    return ""


@dataclass(frozen=True)
class Services:
    """Handed to every use case; `deadline` is the local time (epoch seconds) at which to stop starting new work."""

    config: Config
    cos: Cos
    ci: Ci
    clock: Clock
    nonce: Callable[[], str]  # at least 128 random bits as hex, drawn anew at each call
    deadline: float = float("inf")
    notify: Callable[[Claim, Done], str] = tell_nobody  # tells of an end; answers why it could not, or ""
