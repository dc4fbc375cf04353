"""`python -m local up` keeps the local cloud running; `python -m local invoke FUNCTION EVENT` runs a function once.

`up` leaves its addresses and keys in `build/local-cloud.json` (readable by its owner only) for `invoke`, which starts
an instance of its own against them, or against a cloud of its own when none is running.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local.cloud import HANDLER, LAYER, ROOT, THE_FUNCTIONS, LocalCloud
from local.scf.process import Instance
from local.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from local.scf.function import Invocation, Result

STATE = Path(os.environ.get("LOCAL_CLOUD_STATE") or ROOT / "build" / "local-cloud.json")
SAMPLES = {"upload": "cos-created", "callback": "callback", "sweep": "[st]"}  # what their names begin with in events/
A_WEEK = 7 * 24 * 3600.0
OK, FAILED, MISUSED = 0, 1, 2


def main(arguments: Sequence[str]) -> int:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser("python -m local", description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="keep the local cloud running until Ctrl-C")
    up.add_argument("--port", type=int, default=0, help="of the proxy; a free one by default")
    up.add_argument("--sweep", type=float, default=300, metavar="SECONDS", help="how often the sweep runs")
    run = commands.add_parser("invoke", help="run one function on one event")
    run.add_argument("function", nargs="?", default="")
    run.add_argument("event", nargs="?", default="")
    asked = parser.parse_args(arguments)
    screen = Screen(sys.stdout)
    if asked.command == "up":
        return keep_up(screen, asked.port, asked.sweep)
    try:
        return invoke(screen, asked.function, asked.event)
    except _MisuseError as wrong:
        print(f"invoke: {wrong}", file=sys.stderr)
        return MISUSED


class _MisuseError(Exception):
    """An argument cannot be used; says which and what is allowed."""


def keep_up(screen: Screen, port: int, sweep_seconds: float) -> int:
    """Run the local cloud in the foreground until SIGINT or SIGTERM."""
    if running() is not None:
        print(f"up: a local cloud is running already, see {STATE}", file=sys.stderr)
        return FAILED
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())

    def show(invocation: Invocation) -> None:
        result = invocation.result
        told = json.dumps(result.value, ensure_ascii=False) if result.ok else last_line(result)
        mark = screen.styled(str(result.status), "green" if result.ok else "red")
        screen.line(f"  {mark}  {invocation.function:<8} {invocation.trigger:<5} {result.seconds:5.1f} s  {told}")

    try:
        cloud = LocalCloud(timer_seconds=sweep_seconds, observe=show, port=port)
    except OSError as wrong:
        print(f"up: port {port}: {wrong.strerror}", file=sys.stderr)
        return FAILED
    with cloud, _announced(cloud):
        _welcome(screen, cloud)
        ended.wait()
        screen.line("stopping")
    return OK


def invoke(screen: Screen, function_name: str, event_file: str) -> int:
    """Run one function on one event and show its log and its result; 1 when the function failed.

    Raises:
        _MisuseError: for an unknown function, or an event that cannot be read.
    """
    chosen = next((each for each in THE_FUNCTIONS if each.name == function_name), None)
    if chosen is None:
        names = ", ".join(each.name for each in THE_FUNCTIONS)
        raise _MisuseError(f"FUNCTION={function_name}: there is no such function; choose one of {names}")
    event = _event(event_file, function_name)
    with contextlib.ExitStack() as opened:
        state = running()
        if state is None:
            cloud = opened.enter_context(LocalCloud())
            settings = cloud.functions.settings(function_name, A_WEEK)
            where = "a local cloud of its own, empty (make up starts one that stays)"
        else:
            settings = state["functions"][function_name]
            where = f"the running local cloud, {state['proxy']}"
        screen.title(f"{function_name} on {event_file}, in {where}")
        instance = Instance(chosen, HANDLER, LAYER, settings["environment"])
        opened.callback(instance.close)
        result = instance.run(event, settings["context"], {"TRIGGER_SRC": "invoke"})
    for line in result.log.splitlines():
        screen.line("  " + screen.styled(line, "dim"))
    told = result.value if result.ok else {**result.value, "stackTrace": ""} if isinstance(result.value, dict) else None
    screen.line(json.dumps(told, indent=2, ensure_ascii=False))
    if not result.ok and isinstance(result.value, dict):
        screen.line(str(result.value["stackTrace"]))
    screen.line(f"{result.status} in {result.seconds:.2f} s")
    return OK if result.ok else FAILED


def running() -> dict[str, Any] | None:
    """What the running local cloud left in its state file; None when there is none or nothing answers any more."""
    try:
        state: dict[str, Any] = json.loads(STATE.read_text("utf-8"))
        with socket.create_connection(("127.0.0.1", urlsplit(state["proxy"]).port or 0), timeout=1):
            return state
    except (OSError, ValueError, KeyError):
        return None


def last_line(result: Result) -> str:
    """The last line of a failed invocation's stack, or its message."""
    value = result.value if isinstance(result.value, dict) else {}
    return str(value.get("stackTrace") or value.get("errorMessage")).strip().splitlines()[-1]


@contextlib.contextmanager
def _announced(cloud: LocalCloud) -> Iterator[None]:
    """Keep the state file while the cloud runs; it holds toy keys, and still nobody else may read it."""
    state = {
        "proxy": cloud.proxy.url,
        "shell": cloud.shell_environment(),
        "functions": {name: cloud.functions.settings(name, A_WEEK) for name in cloud.functions.names},
    }
    STATE.parent.mkdir(parents=True, exist_ok=True)
    descriptor, unfinished = tempfile.mkstemp(dir=STATE.parent)  # readable by its owner only
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(state, file, indent=2)
    Path(unfinished).replace(STATE)
    try:
        yield
    finally:
        STATE.unlink(missing_ok=True)


def _welcome(screen: Screen, cloud: LocalCloud) -> None:
    screen.title("The local cloud is up (on 127.0.0.1 only). In another shell:")
    screen.line()
    for name, value in cloud.shell_environment().items():
        screen.line(f"  export {name}={value}")
    screen.line()
    screen.line("  # any COS client over http, with the real host names; for example the SDK:")
    screen.line(f"  {SDK_EXAMPLE}")
    screen.line("  # coscmd, where it is installed:")
    screen.line("  coscmd config -a $COS_SECRET_ID -s $COS_SECRET_KEY -b $COS_BUCKET -r $COS_REGION --do-not-use-ssl")
    screen.line("  coscmd upload talk.part1-of-2.mp4 fragments/")
    screen.line("  # one function by hand:")
    screen.line("  make invoke FUNCTION=upload EVENT=events/cos-created-put.json")
    screen.line()
    screen.line(f"Objects under fragments/ of {cloud.bucket} start the functions. Ctrl-C ends everything.")
    screen.line()


SDK_EXAMPLE = """.venv/bin/python -c 'import os, sys; from qcloud_cos import CosConfig, CosS3Client; e = os.environ; \\
    c = CosS3Client(CosConfig(Region=e["COS_REGION"], SecretId=e["COS_SECRET_ID"], SecretKey=e["COS_SECRET_KEY"], \\
    Scheme="http")); [c.upload_file(e["COS_BUCKET"], "fragments/" + os.path.basename(f), f) for f in sys.argv[1:]]; \\
    print([o["Key"] for o in c.list_objects(e["COS_BUCKET"]).get("Contents", [])])' talk.part*-of-2.mp4"""


def _event(name: str, function_name: str) -> object:
    path = Path(name)
    if not name or not path.is_file():
        samples = (ROOT / "events").glob(f"{SAMPLES[function_name]}*.json")
        there = ", ".join(sorted(each.name for each in samples)[:5])
        raise _MisuseError(f"EVENT={name}: there is no such file; for {function_name} events/ has {there}, ...")
    try:
        return json.loads(path.read_text("utf-8"))
    except ValueError as wrong:
        raise _MisuseError(f"EVENT={name}: not JSON: {wrong}") from wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
