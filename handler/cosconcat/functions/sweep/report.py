"""What a round of the sweep found: the answer to "where is my video?", kept in `<state>/report.json`.

Beside the report of the last complete round that object holds the `draft` of the one that is under way, and how far it
reaches. Both are bounded, so that it can always be read back.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cosconcat import log
from cosconcat.functions.sweep.read_back import ReadBack, read_back
from cosconcat.model import iso_time
from cosconcat.services import Services


class Kind(NamedTuple):
    """A word of the report: what it means of a group, and what a person does about it."""

    means: str
    to_do: str
    passing: bool = False  # goes on by itself: named in the report, no line in the log


# In the order in which a person should read them. `cos-concat status` and docs/troubleshooting.md say them from here.
KINDS = {
    "blocked": Kind(
        "Cloud Infinite or COS refuses for now; or the group is set aside, as a sweep was killed while at it or waited "
        "long for nothing",
        "the reason says which right, queue or setting. What is set aside has its next turn at the time that is named, "
        "at most a day later, or at once by `cos-concat retry <group>`",
    ),
    "stuck": Kind(
        "its job is older than `CONCAT_STALE_SECONDS` and has not ended",
        "look at the queue in the console; each sweep looks at the job again",
    ),
    "gave_up": Kind("not joined or not proven, and not tried again", "mend the cause, then `cos-concat retry <group>`"),
    "kept": Kind(
        "joined perhaps, and in doubt: the inputs stay",
        "look at the result, then `cos-concat retry <group>`, or delete by hand",
    ),
    "invalid": Kind("there, but inconsistent: the reason names the keys", "mend them; nothing is touched until then"),
    "incomplete": Kind(
        "incomplete for longer than `CONCAT_STALE_SECONDS`: the reason says what is missing",
        "upload it, or remove the rest",
    ),
    "arriving": Kind("incomplete, and young", "nothing", passing=True),
    "quiet": Kind("whole as far as one can see, and waiting for its quiet time or gap", "nothing", passing=True),
    "budget": Kind(
        "whole, and the jobs of this hour (`CONCAT_JOBS_PER_HOUR`) are used up",
        "nothing: the oldest goes first when the next hour begins; or raise the number",
        passing=True,
    ),
    "gap": Kind(
        "a gap in the times, longer than expected, joined all the same; or where a recording was cut and why, or came "
        "too late for another",
        "look whether a piece is missing; `CONCAT_MAX_LENGTH` and `CONCAT_COMPLETION` decide where recordings end",
    ),
}
MOST_OF_A_KIND = 1000  # entries; further ones are only counted, so that a huge bucket cannot fill the memory
MOST_BYTES = 2 * 1024 * 1024  # of all entries together as JSON; further ones are only counted as well
MOST_UNMATCHED = 20  # examples
OURS = ("published", "draft")  # one of them is in whatever was written as report.json
WORD_CHARACTERS = 1000  # of a reason: what people upload must not make a report that nobody can read


@dataclass
class Findings:
    """Entries by kind, and counts. `arriving` groups are incomplete but young."""

    objects: int = 0
    entries: dict[str, dict[str, dict[str, object]]] = field(default_factory=lambda: {kind: {} for kind in KINDS})
    uncounted: dict[str, int] = field(default_factory=dict)
    unmatched_count: int = 0
    unmatched_examples: dict[str, str] = field(default_factory=dict)
    bytes: int = 0

    def add(self, kind: str, group: str, **what: object) -> None:
        """One group, once for each kind; the last word counts. Every text is made safe: a report can be written
        whatever a reason quotes, and holds no secret.
        """
        held, group = self.entries[kind], log.safe(group)
        entry = {name: _shortened(value) for name, value in what.items() if value not in ("", None)}
        grown = self.bytes + _size(group, entry) - (_size(group, held[group]) if group in held else 0)
        if (group in held or len(held) < MOST_OF_A_KIND) and grown <= MOST_BYTES:
            held[group] = entry
            self.bytes = grown
        elif group not in held:
            self.uncounted[kind] = self.uncounted.get(kind, 0) + 1

    def forget(self, kind: str) -> None:
        """Entries of a kind that is looked at anew."""
        self.bytes -= sum(_size(group, entry) for group, entry in self.entries[kind].items())
        self.entries[kind].clear()
        self.uncounted.pop(kind, None)

    def unmatched(self, key: str, reason: str) -> None:
        """An object under the input prefix that no convention reads."""
        self.unmatched_count += 1
        if len(self.unmatched_examples) < MOST_UNMATCHED:
            self.unmatched_examples[log.safe(key)] = log.safe(reason)[:WORD_CHARACTERS]

    def lines(self) -> Iterator[tuple[str, str, Mapping[str, object]]]:
        """(kind, group, what) of every entry that a person should act on."""
        for kind, word in KINDS.items():
            if not word.passing:
                yield from ((kind, group, what) for group, what in self.entries[kind].items())

    def as_json(self) -> dict[str, object]:
        """For the report and the cursor."""
        return {
            "objects": self.objects,
            **self.entries,
            "more": self.uncounted,
            "unmatched": {"count": self.unmatched_count, "examples": self.unmatched_examples},
        }

    @classmethod
    def from_json(cls, state: Mapping[str, Any]) -> Findings:
        """The findings of a round so far. Raises ValueError, TypeError, AttributeError or OverflowError for what
        `as_json` never wrote.
        """
        unmatched = dict(state.get("unmatched", {}))
        entries = {
            kind: {group: dict(what) for group, what in list(dict(state.get(kind, {})).items())[:MOST_OF_A_KIND]}
            for kind in KINDS
        }
        return cls(
            objects=int(state.get("objects", 0)),
            entries=entries,
            bytes=sum(_size(group, what) for held in entries.values() for group, what in held.items()),
            uncounted={kind: int(count) for kind, count in dict(state.get("more", {})).items()},
            unmatched_count=int(unmatched.get("count", 0)),
            unmatched_examples=dict(unmatched.get("examples", {})),
        )


def _shortened(value: object) -> object:
    return log.safe(value)[:WORD_CHARACTERS] if isinstance(value, str) else log.all_safe(value)


def _size(group: str, entry: Mapping[str, object]) -> int:
    """Bytes that an entry takes in the report."""
    return len(json.dumps({group: entry}, ensure_ascii=False).encode())


class Reports:
    """`<state>/report.json`: the last complete report, and the draft of the next."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._published: Mapping[str, Any] | None = None  # without its draft, once it was read
        self._unreadable: ReadBack | None = None

    def draft(self) -> tuple[Findings, str]:
        """What the round under way has found, and the key up to which it did; nothing where that cannot be read."""
        draft = self._read().get("draft")
        try:
            return (Findings.from_json(draft), str(draft.get("marker", ""))) if draft else (Findings(), "")
        except (ValueError, TypeError, AttributeError, OverflowError):
            return Findings(), ""

    def save_draft(self, findings: Findings, marker: str) -> None:
        """Keep what was found up to this key, beside the last report."""
        before = self.published()
        self._tell_unreadable(findings)
        self._put({**before, "draft": {"marker": marker, **findings.as_json()}})

    def published(self) -> Mapping[str, Any]:
        """The report of the last complete round; empty where there is none, or none that can be read."""
        if self._published is None:
            self._read()
        return self._published or {}

    def publish(self, findings: Findings, now: int, ended: Mapping[str, object]) -> None:
        """Write the report of a complete round, and a line in the log for each entry to act on, unless
        the report before it said the same: a group that nobody completes is one line, not one a round.
        """
        before = self.published()
        self._tell_unreadable(findings)
        self._put({"published": now, "at": iso_time(now), **findings.as_json(), "ended": ended})
        for kind, group, what in findings.lines():
            if not _told_before(before.get(kind), group, what):
                log.warning("report", kind=kind, group=group, **what)

    def _read(self) -> dict[str, Any]:
        read = read_back(self._services, "report.json", OURS)
        if read.problem:
            self._unreadable = read
        self._published = {name: value for name, value in read.content.items() if name != "draft"}
        return read.content

    def _tell_unreadable(self, findings: Findings) -> None:
        """In the report that is written over one that could not be read."""
        if self._unreadable is not None:
            findings.add("invalid", self._unreadable.key, reason=self._unreadable.problem)

    def _put(self, report: Mapping[str, object]) -> None:
        config = self._services.config
        body = log.escaped(json.dumps(report, ensure_ascii=False)).encode()
        self._services.cos.put(config.state_bucket, f"{config.state_prefix}report.json", body)


_SECONDS = re.compile(r"[0-9]+ s\b")  # how long something takes or waits changes from round to round, and is no news


def _told_before(entries: object, group: str, what: Mapping[str, object]) -> bool:
    """Whether the report before this one said the same of the group."""
    then = entries.get(group) if isinstance(entries, Mapping) else None
    if not isinstance(then, Mapping):
        return False
    return bool(_SECONDS.sub("", json.dumps(then)) == _SECONDS.sub("", json.dumps(what)))


def handle_report(services: Services) -> dict[str, object]:
    """The last published report, as it is."""
    report = Reports(services).published()
    return {"results": [], "report": report or "no report yet: one is published when a sweep has completed a round"}
