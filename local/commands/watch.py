"""Watch a group on its way: one line for each fragment, each state of the job, and the end."""

from __future__ import annotations

import contextlib
import json
import queue
import time
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.cloud import LocalCloud
    from local.commands.screen import Screen
    from local.media.clips import Clip
    from local.scf.function import Invocation

TICK = 0.05  # seconds between two looks at the jobs
REASON_WIDTH = 60
_COLOURS = {"Success": "green", "Failed": "red", "submitted": "cyan", "finished": "green"}


class Watch:
    """Hears every invocation (`hear` is an observer of `LocalCloud`) and shows what is new."""

    def __init__(self, screen: Screen, clips: Sequence[Clip]) -> None:
        self._screen = screen
        self._clips = {clip.key: clip for clip in clips}
        self._seen: set[str] = set()
        self._heard: queue.SimpleQueue[Invocation] = queue.SimpleQueue()
        self._states: dict[str, str] = {}
        self._began = 0.0

    def hear(self, invocation: Invocation) -> None:
        """Called from the thread that made the invocation."""
        self._heard.put(invocation)

    def keep_pace(self, cloud: LocalCloud, uploaded: int, ahead: int, seconds: float) -> None:
        """Show what happens until at most `ahead` of the uploaded fragments are unseen, for so long at most."""
        deadline = time.monotonic() + seconds
        while uploaded - len(self._seen) > ahead and time.monotonic() < deadline:
            self._jobs(cloud)
            self._invocations()

    def until_done(self, cloud: LocalCloud, seconds: float) -> bool:
        """Show what happens until the group has its closing record; False when `seconds` pass or the group failed."""
        state = cloud.environment.get("CONCAT_STATE_PREFIX", ".concat/")
        deadline = time.monotonic() + seconds
        closed = False
        while not closed and time.monotonic() < deadline:
            closed = any(key.endswith("/done.json") for key in cloud.store.keys(cloud.bucket, state))
            self._jobs(cloud)
            self._invocations()
            if not closed and cloud.functions.wait_idle(0) and cloud.settle(0.5) and not self._heard.qsize():
                return any(key.endswith("/done.json") for key in cloud.store.keys(cloud.bucket, state))
        cloud.settle(max(1.0, deadline - time.monotonic()))
        self._jobs(cloud)
        self._invocations()
        return closed

    def _invocations(self) -> None:
        """Show what was heard; wait a moment when there is nothing."""
        try:
            self._show(self._heard.get(timeout=TICK))
            while True:
                self._show(self._heard.get_nowait())
        except queue.Empty:
            pass

    def _show(self, invocation: Invocation) -> None:
        result = invocation.result
        if not result.ok:
            self._failure(invocation)
        elif invocation.function == "upload":
            outcome = _outcome(result.value)
            for key in _keys(invocation.event):
                self._fragment(key, *outcome)
        else:
            self._step(invocation.function, f"{_decision(result.log) or 'answered'}  ({result.seconds:.1f} s)")

    def _fragment(self, key: str, action: str, reason: str) -> None:
        clip = self._clips.get(key)
        if clip is None or key in self._seen:
            return  # the same event once more
        self._seen.add(key)
        screen = self._screen
        there, missing = screen.sign("■", "#"), screen.sign("·", ".")
        row = "".join(there if key in self._seen else missing for key in self._clips)
        size = f"{clip.path.stat().st_size / 1000:,.0f} kB"
        told = reason if len(reason) <= REASON_WIDTH else reason[: REASON_WIDTH - 1] + screen.sign("…", "~")
        coloured = screen.styled(f"{action:<17}", _COLOURS.get(action, "bold"))
        screen.line(f"  {screen.styled(row, 'cyan')}  part {clip.index:>2}  {size:>9}  {coloured} {told}")

    def _jobs(self, cloud: LocalCloud) -> None:
        for job in cloud.ci.jobs():
            if self._states.get(job.id) != job.state:
                self._began = self._began or time.monotonic()
                self._states[job.id] = job.state
                state = self._screen.styled(job.state, _COLOURS.get(job.state, "bold"))
                self._step("job", f"{job.id}  {state}")
        if self._states and any(state in ("Submitted", "Running") for state in self._states.values()):
            self._screen.status(f"CI joins the fragments … {time.monotonic() - self._began:.1f} s")

    def _step(self, who: str, what: str) -> None:
        self._screen.line(f"  {self._screen.sign('→', '->')} {who:<10} {what}")

    def _failure(self, invocation: Invocation) -> None:
        """A failed invocation with the last line of its stack; SCF tries again by itself."""
        value = invocation.result.value
        told = value if isinstance(value, dict) else {}
        stack = str(told.get("stackTrace") or told.get("errorMessage") or value).strip()
        failed = self._screen.styled(f"failed ({invocation.result.status})", "red")
        self._step(invocation.function, f"{failed}, try {invocation.attempt}: {stack.splitlines()[-1]}")


def _outcome(value: object) -> tuple[str, str]:
    """Action and reason of the first result in what `upload` returned."""
    results = value.get("results") if isinstance(value, dict) else None
    first = results[0] if results else {}
    reason = first.get("reason") or (f"job {first['job']}" if first.get("job") else "")
    return first.get("action", json.dumps(value)), reason


def _decision(log: str) -> str:
    """Action and reason of the last decision in a function's log, which is one line of JSON for each."""
    for line in reversed(log.splitlines()):
        with contextlib.suppress(ValueError):
            said = json.loads(line)
            if isinstance(said, dict) and said.get("action"):
                return f"{said['action']}: {said.get('reason', '')}".strip(": ")
    return ""


def _keys(event: object) -> Iterator[str]:
    """Object keys of a COS event's records."""
    for record in event.get("Records", ()) if isinstance(event, dict) else ():
        address = record["cos"]["cosObject"]["url"]
        yield unquote(address.split("/", 3)[3])
