"""`cos-concat names`: what the configured convention makes of keys.

Nothing is asked of the service: the verdict on each group takes the given keys for all there are.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.groups.rules import in_order, in_words, judge_numbers, judge_times
from cosconcat.groups.verdicts import FoundFragment, Invalid, Marker, Waiting, Whole
from cosconcat.model import ObjectInfo
from cosconcat.naming.keys import FragmentName, InvalidName, ManifestName, MarkerName, Name
from cosconcat.output.key import resolved_output_key
from ops.mistakes import NO
from ops.options import json_option
from ops.settings import settings
from ops.show import show_json

if TYPE_CHECKING:
    from collections.abc import Iterable

_SLOW = 0.05  # seconds for one key; an expression that takes that long costs more than the rest of the function
_OPTIONS = {"naming": "CONCAT_NAMING", "completion": "CONCAT_COMPLETION", "prefix": "CONCAT_INPUT_PREFIX"}
_EXAMPLE = {"CONCAT_BUCKET": "example-1250000000", "CONCAT_REGION": "ap-guangzhou"}
EXAMPLES = """\b
Examples:
  cos-concat names fragments/a/v.part1-of-2.mp4 fragments/readme.txt
  cos-concat names --naming '(?P<group>.+)_seg(?P<index>[0-9]+)\\.ts' --completion quiet:300 < keys.txt
"""


def describe(name: Name) -> str:
    """One key in words."""
    if isinstance(name, FragmentName):
        of = f" of {name.total}" if name.total is not None else ""
        return f"fragment {name.digits}{of} of group {name.group} ({name.ext})"
    if isinstance(name, MarkerName):
        return f"marker of group {name.group}" + (f", counts {name.count}" if name.count is not None else "")
    if isinstance(name, ManifestName):
        return f"manifest of group {name.group}"
    return f"{'invalid' if isinstance(name, InvalidName) else 'ignored'}: {name.reason}"


def judge(config: Config, names: Iterable[Name]) -> dict[str, str]:
    """A verdict in words for each group, as if its objects were there, not empty, and had been quiet for long."""
    pieces: dict[str, list[FoundFragment]] = {}
    markers: dict[str, Marker] = {}
    for name in names:
        if isinstance(name, FragmentName):
            pieces.setdefault(name.group, []).append(FoundFragment(name, ObjectInfo(name.key, "", 1, 0)))
        elif isinstance(name, MarkerName):
            markers[name.group] = Marker(ObjectInfo(name.key, "", 1, 0), name.count)
    return {group: _verdict(config, group, pieces[group], markers.get(group)) for group in sorted(pieces)}


def _verdict(config: Config, group: str, found: list[FoundFragment], marker: Marker | None) -> str:
    ordered, now = in_order(found), int(time.time())
    if config.convention.timed:
        verdict = judge_times(config, group, ordered, marker, now, config.convention.bounds(group)[1])
    else:
        verdict = judge_numbers(config, group, ordered, marker, now)
    if isinstance(verdict, Invalid):
        return f"invalid: {verdict.reason}"
    if isinstance(verdict, Waiting):
        also = f"; missing so far: {in_words(verdict.missing)}" if verdict.missing else ""
        return f"waiting: {verdict.reason}" + ("" if verdict.awaits == "fragments" else also)
    if isinstance(verdict, Whole):
        order = ", ".join(fragment.object.key.rpartition("/")[2] for fragment in verdict.set.fragments[:4])
        more = ", …" if len(verdict.set.fragments) > 4 else ""
        key = resolved_output_key(config, verdict.set) or "a key that holds the job's id"
        return f"whole: {order}{more} -> {key}" + (f" ({verdict.note})" if verdict.note else "")
    return "gone"


@click.command(epilog=EXAMPLES)
@click.argument("keys", nargs=-1)
@click.option("--naming", help="Instead of CONCAT_NAMING.")
@click.option("--completion", help="Instead of CONCAT_COMPLETION.")
@click.option("--prefix", help="Instead of CONCAT_INPUT_PREFIX.")
@json_option
def command(keys: tuple[str, ...], as_json: bool, **options: str | None) -> int:
    """Say which group each key belongs to, and why not.

    KEYS are full keys; without any they are read from standard input, one a line. Exit code 1 when something is
    invalid.
    """
    chosen = {variable: value for option, variable in _OPTIONS.items() if (value := options[option])}
    config = read_config({**_EXAMPLE, **settings(), **chosen})
    names: list[Name] = []
    for key in keys or (line.rstrip("\n") for line in sys.stdin):
        begun = time.perf_counter()
        names.append(config.convention.read(key))
        took = time.perf_counter() - begun
        if not as_json:
            click.echo(f"{key}\t{describe(names[-1])}" + (f"\tslow: {took:.2f} s" if took > _SLOW else ""))
    verdicts = judge(config, names)
    if as_json:
        show_json({"keys": {name.key: describe(name) for name in names}, "groups": verdicts})
    else:
        for group, words in verdicts.items():
            click.echo(f"group {group}\t{words}")
    bad = any(isinstance(name, InvalidName) for name in names) or any("invalid" in v[:7] for v in verdicts.values())
    return NO if bad else 0
