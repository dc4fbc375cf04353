"""Which mutants change what a row of the protocol's tables answers, and why none changes the others.

`python -m tests.unit.protocol.rows` writes the tables of docs/internals/protocol.md; `make mutants` does that too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import NamedTuple

from cosconcat.model import Result
from cosconcat.protocol import attempt, content
from tests.simulation.mutants.every import MUTANTS
from tests.unit.protocol import test_attempt, test_content

PAGE = Path(__file__).parents[3] / "docs" / "internals" / "protocol.md"
HEAD = "| seen | step | its mutants |\n|---|---|---|\n"


class Line(NamedTuple):
    """A row of a table: `name` is `seen` after the row that it adds to; `answer` asks the row's function."""

    name: str
    seen: str
    then: str
    answer: Callable[[], object]


class Bare(NamedTuple):
    """Why no mutant changes a row, and, where there is one, the mutant elsewhere that attacks the same guard."""

    reason: str
    elsewhere: str = ""


ANEW = Bare(
    "without it the next attempt looks before its POST and ends superseded, a pause later", "replaced-pieces-posted"
)
UNRECORDED = Bare("it spares a job, but nothing is promised once records are gone (docs/guarantees.md)")
BARE: Mapping[str, Bare] = {
    "job Failed, the first, and more are allowed": ANEW,
    "job Failed, the first, and more are allowed … and one is gone, or no longer what was claimed": ANEW,
    "job recorded, CI not asked": Bare(
        "without it the job is looked for by its nonce, and found as long as CI lists it", "recorded-job-not-asked-for"
    ),
    "no job recorded, lease running": Bare(
        "it spares calls: a job is adopted at any time, and silence believed only after two leases", "silence-believed"
    ),
    "a copy, lease running": Bare(
        "it spares a second copy: a key is created only once, and what lies there is proven", "copy-overwrites"
    ),
    "done": Bare(
        "it spares calls: what is carried out again removes only what the proven output holds",
        "resumed-without-looking",
    ),
    "no record known … there are none": UNRECORDED,
    "no record known … it bears this set's fingerprint": UNRECORDED,
}


def tables() -> list[list[Line]]:
    """The lines of each table, in the order of the page."""
    config, convention = test_attempt.CONFIG, test_content.CONVENTION
    return [
        _lines((row.seen, row.then, partial(attempt.next_step, row.state, config)) for row in test_attempt.OPEN),
        _lines((row.seen, row.then, partial(attempt.after_end, row.state)) for row in test_attempt.ENDED),
        _lines((row.seen, row.then, partial(content.next_step, row.state, convention)) for row in test_content.ROWS),
    ]


def _lines(rows: Iterable[tuple[str, str, Callable[[], object]]]) -> list[Line]:
    made, beginning = [], ""
    for seen, then, answer in rows:
        adds = seen.startswith("…")
        beginning = beginning if adds else seen
        made.append(Line(f"{beginning} {seen}" if adds else seen, seen, then, answer))
    return made


@cache
def attackers() -> Mapping[str, tuple[str, ...]]:
    """By the name of each row the mutants with which its function answers otherwise; a crash is no answer."""
    lines = [line for table in tables() for line in table]
    before = {line.name: _answer(line) for line in lines}
    found: dict[str, list[str]] = {line.name: [] for line in lines}
    for mutant in MUTANTS:
        if not mutant.where.startswith("cosconcat."):
            continue
        with mutant.applied():
            after = {line.name: _answer(line) for line in lines}
        for name, answer in after.items():
            if answer is not None and answer != before[name]:
                found[name].append(mutant.name)
    return {name: tuple(names) for name, names in found.items()}


def _answer(line: Line) -> object:
    """The step with its kind, as steps without fields are equal; of a result or an end what the tables tell of it."""
    try:
        step = line.answer()
    except Exception:  # noqa: BLE001 - whatever a mutant runs into
        return None
    return test_attempt.in_short(step) if isinstance(step, Result | attempt.EndAttempt) else (type(step), step)


def page(text: str) -> str:
    """The page with its tables as they are tested, and the mutants of each row."""
    before, *parts = text.split(HEAD)
    for table, part in zip(tables(), parts, strict=True):
        rows = "\n".join(f"| {line.seen} | {line.then} | {_told(line.name)} |" for line in table)
        before += f"{HEAD}{rows}\n\n{part.partition(chr(10) * 2)[2]}"
    return before


def _told(name: str) -> str:
    names = attackers()[name]
    if names:
        return ", ".join(f"`{one}`" for one in names)
    bare = BARE[name]
    return f"none: {bare.reason}" + (f" (`{bare.elsewhere}`)" if bare.elsewhere else "")


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
