"""`cos-concat demo`: a dozen fragments, or your own files, become one proven video on this machine."""

from __future__ import annotations

import random
import sys
from dataclasses import asdict
from pathlib import Path

import click

from ops.desk.mistakes import NO, Mistake
from ops.desk.options import json_option
from ops.desk.show import show_json

EXAMPLES = """\b
Examples:
  cos-concat demo
  cos-concat demo --seed 7 --count 4
  cos-concat demo first.mp4 'second half.mov' --out joined
"""


@click.command(epilog=EXAMPLES)
@click.argument("clips", nargs=-1, type=click.Path(path_type=Path))
@click.option("--count", type=click.IntRange(2, 60), default=12, show_default=True, help="Clips made when none given.")
@click.option("--seed", type=int, help="Repeats a run.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("demo-out"), help="Folder for video and pictures.")
@json_option
def command(clips: tuple[Path, ...], count: int, seed: int | None, out: Path, as_json: bool) -> int:
    """Join fragments in the local cloud and prove the result.

    CLIPS are files of your own in their order, at least two. Exit code 0 only if every claim at the end holds.
    """
    if len(clips) == 1:
        raise Mistake(f"only one clip is given, {clips[0]}: joining takes at least two")
    from local.commands.demo import run
    from local.commands.screen import Screen
    from local.media.reading import UnreadableError

    chosen = random.SystemRandom().randrange(10_000) if seed is None else seed
    try:
        shown = run(Screen(sys.stderr if as_json else sys.stdout), clips, count, chosen, out)
    except UnreadableError as wrong:
        raise Mistake(str(wrong)) from wrong
    if as_json:
        show_json({"holds": shown.holds, "seed": chosen, "claims": [asdict(claim) for claim in shown.claims]})
    return 0 if shown.holds else NO
