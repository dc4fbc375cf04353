"""What can be said of a group, and what it is said of: values only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from cosconcat.model import FragmentSet, ObjectInfo

if TYPE_CHECKING:
    from cosconcat.naming.keys import FragmentName


class Whole(NamedTuple):
    """Nothing is missing. `note` is something a person should know all the same, such as a long gap in time."""

    set: FragmentSet
    note: str = ""


class Waiting(NamedTuple):
    """Not whole yet. `missing` are the indexes known to be missing; `since` is the newest fragment's LastModified, or
    that of a marker or manifest if it is newer or alone; `until` the time (epoch seconds) at which quiet time will have
    passed, 0 when time alone does not help. `awaits` says what must come: fragments, the marker (manifest), or quiet.
    """

    group: str
    reason: str
    missing: tuple[int, ...] = ()
    since: int = 0
    until: int = 0
    note: str = ""
    awaits: Literal["fragments", "marker", "quiet"] = "fragments"


class Invalid(NamedTuple):
    """Ours, but inconsistent: `reason` names the keys. Nothing of the group is touched until a person mends it."""

    group: str
    reason: str


class NoFragments(NamedTuple):
    """No fragment of the group is there (any more)."""

    group: str


Verdict = Whole | Waiting | Invalid | NoFragments


class FoundFragment(NamedTuple):
    """A fragment as it was found: what its key says, and the object."""

    name: FragmentName
    object: ObjectInfo


@dataclass(frozen=True)  # a tuple has a count already
class Marker:
    """The object that says that its group is whole, and how many fragments it counts, if it does."""

    object: ObjectInfo
    count: int | None = None
