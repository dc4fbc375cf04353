"""The ways of naming that need no expression of one's own: one table, one row each."""

from __future__ import annotations

from typing import NamedTuple

from cosconcat.naming import times


class Preset(NamedTuple):
    """An expression that was written for you, and what goes with it.

    `lead` stands before a group, `tail` right after it, `separators` may stand right after it where that varies.
    `completion` is what makes a group whole unless CONCAT_COMPLETION says otherwise.
    """

    expression: str
    completion: str
    lead: str | None = ""
    tail: str = ""
    separators: str = ""


PRESETS = {
    # `part` is never the end of a group: `_part_1_of_2` has no group at all.
    "part-of": Preset(
        r"(?P<group>(?:.*/)?[^/]+?)(?<![._/-]part)(?<!^part)[._-](?:part[._-]?)?"
        r"(?P<index>[0-9]{1,6})[._-]?of[._-]?(?P<total>[0-9]{1,6})\.(?P<ext>[0-9a-z]+)",
        "total",
        separators="._-",
    ),
    "folder": Preset(r"(?P<group>.+)/(?:[^/]*[^/0-9])?(?P<index>[0-9]{1,9})\.(?P<ext>[0-9a-z]+)", "marker", tail="/"),
    "timestamp": Preset(
        rf"(?P<group>(?:.*/)?[^/]+?)_(?P<time>{times.TEXT})\.(?P<ext>[0-9a-z]+)", "quiet:300", tail="_"
    ),
}
