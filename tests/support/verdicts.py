"""What is said of a group: a look at a bucket on the shelf, and the parts of its verdict."""

from __future__ import annotations

from cosconcat.config import Config
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Invalid, Verdict, Waiting, Whole
from tests.support.shelf import BUCKET, Shelf

PART_OF = Config(BUCKET)
DIRECT = Config(BUCKET, direct=True)
FOLDER = Config(BUCKET, naming="folder", completion="marker")
QUIET = Config(BUCKET, naming="folder", completion="quiet", quiet_seconds=300)
TIMED = Config(BUCKET, naming="timestamp", completion="quiet", quiet_seconds=300, max_gap_seconds=600)
IN = "fragments/"
WINDOW_END = 1_733_050_800  # 2024-12-01T11:00:00Z


def look(shelf: Shelf, config: Config, group: str, own: str = "") -> Verdict:
    """The verdict on a group."""
    return survey(shelf.services(config), group, own and IN + own)


def parts(*numbers: int, of: int, group: str = "v") -> Shelf:
    """A bucket with some parts of a group."""
    return Shelf().store(*(f"{IN}{group}.part{number}-of-{of}.mp4" for number in numbers))


def whole(verdict: Verdict) -> list[str]:
    """The keys of a whole group below the input prefix, in order."""
    assert isinstance(verdict, Whole), verdict
    return [fragment.object.key.removeprefix(IN) for fragment in verdict.set.fragments]


def waiting(verdict: Verdict) -> Waiting:
    """The verdict, which must be waiting."""
    assert isinstance(verdict, Waiting), verdict
    return verdict


def invalid(verdict: Verdict) -> str:
    """Why the group is invalid."""
    assert isinstance(verdict, Invalid), verdict
    return verdict.reason
