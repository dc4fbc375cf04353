"""The sweep's share of CONCAT_COMPLETION=gap: a source is judged day by day, and each recording reported."""

from __future__ import annotations

from cosconcat.config import Config
from cosconcat.functions.sweep.report import Findings
from cosconcat.groups.gap import DAY
from cosconcat.groups.source import day_of, written_day
from cosconcat.model import Result
from cosconcat.naming.keys import FragmentName


def unit_of(config: Config, key: str) -> str:
    """What a piece is judged with: `<source> <day>`, its source on the day of its start as written."""
    name, plain = config.convention.read(key), config.convention_as_written.read(key)
    if not isinstance(name, FragmentName) or not isinstance(plain, FragmentName):
        return ""
    return f"{name.group} {written_day(plain.number // DAY)}"


def read_unit(unit: str) -> tuple[str, int] | None:
    """Source, and day since the epoch; None for what is no such unit, as a group's name."""
    source, space, day = unit.rpartition(" ")
    try:
        return (source, day_of(day)) if space else None
    except ValueError:
        return None


def note_recording(findings: Findings, result: Result, *, in_line: bool) -> None:
    """Into the report what a person should know: what a recording waits for, where it was cut and why. `in_line` says
    that it waits for a job alone: its day is named among those.
    """
    if result.action == "waiting" and not in_line:
        findings.add("quiet", result.group, reason=result.reason)
    elif result.action == "deferred":
        findings.add("arriving", result.group, reason=result.reason)
    elif result.action == "submitted" and result.reason:
        findings.add("gap", result.group, reason=result.reason)
