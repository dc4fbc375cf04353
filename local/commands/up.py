"""`cos-concat up`: the local cloud in the foreground, for any COS client, until it is interrupted.

It leaves its addresses and keys in `build/local-cloud.json` (readable by its owner only) for `cos-concat invoke`, and
the certificate of its authority in `build/local-cloud.pem` for clients that speak https.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from local import ROOT
from local.cloud import THE_FUNCTIONS, LocalCloud
from local.commands.rehearsal import receiver
from local.commands.screen import Screen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from local.commands.rehearsal import Rehearsal
    from local.scf.function import Invocation, Result

STATE = Path(os.environ.get("LOCAL_CLOUD_STATE") or ROOT / "build" / "local-cloud.json")
CERTIFICATE = STATE.with_suffix(".pem")
A_WEEK = 7 * 24 * 3600.0


def keep_up(
    screen: Screen,
    port: int,
    sweep_seconds: float,
    rehearsal: Rehearsal,
    ready: Callable[[LocalCloud], None],
    *,
    empty: bool = False,
) -> None:
    """Run the local cloud in the foreground until SIGINT or SIGTERM, so configured; port 0 is any free one.

    `ready` is called once it serves. `empty` has no functions: it is there to be deployed into.

    Raises:
        OSError: when the port cannot be had.
    """
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())

    def show(invocation: Invocation) -> None:
        result = invocation.result
        told = json.dumps(result.value, ensure_ascii=False) if result.ok else last_line(result)
        mark = screen.styled(str(result.status), "green" if result.ok else "red")
        screen.line(f"  {mark}  {invocation.function:<8} {invocation.trigger:<5} {result.seconds:5.1f} s  {told}")

    def notified(told: str) -> None:
        screen.line(f"  {screen.styled('notify', 'cyan')}  {told}")

    cloud = LocalCloud(
        functions=() if empty else THE_FUNCTIONS,
        timer_seconds=sweep_seconds,
        observe=show,
        port=port,
        bucket=rehearsal.bucket,
        region=rehearsal.region,
        environment=rehearsal.environment,
        others=[(lambda host: host == rehearsal.notified, receiver(notified))],
    )
    with cloud, _announced(cloud):
        _welcome(screen, cloud, rehearsal)
        if empty:
            _how_to_deploy(screen, cloud)
        ready(cloud)
        ended.wait()
        screen.line("stopping")


def running() -> dict[str, Any] | None:
    """What the running local cloud left in its state file; None when there is none or nothing answers any more."""
    try:
        state: dict[str, Any] = json.loads(STATE.read_text("utf-8"))
        with socket.create_connection(("127.0.0.1", urlsplit(str(state["proxy"])).port or 0), timeout=1):
            return state
    except (OSError, ValueError, KeyError, TypeError):  # not there, gone, or not ours
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
        "shell": cloud.shell_environment(CERTIFICATE),
        "functions": {name: cloud.functions.settings(name, A_WEEK) for name in cloud.functions.names},
    }
    STATE.parent.mkdir(parents=True, exist_ok=True)
    CERTIFICATE.write_bytes(cloud.proxy.authority.certificate)
    descriptor, unfinished = tempfile.mkstemp(dir=STATE.parent)  # readable by its owner only
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(state, file, indent=2)
    Path(unfinished).replace(STATE)
    try:
        yield
    finally:
        STATE.unlink(missing_ok=True)
        CERTIFICATE.unlink(missing_ok=True)


def _welcome(screen: Screen, cloud: LocalCloud, rehearsal: Rehearsal) -> None:
    screen.title(
        "The configuration that is rehearsed" if rehearsal.lines else "No CONCAT_ variable is set: the defaults"
    )
    for line in rehearsal.lines:
        screen.line(f"  {line}")
    screen.title("The local cloud is up (on 127.0.0.1 only). In another shell:")
    screen.line()
    for name, value in cloud.shell_environment(CERTIFICATE).items():
        screen.line(f"  export {name}={value}")
    screen.line()
    screen.line("  # any COS client, over http or https, with the real host names; for example the SDK:")
    screen.line(f"  {SDK_EXAMPLE}")
    screen.line("  # coscmd, where it is installed:")
    screen.line("  coscmd config -a $COS_SECRET_ID -s $COS_SECRET_KEY -b $COS_BUCKET -r $COS_REGION")
    screen.line("  coscmd upload talk.part1-of-2.mp4 fragments/")
    if not cloud.functions.names:
        return
    screen.line("  # one function by hand:")
    screen.line("  make invoke FUNCTION=upload EVENT=events/cos-created-put.json")
    screen.line()
    prefix = cloud.environment.get("CONCAT_INPUT_PREFIX", "fragments/")
    screen.line(f"Objects under {prefix} of {cloud.bucket} start the functions. Ctrl-C ends everything.")
    screen.line()


def _how_to_deploy(screen: Screen, cloud: LocalCloud) -> None:
    """What `.env` says to deploy into this cloud."""
    key = cloud.account.root_key()
    screen.line()
    screen.line("Nothing is deployed yet. In the other shell, a file .env.local and then make deploy ENV=.env.local:")
    screen.line()
    for line in (
        f"CONCAT_BUCKET={cloud.bucket}",
        f"CONCAT_REGION={cloud.account.region}",
        "CONCAT_SCHEME=http",
        "CONCAT_CLEANUP=keep",
        f"TENCENT_SECRET_ID={key.secret_id}",
        f"TENCENT_SECRET_KEY={key.secret_key}",
    ):
        screen.line(f"  {line}")
    screen.line()
    screen.line("Ctrl-C ends everything.")
    screen.line()


SDK_EXAMPLE = """.venv/bin/python -c 'import os, sys; from qcloud_cos import CosConfig, CosS3Client; e = os.environ; \\
    c = CosS3Client(CosConfig(Region=e["COS_REGION"], SecretId=e["COS_SECRET_ID"], SecretKey=e["COS_SECRET_KEY"])); \\
    [c.upload_file(e["COS_BUCKET"], "fragments/" + os.path.basename(f), f) for f in sys.argv[1:]]; \\
    print([o["Key"] for o in c.list_objects(e["COS_BUCKET"]).get("Contents", [])])' talk.part*-of-2.mp4"""
