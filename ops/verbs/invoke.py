"""`cos-concat invoke`: run one function on one event, in the running local cloud or in one of its own."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from ops import ROOT
from ops.desk.files import read_json
from ops.desk.mistakes import NO, Mistake
from ops.desk.options import json_option
from ops.desk.show import show_json

FUNCTIONS = {"upload": "cos-created", "callback": "callback", "sweep": "[st]"}  # what their samples begin with
EXAMPLES = """\b
Examples:
  cos-concat invoke upload events/cos-created-put.json
  cos-concat invoke sweep events/timer.json
"""


@click.command(epilog=EXAMPLES)
@click.argument("function", type=click.Choice(list(FUNCTIONS)), metavar="FUNCTION")
@click.argument("event", type=click.Path(path_type=Path))
@json_option
def command(function: str, event: Path, as_json: bool) -> int:
    """Run a function on the event in a JSON file.

    FUNCTION is upload, callback or sweep.
    Its log and its result are shown. It runs in the local cloud that `cos-concat up` keeps, or in one of its own
    when none is running.
    """
    given = _read(event, function)
    from local.cloud import THE_FUNCTIONS
    from local.commands.invoke import invoke
    from local.commands.screen import Screen

    chosen = next(each for each in THE_FUNCTIONS if each.name == function)
    result = invoke(Screen(sys.stderr if as_json else sys.stdout), chosen, given, str(event))
    if as_json:
        show_json({"status": result.status, "seconds": round(result.seconds, 3), "result": result.value})
    return 0 if result.ok else NO


def _read(event: Path, function: str) -> object:
    if event.is_dir() or not event.exists():
        samples = (ROOT / "events").glob(f"{FUNCTIONS[function]}*.json")
        there = ", ".join(sorted(each.name for each in samples)[:5])
        wrong = "is a folder, and a file is needed" if event.is_dir() else "there is no such file"
        raise Mistake(f"{event}: {wrong}; for {function} events/ has {there}, ...")
    return read_json(event)
