"""What a function says it did: one `Result` for each group and for each thing ignored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Action = Literal[
    "ignored", "invalid", "waiting", "submitted", "adopted", "already-submitted", "already-finished", "deferred",
    "finished", "superseded", "kept", "gave-up", "job-failed", "blocked", "try-again",
]  # fmt: skip


@dataclass(frozen=True)
class Result:
    """One decision, without secrets: SCF writes return values to the log."""

    group: str
    action: Action
    reason: str = ""
    key: str = ""
    job: str = ""
    stuck: bool = False  # its job takes longer than CONCAT_STALE_SECONDS: for the report, never a reason to resubmit

    def as_dict(self) -> dict[str, str]:
        """What is there, for JSON."""
        words = {"group": self.group, "action": self.action, "reason": self.reason, "key": self.key, "job": self.job}
        return {name: word for name, word in words.items() if word or name in ("group", "action")}
