"""What a group is made of, and whether it is whole: values and pure decisions, no calls."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from cosconcat.config import MOST_FRAGMENTS
from cosconcat.groups.verdicts import FoundFragment, Invalid, Marker, Verdict, Waiting, Whole
from cosconcat.model import Fragment, FragmentSet, ObjectInfo
from cosconcat.naming.keys import UNNUMBERED

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.groups.manifest import Manifest
    from cosconcat.naming.convention import Convention

_NAMED_RUNS = 10  # gaps between numbers that a note names


def judge_numbers(
    config: Config, group: str, pieces: Sequence[FoundFragment], marker: Marker | None, now: int
) -> Verdict:
    """The verdict on a group that numbers order: no gap, up to the declared size or else up to what is there.

    Args:
        config: what makes a group whole.
        group: its id.
        pieces: what is there, in order; at least one.
        marker: the newest marker, if there is one.
        now: the service's clock, epoch seconds.
    """
    if config.completion == "manifest":
        return _no_manifest(group, pieces)
    total = declared_total(pieces)
    count = total if total is not None or marker is None else marker.count
    reason = inconsistent(pieces, count, config)
    if not reason and marker and marker.count not in (None, count):
        reason = f"{marker.object.key} counts {marker.count}, but {pieces[0].name.key} declares {total}"
    if reason:
        return Invalid(group, reason)
    missing = missing_numbers(pieces, count, config.convention)
    waiting = _not_yet(config, group, pieces, marker, now, 0)
    if waiting:
        return waiting._replace(missing=missing)
    if config.completion == "total" and total is None:
        return Waiting(group, "no name declares a total", missing, newest(pieces))
    if pieces[0].name.number != UNNUMBERED and config.convention.first_is_unnumbered(pieces[0].name):
        return Waiting(group, "the first piece, the one without a number, is missing", missing, newest(pieces))
    if missing:
        of = f" of {count}" if count is not None else ""
        words = f"{len(missing)}{of} {'is' if len(missing) == 1 else 'are'} missing: {in_words(missing)}"
        return Waiting(group, words, missing, newest(pieces))
    if count is not None and len(pieces) < count:
        return Waiting(group, f"{len(pieces)} of {count} are there", (), newest(pieces))
    fragments = tuple(Fragment(piece.name.number, piece.object) for piece in pieces)
    return Whole(FragmentSet(group, fragments, marker.object if marker else None), left_out(pieces, config.convention))


def judge_times(
    config: Config, group: str, pieces: Sequence[FoundFragment], marker: Marker | None, now: int, end: int
) -> Verdict:
    """The verdict on a group that time orders: its window has passed and all is quiet, or a marker is there.

    The arguments are those of `judge_numbers`; `end` is the end of the window, epoch seconds. The index of a fragment
    in its set counts from 0.

        window  |--piece--|--piece--|--pie|ce--|
        arrival           ^         ^     |    ^ the last one arrives when it ends: after the window, not in it
        whole                         end + lag + quiet ──────────────► (lag: the longest from start to arrival)
    """
    if config.completion == "manifest":
        return _no_manifest(group, pieces)
    reason = inconsistent(pieces, None, config)
    if not reason and marker and marker.count not in (None, len(pieces)):
        if len(pieces) < (marker.count or 0):
            words = f"{len(pieces)} of the {marker.count} that {marker.object.key} counts are there"
            return Waiting(group, words, (), newest(pieces))
        reason = f"{marker.object.key} counts {marker.count}, but {len(pieces)} are there"
    if reason:
        return Invalid(group, reason)
    gap = long_gap(pieces, config.max_gap_seconds)
    note = f"gap of {gap}" if gap else ""
    quiet_from = end + arrival_lag(pieces, config.window_seconds) + config.quiet_seconds
    waiting = _not_yet(config, group, pieces, marker, now, quiet_from)
    if waiting:
        return waiting._replace(note=note)
    fragments = tuple(Fragment(at, piece.object) for at, piece in enumerate(pieces))
    return Whole(FragmentSet(group, fragments, marker.object if marker else None), note)


def arrival_lag(pieces: Sequence[FoundFragment], window: int) -> int:
    """Seconds that the slowest piece took from the start in its name to its arrival: a piece arrives when it ends.

    One that took longer than a `window` (seconds) was not uploaded as it was recorded: last year's files, say.
    """
    lags = (piece.object.last_modified - piece.name.number // 1000 for piece in pieces)
    return max((lag for lag in lags if 0 < lag <= window), default=0)


def _no_manifest(group: str, pieces: Sequence[FoundFragment]) -> Waiting:
    """The verdict where only a manifest counts and none is there: until it comes, numbers mean nothing."""
    return Waiting(group, "waiting for the manifest", since=newest(pieces), awaits="marker")


def _not_yet(
    config: Config, group: str, pieces: Sequence[FoundFragment], marker: Marker | None, now: int, quiet_from: int
) -> Waiting | None:
    """What `CONCAT_COMPLETION` still waits for, apart from fragments that are known to be missing.

    From `quiet_from` (epoch seconds) on it has been quiet for long enough, however late the last piece can have
    arrived, as far as times tell.
    """
    since = newest(pieces)
    if config.completion == "quiet":
        until = max(since + config.quiet_seconds, quiet_from)
        reason = f"waiting for quiet time, {until - now} s more"
        return Waiting(group, reason, since=since, until=until, awaits="quiet") if now < until else None
    if config.completion == "marker" and marker is None:
        return Waiting(group, "waiting for the marker", since=since, awaits="marker")
    if config.completion == "marker" and marker and marker.object.last_modified < since:
        last = max(pieces, key=lambda piece: piece.object.last_modified).object.key
        reason = f"{marker.object.key} is older than {last}: upload it again once everything is there"
        return Waiting(group, reason, since=since, awaits="marker")
    return None


def judge_manifest(
    config: Config, group: str, manifest: Manifest, marker: ObjectInfo, there: Mapping[str, ObjectInfo]
) -> Verdict:
    """The verdict on a group that its manifest lists.

    Args:
        config: whether fragments are joined without transcoding.
        group: the group's id.
        manifest: what is to be joined, in this order; the index in the set counts from 0.
        marker: the manifest as an object.
        there: the listed objects that exist, intro and outro among them, by key.
    """
    since = max(found.last_modified for found in (marker, *there.values()))
    missing = [at for at, entry in enumerate(manifest.fragments) if entry.key not in there]
    if missing:
        return waiting_for_listed(group, manifest, missing, since)
    extras = [key for key in (manifest.intro, manifest.outro) if key]
    for key in extras:
        if key not in there:
            return Waiting(group, f"{key}, which {marker.key} names, is not there", since=since)
    for found in there.values():
        if found.size == 0:
            return Invalid(group, f"{found.key} is empty (0 bytes)")
    types = differing_types(config, there)
    if types:
        return Invalid(group, types)
    fragments = tuple(
        Fragment(at, there[entry.key], entry.start, entry.end) for at, entry in enumerate(manifest.fragments)
    )
    last = max((fragment.object for fragment in fragments), key=lambda found: found.last_modified)
    if marker.last_modified < last.last_modified:
        reason = f"{marker.key} is older than {last.key}: upload it again once everything is there"
        return Waiting(group, reason, since=since, awaits="marker")
    intro, outro = there.get(manifest.intro), there.get(manifest.outro)
    return Whole(FragmentSet(group, fragments, marker, intro, outro, manifest.output, manifest.job))


def waiting_for_listed(group: str, manifest: Manifest, missing: Sequence[int], since: int) -> Waiting:
    """The verdict while fragments that the manifest lists (`missing`, by their places from 0) are not there."""
    names = ", ".join(manifest.fragments[at].key for at in missing[:3]) + (", …" if len(missing) > 3 else "")
    words = f"{len(missing)} of {len(manifest.fragments)} that the manifest lists are missing: {names}"
    return Waiting(group, words, tuple(missing), since)


def in_order(pieces: Iterable[FoundFragment]) -> list[FoundFragment]:
    """By number or time; inconsistent pieces come in the order of their keys, so that messages do not change."""
    return sorted(pieces, key=lambda piece: (piece.name.number, piece.name.key))


def declared_total(pieces: Iterable[FoundFragment]) -> int | None:
    """The total that names declare, None when none does."""
    return next((piece.name.total for piece in pieces if piece.name.total is not None), None)


def too_many(count: int, config: Config) -> str:
    """Why a group of `count` fragments cannot be one job, or an empty text."""
    if count <= config.max_fragments:
        return ""
    return (
        f"has {count} fragments, more than CONCAT_MAX_FRAGMENTS={config.max_fragments}: raise that "
        f"(to {MOST_FRAGMENTS} at most), or upload the recording in larger pieces or as several groups"
    )


def inconsistent(pieces: Sequence[FoundFragment], count: int | None, config: Config) -> str:
    """What is wrong with the pieces of one group, naming the keys; an empty text when nothing is.

    Args:
        pieces: in order.
        count: how many there should be, if a name or a marker says so.
        config: for the largest group, and whether fragments are joined without transcoding.
    """
    problem = too_many(max(len(pieces), count or 0), config)
    if problem:
        return problem
    for one, other in pairwise(pieces):
        if one.name.number == other.name.number:
            place = one.name.digits or "before all numbers"
            return f"{one.name.key} and {other.name.key} have the same place, {place}"
        if one.name.beginning != other.name.beginning:
            return f"{one.name.key} and {other.name.key} do not begin alike: each recording needs a folder of its own"
    for piece in pieces:
        if piece.object.size == 0:
            return f"{piece.name.key} is empty (0 bytes)"
    types = differing_types(config, [piece.name.key for piece in pieces])
    return _totals_inconsistent(pieces, count, config) or types or _numbers_out_of_range(pieces, config)


def _totals_inconsistent(pieces: Sequence[FoundFragment], count: int | None, config: Config) -> str:
    declared = [piece for piece in pieces if piece.name.total is not None]
    for piece in declared:
        if piece.name.total != declared[0].name.total:
            return f"{declared[0].name.key} and {piece.name.key} declare different totals"
    if count is None or not pieces:
        return ""
    first, last = pieces[0].name, pieces[-1].name
    if config.convention.first == "any":
        return f"{len(pieces)} pieces of {first.key} and others are there, more than {count}" * (len(pieces) > count)
    if last.number > count:
        return f"{last.key} lies beyond the total of {count}"
    if first.number == 0 and last.number == count:
        return f"{first.key} counts from 0 and {last.key} from 1"
    return ""


def _numbers_out_of_range(pieces: Sequence[FoundFragment], config: Config) -> str:
    """Numbers may be anything, such as a date; where they count, all should be there from the first to the highest."""
    first, last = pieces[0].name, pieces[-1].name
    counted = config.convention.first
    if config.convention.timed or counted == "any":
        return ""
    zero = next((piece.name.key for piece in pieces[:2] if piece.name.number == 0), "")
    if zero and counted == "1":
        return f"{zero} has the number 0, but CONCAT_FIRST=1"
    if last.number + (first.number <= 0) <= config.max_fragments:
        return ""
    return (
        f"{last.key} has the number {last.number}, beyond CONCAT_MAX_FRAGMENTS={config.max_fragments}: numbers count "
        f"the fragments of their group, from 0 or 1; raise that (to {MOST_FRAGMENTS} at most), or set "
        "CONCAT_FIRST=any where numbers are only an order"
    )


def differing_types(config: Config, keys: Iterable[str]) -> str:
    """Which two of these keys CONCAT_DIRECT=true cannot join, as they differ in type; an empty text when none do."""
    types: dict[str, str] = {}
    for key in keys if config.direct else ():
        types.setdefault(key.rpartition(".")[2].lower(), key)
    one, other, *_ = (*types.values(), "", "")
    return f"{one} and {other} differ in type, which CONCAT_DIRECT=true cannot join" if other else ""


def missing_numbers(pieces: Sequence[FoundFragment], count: int | None, convention: Convention) -> tuple[int, ...]:
    """The numbers that are not there: of `count`, otherwise of those up to the highest. Both come from outside: a group
    that `inconsistent` calls fine keeps them within CONCAT_MAX_FRAGMENTS, so ask it first.

    Counting starts where CONCAT_FIRST says. With `auto` it starts from 0 if there is a 0, otherwise from 1 (or from 2,
    behind a piece without a number); so a group whose lowest number is 2 lacks its first. With `any` none is missing.
    """
    numbers = {piece.name.number for piece in pieces}
    if convention.first == "any":
        return ()
    unnumbered = UNNUMBERED in numbers
    if convention.first != "auto":
        start = int(convention.first)
    elif unnumbered:
        start = 2 if 1 not in numbers and 2 in numbers else 1
    else:
        start = 0 if 0 in numbers else 1
    end = start + count - unnumbered if count is not None else max(numbers, default=0) + 1
    return tuple(sorted(set(range(start, end)) - numbers))


def left_out(pieces: Sequence[FoundFragment], convention: Convention) -> str:
    """Which numbers between the first and the last are not there, where that is allowed; otherwise an empty text."""
    if convention.first != "any" or convention.timed:
        return ""
    return numbers_left_out([piece.name.number for piece in pieces])


def numbers_left_out(found: Sequence[int]) -> str:
    """Which numbers between the first and the last are not among these, which ascend; an empty text when all are."""
    numbers = [number for number in found if number != UNNUMBERED]
    runs = [range(one + 1, other) for one, other in pairwise(numbers) if other > one + 1]
    if not runs:
        return ""
    words = (str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs[:_NAMED_RUNS])
    more = f" and {len(runs) - _NAMED_RUNS} gaps more" if len(runs) > _NAMED_RUNS else ""
    return f"numbers not there: {', '.join(words)}{more}"


def in_words(numbers: Sequence[int], most: int = 10) -> str:
    """Ascending numbers as a person writes them: `3, 5-9 and 20 more`."""
    runs: list[str] = []
    at = 0
    while at < len(numbers) and len(runs) < most:
        # Within a run a number less its place stays the same. Thousands may be missing: their ends are searched for.
        end = bisect_right(range(len(numbers)), numbers[at] - at, at, key=lambda place: numbers[place] - place)
        runs.append(str(numbers[at]) if end == at + 1 else f"{numbers[at]}-{numbers[end - 1]}")
        at = end
    rest = len(numbers) - at
    return f"{', '.join(runs)} and {rest} more" if rest else ", ".join(runs)


def long_gap(pieces: Sequence[FoundFragment], most: int | None) -> str:
    """The longest stretch between two starting times, if it exceeds `most` seconds; otherwise an empty text."""
    if most is None or len(pieces) < 2:
        return ""
    width, one, other = max(
        ((b.name.number - a.name.number, a.name.key, b.name.key) for a, b in pairwise(pieces)), key=lambda gap: gap[0]
    )
    return f"{width // 1000} s between {one} and {other}" if width > most * 1000 else ""


def newest(pieces: Iterable[FoundFragment]) -> int:
    """LastModified of the newest piece, epoch seconds; 0 when there is none."""
    return max((piece.object.last_modified for piece in pieces), default=0)
