"""A verdict on each group of a listing, in words: by the rules of the functions, the given keys being all there are."""

from __future__ import annotations

import time
from collections.abc import Iterable

from cosconcat.config import Config
from cosconcat.groups.rules import in_order, in_words, judge_numbers, judge_times
from cosconcat.groups.verdicts import FoundFragment, Invalid, Marker, Waiting, Whole
from cosconcat.model import ObjectInfo
from cosconcat.naming.keys import FragmentName, ManifestName, MarkerName, Name
from cosconcat.output.key import resolved_output_key
from ops.desk.show import counted

_RECORDINGS = 4  # of a source that are described


def judge(config: Config, names: Iterable[Name]) -> dict[str, str]:
    """A verdict in words for each group, as if its objects were there, not empty, and had been quiet for long. What is
    in a manifest is not known here.
    """
    pieces: dict[str, list[FoundFragment]] = {}
    markers: dict[str, Marker] = {}
    closing: list[MarkerName] = []
    by_manifest: dict[str, str] = {}
    for name in names:
        if isinstance(name, FragmentName):
            pieces.setdefault(name.group, []).append(FoundFragment(name, ObjectInfo(name.key, "", 1, 0)))
        elif isinstance(name, MarkerName):
            markers[name.group] = Marker(ObjectInfo(name.key, "", 1, 0), name.count)
            closing += [name] * name.every
        elif isinstance(name, ManifestName):
            by_manifest[name.group] = "a manifest decides: cos-concat explain --manifest <file>"
    for marker in closing:
        closed = (group for group in pieces if config.convention.closes(marker, group))
        markers |= dict.fromkeys(closed, Marker(ObjectInfo(marker.key, "", 1, 0), None))
    if config.completion == "gap":
        return {group: _runs(config, pieces[group]) for group in sorted(pieces)}
    judged = {
        group: _verdict(config, group, pieces[group], markers.get(group)) for group in pieces.keys() - by_manifest
    }
    return dict(sorted((judged | by_manifest).items()))


def _runs(config: Config, found: Iterable[FoundFragment]) -> str:
    """A source's recordings, where each ends and why, and what cannot be joined."""
    from cosconcat.groups import gap
    from cosconcat.groups.source import recording_id, rule_of, timed_fragment

    read = [piece for one in found if (piece := timed_fragment(config, one.object)) is not None]
    rule = rule_of(config)
    parts = [part for run in gap.runs(read, rule) for part in gap.parts(run, rule)]
    shown = []
    for part in parts[:_RECORDINGS]:
        ends = gap.why_it_ends(part, read, rule)
        shown.append(
            f"{recording_id('', part.pieces[0])} ({counted(len(part.pieces), 'piece')}{f', {ends}' if ends else ''})"
        )
    words = f"recordings: {len(parts)}, from {', '.join(shown)}{', …' * (len(parts) > _RECORDINGS)}"
    wrong = next((reason for part in parts if (reason := gap.inconsistent(part.pieces, rule))), "")
    return f"invalid: {wrong}; {words}" if wrong else words


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
