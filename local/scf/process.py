"""The parent's side of one instance: start it, hand it one event at a time, kill it when its time is up."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from local.scf.function import OK, PROCESS_EXITED, TIMED_OUT, Function, Result, error

if TYPE_CHECKING:
    from collections.abc import Mapping

ISOLATED = ("-I", "-S", "-X", "utf8")  # no PYTHON* variables, no current directory, no site-packages
WORKER = Path(__file__).with_name("instance.py")


class Instance:
    """A running process of `function`, in a session of its own. Not thread-safe: one request at a time.

    It keeps byte-code if this process does: what is deployed is compiled as well.
    """

    def __init__(self, function: Function, code_root: Path, deps_root: Path, environment: Mapping[str, str]) -> None:
        self.function = function
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 -- lives as long as the instance
        self._pending, self._read_to = b"", 0
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        python = [sys.executable, *ISOLATED, *(("-B",) if sys.dont_write_bytecode else ())]
        self._process = subprocess.Popen(
            [*python, WORKER, str(commands), str(answers), function.handler, code_root, deps_root],
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            pass_fds=(commands, answers),
            env=dict(environment),
            cwd=code_root,
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)
        if function.memory_mb is not None:
            limit = function.memory_mb * 1024 * 1024
            resource.prlimit(self._process.pid, resource.RLIMIT_AS, (limit, limit))

    @property
    def pid(self) -> int:
        """The process id, which is also its process group."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def run(self, event: object, context: Mapping[str, object], environment: Mapping[str, str]) -> Result:
        """Run the function once; `environment` refreshes the instance's own (role keys change while it is warm).

        After 433 and 439 the process is gone, as on the platform.
        """
        request_id, limit = str(context["request_id"]), self.function.time_limit
        started = time.monotonic()
        command = json.dumps({"event": event, "context": context, "environment": environment}).encode() + b"\n"
        answer = self._exchange(command, started + limit)
        seconds = time.monotonic() - started
        if answer is None:
            timed_out = seconds >= limit
            self.kill()
            status = TIMED_OUT if timed_out else PROCESS_EXITED
            message = f"Invoking task timed out after {limit:g} seconds" if timed_out else ""
            return Result(request_id, status, error(status, request_id, message=message), self._printed(), seconds)
        said = json.loads(answer)
        status, value = said["status"], said["value"]
        if status != OK:
            value = error(status, request_id, stack=value)
        return Result(request_id, status, value, self._printed(), seconds)

    def kill(self) -> None:
        """End the process and whatever it started, at once (SIGKILL), and let go of its pipes; safe to repeat."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def close(self) -> None:
        """Kill the process and free what belongs to it."""
        self.kill()
        os.close(self._commands)
        os.close(self._answers)
        self._log.close()

    def _exchange(self, command: bytes, deadline: float) -> bytes | None:
        """The answer's line, or None when the process ended or the deadline (monotonic seconds) passed."""
        try:
            sent = 0
            while sent < len(command):
                if not _ready(self._commands, select.POLLOUT, deadline):
                    return None
                sent += os.write(self._commands, command[sent : sent + select.PIPE_BUF])
            while b"\n" not in self._pending:
                if not _ready(self._answers, select.POLLIN, deadline):
                    return None
                if not (chunk := os.read(self._answers, 1 << 20)):
                    return None
                self._pending += chunk
        except BrokenPipeError:
            return None
        line, _, self._pending = self._pending.partition(b"\n")
        return line

    def _printed(self) -> str:
        """What was printed since this was last asked (the child appends at the end of the shared file)."""
        descriptor = self._log.fileno()
        text = os.pread(descriptor, os.fstat(descriptor).st_size - self._read_to, self._read_to)
        self._read_to += len(text)
        return text.decode(errors="replace")


def _ready(descriptor: int, event: int, deadline: float) -> bool:
    """Wait until the pipe can be read or written, or its other end is closed; False when the deadline passed."""
    poll = select.poll()
    poll.register(descriptor, event)
    return bool(poll.poll(max(0, deadline - time.monotonic()) * 1000))
