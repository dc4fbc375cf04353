"""One function instance: a process of its own, executed by path, that sees the code root and the dependencies only.

    python -I -S -X utf8 instance.py <commands fd> <answers fd> <module.function> <code root> <dependencies>

A command is one line of JSON `{"event", "context", "environment"}`, an answer is one line of JSON `{"status",
"value"}`: 200 with the function's return value, or one of SCF's codes with the stack trace. What the function prints
goes to the file that is its stdout and stderr. The process ends when the commands' pipe is closed, even while the
function runs, so that an instance never outlives the cloud that started it. Nothing is imported from the repository.
"""

from __future__ import annotations

import importlib
import json
import os
import queue
import sys
import threading
import traceback
from typing import Any

USER_EXCEPTION, OUT_OF_MEMORY, HANDLER_NOT_FOUND = 430, 434, 437


def main(commands: int, answers: int, handler: str, *roots: str) -> None:
    """Answer commands one at a time until their pipe is closed."""
    for descriptor in (commands, answers):
        os.set_inheritable(descriptor, False)  # a process that the function starts must not keep the pipes open
    sys.path[:0] = roots  # SCF: PYTHONPATH=/var/user:/opt, before the standard library
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # a killed instance has printed its lines
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(commands, waiting), daemon=True).start()
    function = None
    while True:
        command = json.loads(waiting.get())
        os.environ.update(command["environment"])
        try:
            function = function or _load(handler)
            answer = {"status": 200, "value": function(command["event"], command["context"])}
            line = json.dumps(answer, allow_nan=False)
        except MemoryError:
            line = json.dumps({"status": OUT_OF_MEMORY, "value": traceback.format_exc()})
        except _HandlerNotFoundError as error:
            line = json.dumps({"status": HANDLER_NOT_FOUND, "value": str(error)})
        except Exception as error:  # noqa: BLE001 -- whatever the function raises is its answer
            line = json.dumps({"status": USER_EXCEPTION, "value": _stack(error)})
        sys.stdout.flush()
        sys.stderr.flush()
        with os.fdopen(os.dup(answers), "wb") as pipe:
            pipe.write(line.encode() + b"\n")


class _HandlerNotFoundError(Exception):
    """The module or the function that the handler names is not there."""


def _load(handler: str) -> Any:
    """Import the handler, as a cold start does."""
    module_name, _, function_name = handler.rpartition(".")
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name == module_name:
            raise _HandlerNotFoundError(f"{handler}: there is no {module_name}.py in the code root") from error
        raise
    if not callable(function := getattr(module, function_name, None)):
        raise _HandlerNotFoundError(f"{handler}: {module_name}.py has no function {function_name}")
    return function


def _stack(error: BaseException) -> str:
    """The stack trace from the function's own first line on, without this file and the import system's frames."""
    own = error.__traceback__
    while own and (own.tb_frame.f_code.co_filename == __file__ or "importlib" in own.tb_frame.f_code.co_filename):
        own = own.tb_next
    return "".join(traceback.format_exception(type(error), error, own))


def _read(commands: int, waiting: queue.SimpleQueue[bytes]) -> None:
    """Hand on each line; end the process when the other side is gone."""
    with os.fdopen(commands, "rb") as pipe:
        for line in pipe:
            waiting.put(line)
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
