"""The media table: which cases go through the product in which ways, and what came of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.ci.rendering.damage import DAMAGES
from tests.media.cases import CASES, UNLIKE, Case
from tests.media.product import Ending, probed, through
from tests.media.visible import visible_by
from tests.support.coded import judge

ALL = tuple(case.name for case in CASES)
ORDINARY_CASES = tuple(case.name for case in CASES if case.ordinary)
UNLIKE_CASES = tuple(case.name for case in UNLIKE)
FORMAT_CASES = (
    "phone: H.264 and AAC in mp4",
    "phone held upright",
    "dash camera: ts",
    "screen recorder: flv",
    "screen recorder: mkv",
    "podcast: m4a",
    "podcast: mp3",
    "another size in the middle",
    "the first has no sound",
    "sound ends early",
    "HEVC with other parameter sets",
    "two tracks of sound",
    "subtitles in mkv",
)
DAMAGED = ("phone: H.264 and AAC in mp4", "dash camera: ts", "screen recorder: mkv", "a group of eight")
INTRODUCTION = """
Made by `make media-table`. Every output was decoded and compared with the decoded pieces. *Visible*: the node of
MediaInfo that shows a loss, found without the functions' own verification; `no`: none does.
""".strip()
DIRECT = {"CONCAT_DIRECT": "true"}
BLENDED = ("phone: H.264 and AAC in mp4", "camera: 29.97 pictures a second")
BLENDING = {"CONCAT_JOB": '{"ConcatTemplate": {"SceneChangeInfo": {"Mode": "GRADIENT", "Time": "0.12"}}}'}
UNSEEN = ("muted sound", "frozen picture", "first piece doubled", "pieces exchanged")  # by any node


@dataclass(frozen=True)
class Run:
    """One way through the product for some cases. `without`: kinds of stream that the settings allow to be lost."""

    name: str
    cases: tuple[str, ...]
    settings: Mapping[str, str] = field(default_factory=dict)
    believing: bool = False
    damage: str = ""
    without: tuple[str, ...] = ()


def both(name: str, cases: tuple[str, ...], settings: Mapping[str, str], *without: str) -> tuple[Run, Run]:
    """With an honest service and with one that takes an exit code for success."""
    return (
        Run(name, cases, settings, without=without),
        Run(f"{name}, believing", cases, settings, believing=True, without=without),
    )


RUNS = (
    *both("transcode", ALL, {}),
    *both("direct", ALL, DIRECT),
    Run("direct, refuse", UNLIKE_CASES, DIRECT | {"CONCAT_ON_MIXED": "refuse"}),
    Run("direct, trust, believing", ALL, DIRECT | {"CONCAT_ON_MIXED": "trust"}, believing=True),
    *both("direct, size", ORDINARY_CASES + UNLIKE_CASES, DIRECT | {"CONCAT_VERIFY": "size"}),
    *both("to ts", FORMAT_CASES, {"CONCAT_FORMAT": "ts"}),
    *both("to flv", FORMAT_CASES, {"CONCAT_FORMAT": "flv"}),
    *both("to hls", FORMAT_CASES, {"CONCAT_FORMAT": "hls"}),
    *both("to mp3", FORMAT_CASES, {"CONCAT_FORMAT": "mp3"}),
    *both("to mp3, pictures may go", FORMAT_CASES, {"CONCAT_FORMAT": "mp3", "CONCAT_MAY_LOSE": "video"}, "video"),
    Run("blended", BLENDED, BLENDING),
    *(Run(f"blended: {damage}", BLENDED, BLENDING, damage=damage) for damage in DAMAGES if damage not in UNSEEN),
    *(Run(f"mp4: {damage}", DAMAGED, damage=damage) for damage in DAMAGES),
    *(
        Run(f"{form}: {damage}", DAMAGED[:2], {"CONCAT_FORMAT": form}, damage=damage)
        for form in ("ts", "flv", "hls")
        for damage in DAMAGES
    ),
)
QUICK = tuple(case.name for case in CASES if case.quick)
QUICK_RUNS = (
    Run("transcode", QUICK),
    Run(
        "transcode, believing",
        (
            "cut without encoding: an edit list in the first",
            "a cover as first picture",
            "the first has one picture a second",
            "mp4 with a hole",
        ),
        believing=True,
    ),
    Run(
        "direct, trust, believing",
        ("HEVC with other parameter sets", "sound before picture in one", "mp4 with a hole"),
        DIRECT | {"CONCAT_ON_MIXED": "trust"},
        believing=True,
    ),
    *(Run(f"mp4: {damage}", DAMAGED[:1], damage=damage) for damage in DAMAGES[1::8]),
)


@dataclass(frozen=True)
class Row:
    """What came of a case in a run. `faults`: what decoding found missing, None where there is no output."""

    run: Run
    case: Case
    ending: Ending
    faults: tuple[str, ...] | None
    visible: str

    @property
    def lost(self) -> bool:
        """Inputs are gone, and not all of their content is in the output."""
        return self.ending.removed and bool(self.faults)

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as the page shows it."""
        complete = "-" if self.faults is None else "no: " + ", ".join(self.faults) if self.faults else "yes"
        removed = "yes" if self.ending.removed else "no"
        reason = " ".join(self.ending.reason.split())[:160]
        return (self.case.name, self.run.name, self.ending.outcome, reason, removed, complete, self.visible)


def rows_of(run: Run, files: Mapping[str, Sequence[Path]], folder: Path) -> list[Row]:
    """Put the run's cases through the product and judge what came of them."""
    cases = [case for case in CASES if case.name in run.cases]
    groups = {case.name: files[case.name] for case in cases}
    endings = through(run.settings, groups, folder, believing=run.believing, damage=run.damage)
    return [_row(run, case, endings[case.name], files[case.name]) for case in cases]


def _row(run: Run, case: Case, ending: Ending, pieces: Sequence[Path]) -> Row:
    if ending.output is None:
        return Row(run, case, ending, None, "")
    faults = judge(pieces, ending.output, run.without).faults
    visible = ""
    if faults:
        may = tuple(kind.title() for kind in run.without)
        visible = visible_by([probed(piece) for piece in pieces], ending.told, without=may) or "no"
    return Row(run, case, ending, faults, visible)


def page(rows: Sequence[Row]) -> str:
    """The whole table as a page: counts, what is not visible, and every row."""
    counts = Counter((row.run.name, row.ending.outcome, row.ending.removed) for row in rows)
    hidden = [row for row in rows if row.lost and row.visible == "no"]
    ways = {row.run.name for row in rows}
    parts = [
        "# What people record, through the whole product",
        f"{INTRODUCTION} This page shows {len(ways)} of {len(RUNS)} ways.",
        "## Endings",
        _table(
            ("way", "ending", "inputs removed", "groups"),
            [(run, outcome, "yes" if removed else "no", str(n)) for (run, outcome, removed), n in counts.items()],
        ),
        "## Removed and incomplete, and no node shows it",
        _table(("case", "way", "missing"), [(r.case.name, r.run.name, ", ".join(r.faults or ())) for r in hidden]),
        "## Every row",
        _table(("case", "way", "ending", "reason", "removed", "complete", "visible"), [row.cells for row in rows]),
    ]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return "none"
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "/") for cell in line) + " |" for line in lines)
