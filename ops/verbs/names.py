"""`cos-concat names`: the workbench for names. What a convention makes of keys, and which one fits a listing.

keys (arguments, a file, standard input, a bucket's LIST) ─► each read ─► groups judged ─► unmatched, and why nearly
                                                        └─► with --suggest: settings that explain it, best first

Nothing is asked of the service but, with --from-bucket, LIST: the verdict on each group takes the given keys for all
there are.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cosconcat.environment.reading import read_config
from cosconcat.errors import ConfigurationError, InvalidInput
from cosconcat.log import printable
from ops.desk.environment import environment
from ops.desk.mistakes import NO, Mistake
from ops.desk.options import json_option
from ops.desk.show import show_json
from ops.naming import report
from ops.naming.examine import examine
from ops.naming.listing import bucket_keys, each_once, file_lines, read_keys

if TYPE_CHECKING:
    from cosconcat.config import Config
    from ops.naming.suggest import Suggestion

_MOST = 100_000  # keys of a bucket
_OPTIONS = {
    "naming": "CONCAT_NAMING",
    "completion": "CONCAT_COMPLETION",
    "prefix": "CONCAT_INPUT_PREFIX",
    "first": "CONCAT_FIRST",
    "marker": "CONCAT_MARKER",
}
_EXAMPLE = {"CONCAT_BUCKET": "example-1250000000", "CONCAT_REGION": "ap-guangzhou"}
EXAMPLES = """\b
Examples:
  cos-concat names fragments/a/v.part1-of-2.mp4 fragments/readme.txt
  cos-concat names --naming '{group}_{index:3}.{ext}' --completion quiet:300 < keys.txt
  cos-concat names --suggest --file keys.txt
  cos-concat names --suggest --from-bucket
"""


@click.command(epilog=EXAMPLES)
@click.argument("keys", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), help="Read keys from a file, one a line.")
@click.option("--from-bucket", is_flag=True, help="LIST the keys under the input prefix; nothing else is asked.")
@click.option("--most", type=click.IntRange(1), help="Most keys --from-bucket (100,000).")
@click.option("--suggest", "wanted", is_flag=True, help="Find the setting that explains the keys best.")
@click.option("--naming", help="Instead of CONCAT_NAMING.")
@click.option("--completion", help="Instead of CONCAT_COMPLETION.")
@click.option("--prefix", help="Instead of CONCAT_INPUT_PREFIX.")
@click.option("--first", help="Instead of CONCAT_FIRST.")
@click.option("--marker", help="Instead of CONCAT_MARKER.")
@json_option
def command(
    keys: tuple[str, ...],
    file: Path | None,
    from_bucket: bool,
    most: int | None,
    wanted: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Say what each key is, or find the setting for the names.

    Which group it belongs to and what is missing there, or why it matches nothing, and what it is nearly. KEYS are full
    keys; without any they are read from standard input, one a line. Exit code 1 when something is invalid, when nothing
    at all matches, or when no setting is found; 2 when there are no keys.
    """
    _refuse_what_would_be_ignored(keys, file, options, from_bucket=from_bucket, most=most, wanted=wanted)
    chosen = {variable: value for option, variable in _OPTIONS.items() if (value := options[option])}
    config = read_config({**_EXAMPLE, **environment(), **chosen})
    lines = file_lines(file) if file else keys or sys.stdin or ()
    given, repeated = each_once(bucket_keys(config, most or _MOST) if from_bucket else read_keys(lines))
    if not given and from_bucket:
        raise InvalidInput([f"no keys: nothing lies under {config.bucket.name}/{config.input_prefix}"])
    if not given:
        raise Mistake(f"no keys: {file or 'standard input'} holds none")
    if repeated:
        click.echo(f"note: {printable(repeated)}", err=True)
    if wanted:
        return _suggest(given, config, as_json=as_json)
    found = examine(config, given)
    if as_json:
        show_json(report.as_json(config, found))
    else:
        for line in report.in_lines(config, found):
            click.echo("\t".join(map(printable, line.rsplit("\t", 1))))
    return NO if found.wrong or not found.fits else 0


def _refuse_what_would_be_ignored(
    keys: Sequence[str], file: Path | None, options: Mapping[str, str | None], *, from_bucket: bool, most: int | None,
    wanted: bool,
) -> None:  # fmt: skip
    if bool(keys) + bool(file) + from_bucket > 1:
        raise click.UsageError("KEYS, --file and --from-bucket are three places of keys: say one of them")
    if most and not from_bucket:
        raise click.UsageError("--most goes with --from-bucket")
    found = [f"--{option}" for option, value in options.items() if value and option != "prefix"]
    if wanted and found:
        raise click.UsageError(f"--suggest finds the setting: leave out {' and '.join(found)}")


def _suggest(lines: Sequence[str], config: Config, *, as_json: bool) -> int:
    from ops.naming.lines import why_none, without_other_lines
    from ops.naming.suggest import suggest

    def comment(words: str) -> None:
        click.echo(f"# {printable(words)}", err=as_json)

    prefix = config.input_prefix
    keys, others = without_other_lines(lines, prefix)
    if 2 * len(keys) < len(lines):  # what the few others suggest is not what was asked
        return _nothing([str(one) for one in others], as_json=as_json)
    for other in others:
        comment(f"left out: {other}")
    under = sum(key.startswith(prefix) for key in keys)
    if under:
        found = suggest(keys, prefix)
    else:
        found, what = _outside(keys, config)
        comment(f"these keys lie outside CONCAT_INPUT_PREFIX={prefix}: {what}")
    if 0 < under < len(keys):
        out = f"{len(keys) - under} of {len(keys)}"
        comment(f"left out: {out} keys, which lie outside CONCAT_INPUT_PREFIX={prefix}")
    if not found:
        return _nothing([f"no setting joins any of these names: {why_none(keys, prefix)}"], as_json=as_json)
    if as_json:
        show_json([one._asdict() for one in found])
        return 0
    for number, one in enumerate(found, 1):
        click.echo(f"# {number}. {one.words}")
        for line in one.lines:
            click.echo(line if number == 1 else f"# {line}")
    return 0


def _nothing(sentences: Iterable[str], *, as_json: bool) -> int:
    """No setting: sentences say why, beside the empty list where a program asked for one."""
    if as_json:
        show_json([])
    for words in sentences:
        click.echo(printable(words), err=as_json)
    return NO


def _outside(keys: Sequence[str], config: Config) -> tuple[list[Suggestion], str]:
    """The settings for keys of which none lies under the input prefix, and what to do besides: their folder may be the
    prefix, where the configuration accepts it.
    """
    from ops.naming.suggest import suggest

    folder = keys[0].partition("/")[0] + "/"
    found = suggest(keys, folder) if all(key.startswith(folder) for key in keys) else []
    if not found:
        return suggest(keys, ""), f"upload them under {config.input_prefix}"
    refused = _refused(folder, config)
    if refused:
        return (
            found,
            f"{folder} cannot be that ({refused}): upload them under {config.input_prefix} instead of {folder}",
        )
    line = f"CONCAT_INPUT_PREFIX={folder}"
    return [one._replace(lines=(*one.lines, line)) for one in found], f"set {line} as well"


def _refused(folder: str, config: Config) -> str:
    """Why the configuration does not accept a folder as CONCAT_INPUT_PREFIX; empty when it does."""
    try:
        read_config({**_EXAMPLE, **environment(), "CONCAT_INPUT_PREFIX": folder})
    except ConfigurationError as wrong:
        return wrong.problems[0].removesuffix(f" in bucket {config.bucket.name}")
    return ""
