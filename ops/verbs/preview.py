"""`cos-concat preview`: what the configuration would do with what lies in the bucket now. Reads; writes nothing."""

from __future__ import annotations

import bisect
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click

from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Invalid, Verdict, Waiting, Whole
from cosconcat.model import Head, Media, ObjectInfo, Page, gid_of
from cosconcat.naming.keys import InvalidName, NotOurs
from cosconcat.output.key import is_copied, resolved_output_key
from deployed.blueprint import SWEEP_MINUTES
from ops import cost
from ops.desk.environment import config_of, environment
from ops.desk.mistakes import NO
from ops.desk.options import Amount, json_option, probe_price_option
from ops.desk.show import counted, show_json, table
from ops.joined_before import JoinedBefore, joined_before
from ops.recordings import judged as judged_recordings
from ops.sweep_function import services_here

if TYPE_CHECKING:
    from cosconcat.cloud.ports import Cos
    from cosconcat.config import Config
    from cosconcat.model import Bucket, Stored
    from cosconcat.services import Services

EXAMPLES = """\b
Examples:
  cos-concat preview                       reads alone: nothing is billed but requests
  cos-concat preview --seconds 600         with a length of fragments, for the bill
  cos-concat preview --probe 5             probe the fragments of five groups (paid calls) to know their length
  CONCAT_NAMING=folder cos-concat preview  how another setting would fit
"""
_ROWS = 20  # of a kind, for people; --json has all
_CLAIMED = "claimed before"  # a whole group that has records, however it ended
_HOW_IT_ENDED = " (joined, in work, or given up: cos-concat status GROUP says which)"


class Snapshot:
    """The input prefix as LIST showed it in one pass; answers what a group is judged by from memory.

    Manifests and markers with a content are read from the bucket. Everything that would write is missing here.
    """

    def __init__(self, cos: Cos, bucket: Bucket, prefix: str, most: int) -> None:
        self._cos = cos
        self.bucket = bucket
        self.prefix = prefix
        self.objects: list[ObjectInfo] = []
        self.complete = True
        self.now = 0
        marker: str | None = ""
        while marker is not None:
            page = cos.list(bucket, prefix, marker)
            self.objects += page.objects
            self.now, marker = page.now, page.next_marker
            if len(self.objects) >= most and marker is not None:
                self.complete, marker = False, None
            if sys.stderr.isatty():
                click.echo(f"\r{len(self.objects):,} objects listed", nl=False, err=True)
        if sys.stderr.isatty():
            click.echo("", err=True)
        self.objects.sort(key=lambda found: found.key.encode())
        self._keys = [found.key.encode() for found in self.objects]
        self._by_key = {found.key: found for found in self.objects}

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:  # noqa: ARG002  the port's
        """As the port has it."""
        after = bisect.bisect_right(self._keys, marker.encode()) if marker else 0
        start = max(after, bisect.bisect_left(self._keys, prefix.encode()))
        found: list[ObjectInfo] = []
        for place in range(start, len(self.objects)):
            if not self._keys[place].startswith(prefix.encode()):
                break
            if len(found) == limit:
                return Page(tuple(found), found[-1].key, self.now)
            found.append(self.objects[place])
        return Page(tuple(found), None, self.now)

    def head(self, bucket: Bucket, key: str) -> Head | None:  # noqa: ARG002  the port's
        """As the port has it."""
        found = self._by_key.get(key)
        return Head(found, self.now) if found else None

    def heads(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Head | None]:
        """As the port has it."""
        return {key: self.head(bucket, key) for key in keys}

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """From the bucket."""
        return self._cos.get(bucket, key)


class WithSlots:
    """The port, where recordings are cut at gaps: inputs and slots from their snapshots, other records from the bucket.
    A slot that was not listed is none: most buckets have no slots yet, and are asked for none.
    """

    def __init__(self, cos: Cos, inputs: Snapshot, slots: Snapshot) -> None:
        self._cos = cos
        self._inputs = inputs
        self._slots = slots

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """As the port has it."""
        return self._holding(bucket, prefix).list(bucket, prefix, marker, limit)

    def head(self, bucket: Bucket, key: str) -> Head | None:
        """As the port has it."""
        return self._holding(bucket, key).head(bucket, key)

    def heads(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Head | None]:
        """As the port has it; all keys are of one kind."""
        return self._holding(bucket, keys[0]).heads(bucket, keys) if keys else {}

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """As the port has it."""
        missing = self._holding(bucket, key) is self._slots and self._slots.head(bucket, key) is None
        return None if missing else self._cos.get(bucket, key)

    def _holding(self, bucket: Bucket, key: str) -> Cos | Snapshot:
        shown = (self._inputs, self._slots)
        return next((one for one in shown if bucket == one.bucket and key.startswith(one.prefix)), self._cos)


class Judged(NamedTuple):
    """What would become of the groups: their verdicts, and which of the whole ones were claimed before or whose
    output's name is taken.
    """

    verdicts: dict[str, Verdict]
    unmatched: dict[str, str]  # key -> why
    claimed: frozenset[str]
    taken: dict[str, str]  # group -> the key that is taken
    copied: frozenset[str]  # one piece, which would be copied (CONCAT_SINGLE=copy)
    left: frozenset[str]  # one piece, which stays as it is (CONCAT_SINGLE=leave)
    objects: int
    complete: bool
    before: JoinedBefore = JoinedBefore()

    @property
    def whole(self) -> dict[str, Whole]:
        """Those that nothing is missing of."""
        return {group: verdict for group, verdict in self.verdicts.items() if isinstance(verdict, Whole)}

    @property
    def new(self) -> dict[str, Whole]:
        """Those that would be joined or copied."""
        unclaimed = {group: verdict for group, verdict in self.whole.items() if group not in self.claimed}
        return {group: verdict for group, verdict in unclaimed.items() if group not in self.left}

    @property
    def to_join(self) -> dict[str, Whole]:
        """Those that would get a job."""
        return {group: verdict for group, verdict in self.new.items() if group not in self.copied}


@click.command(epilog=EXAMPLES)
@click.option("--probe", type=click.IntRange(1, 1000), metavar="N", help="Probe the fragments of N groups: paid calls.")
@click.option("--seconds", type=Amount(0.1, 1e6), help="Length of a fragment, for the bill, instead of probing.")
@click.option("--height", type=click.IntRange(1, max(cost.MINUTES)), default=cost.ASSUMED_HEIGHT, help="Short edge.")
@click.option("--most", type=click.IntRange(1), default=500_000, show_default=True, help="Most objects to look at.")
@probe_price_option
@json_option
def command(
    probe: int | None, seconds: float | None, height: int, most: int, probe_usd: float | None, as_json: bool
) -> int:
    """Say what the configuration would do with the bucket.

    Groups, holes, doubts, jobs, money, what would be removed, and how long it takes. Nothing is written. Exit code 1
    when a group is inconsistent or nothing at all fits the configuration.
    """
    if probe and seconds is not None:
        raise click.UsageError("--probe finds the length that --seconds says: say one of them")
    config = config_of(environment())
    services = services_here()
    judged = judge(services, most)
    probed = _probe(services, judged, probe) if probe else None
    told = summary(config, judged, seconds if seconds is not None else probed, height, probe_usd)
    if as_json:
        show_json({**told, "groups": dict(_rows(judged))})
    else:
        _print(told, judged)
    bad = any(isinstance(verdict, Invalid) for verdict in judged.verdicts.values())
    return NO if bad or (judged.objects and not judged.verdicts) else 0


def judge(services: Services, most: int) -> Judged:
    """Every group under the input prefix, judged as the sweep would, by one pass of LIST; outputs by HEAD."""
    config = services.config
    snapshot = Snapshot(services.cos, config.bucket, config.input_prefix, most)
    unmatched: dict[str, str] = {}
    groups: dict[str, None] = {}
    for found in snapshot.objects:
        name = config.convention.read(found.key)
        if isinstance(name, NotOurs | InvalidName):
            unmatched[found.key] = name.reason
        else:
            groups[name.group] = None
    verdicts, claimed = (_recordings if config.completion == "gap" else _groups)(services, snapshot, groups)
    whole = {group: verdict for group, verdict in verdicts.items() if isinstance(verdict, Whole)}
    keys = {group: resolved_output_key(config, verdict.set) for group, verdict in whole.items()}
    wanted = {group: key for group, key in keys.items() if key and group not in claimed}
    there = services.cos.heads(config.output_bucket, list(wanted.values()))
    taken = {group: key for group, key in wanted.items() if there[key] is not None}
    copied = frozenset(group for group, verdict in whole.items() if is_copied(config, verdict.set))
    single = {group for group, verdict in whole.items() if verdict.set.is_single}
    left = frozenset(single if config.single == "leave" else ())
    removes = not _why_nothing(config) and config.cleanup != "expire"
    old = {group: verdict.set for group, verdict in whole.items() if removes and group in claimed}
    before = joined_before(services, old, {found.key: found for found in snapshot.objects})
    return Judged(verdicts, unmatched, claimed, taken, copied, left, len(snapshot.objects), snapshot.complete, before)


def _groups(services: Services, snapshot: Snapshot, groups: Iterable[str]) -> tuple[dict[str, Verdict], frozenset[str]]:
    """Verdicts, and which of the whole groups were claimed before."""
    config, still = services.config, replace(services, cos=cast("Cos", snapshot))
    verdicts = {group: survey(still, group) for group in groups}
    whole = (group for group, verdict in verdicts.items() if isinstance(verdict, Whole))
    records = {group: f"{config.state_prefix}{gid_of(group)}/0001/claim-0001.json" for group in whole}
    known = services.cos.heads(config.state_bucket, list(records.values()))
    return verdicts, frozenset(group for group, key in records.items() if known[key] is not None)


def _recordings(services: Services, snapshot: Snapshot, _: object) -> tuple[dict[str, Verdict], frozenset[str]]:
    """The same where recordings are cut at gaps. An id may be claimed, and new pieces come under it: those count."""
    config = services.config
    slots = Snapshot(services.cos, config.state_bucket, f"{config.state_prefix}gap/", sys.maxsize)
    still = replace(services, cos=cast("Cos", WithSlots(services.cos, snapshot, slots)))
    found = {one.group: one for one in judged_recordings(still, snapshot.objects)}
    claimed = frozenset(group for group, one in found.items() if one.claimed)
    return {group: one.verdict for group, one in found.items()}, claimed


def _probe(services: Services, judged: Judged, most: int) -> float | None:
    """Mean length of a fragment, in seconds, of the first so many groups that would get a job; a paid call each."""
    chosen = [fragment.object.key for whole in list(judged.to_join.values())[:most] for fragment in whole.set.fragments]
    found = services.cos.media(services.config.bucket, chosen).values() if chosen else ()
    lengths = [media.duration for media in found if isinstance(media, Media) and media.duration]
    return sum(lengths) / len(lengths) if lengths else None


def summary(
    config: Config, judged: Judged, seconds: float | None, height: int, probe_usd: float | None = None
) -> dict[str, Any]:
    """The figures, as JSON has them; `probe_usd` is what one probe costs, where somebody knows it."""
    kinds = Counter(_kind(judged, group) for group in judged.verdicts)
    jobs = len(judged.to_join)
    sizes = [len(whole.set.fragments) for whole in judged.to_join.values()]
    rounds = ceil(jobs / config.sweep_jobs)
    told: dict[str, Any] = {
        "bucket": config.bucket.name,
        "prefix": config.input_prefix,
        "objects": judged.objects,
        "complete": judged.complete,
        "kinds": dict(kinds),
        "unmatched": len(judged.unmatched),
        "jobs": jobs,
        "copies": len(judged.new) - jobs,
        "fragments": sum(sizes),
        "probes": sum(cost.calls(config, size).probes for size in sizes),
        "removal": _removal(config, judged),
        "rounds": rounds,
        "minutes_to_submit": rounds * SWEEP_MINUTES,
    }
    if seconds is not None and jobs:
        minutes = sum(sizes) * seconds / 60
        price = cost.MINUTES[min(each for each in cost.MINUTES if each >= height)]
        requests = sum(cost.calls(config, size).requests for size in sizes)
        told |= {"fragment_seconds": round(seconds, 2), "billed_minutes": round(minutes, 1)}
        probes = told["probes"] * (probe_usd or 0)
        told["usd"] = round(price.of(minutes) + cost.REQUEST.of(requests) + probes, 2)
        told["probes_usd"] = None if probe_usd is None else round(probes, 2)
    return told


def _kind(judged: Judged, group: str) -> str:
    verdict = judged.verdicts[group]
    if isinstance(verdict, Whole):
        if group in judged.claimed:
            return _CLAIMED
        if group in judged.left:
            return "one piece, left"
        return "would be copied" if group in judged.copied else "would be joined"
    if isinstance(verdict, Waiting):
        return "has holes" if verdict.missing else "waits"
    return "inconsistent" if isinstance(verdict, Invalid) else "empty"


def _why_nothing(config: Config) -> str:
    """Why nothing at all is removed; empty where something may be."""
    if config.cleanup == "keep":
        return "CONCAT_CLEANUP=keep"
    if config.verify == "none":
        return "CONCAT_VERIFY=none proves nothing"
    return "CONCAT_CLEANUP_DRY_RUN=true" if config.cleanup_dry_run else ""


def _removal(config: Config, judged: Judged) -> dict[str, Any]:
    """What would be removed after the joins, and before them of what was joined before; how, or why nothing."""
    why = _why_nothing(config)
    if why:
        return {"objects": 0, "bytes": 0, "why_nothing": why}
    pieces = [f.object for whole in judged.new.values() for f in whole.set.fragments if not (f.start or f.end)]
    pieces += [whole.set.marker for whole in judged.new.values() if whole.set.marker]
    told = {"objects": len(pieces), "bytes": sum(piece.size for piece in pieces), "how": config.cleanup}
    if config.cleanup == "expire":
        return told
    before, unread = judged.before.pieces, judged.before.unread
    figures = {"objects": len(before), "bytes": sum(piece.size for piece in before)}
    return {**told, "joined_before": {**figures, **({"unread": unread} if unread else {})}}


def _rows(judged: Judged) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every group with what would become of it."""
    for group, verdict in judged.verdicts.items():
        told: dict[str, Any] = {"kind": _kind(judged, group)}
        if isinstance(verdict, Whole):
            told |= {"fragments": len(verdict.set.fragments), "note": verdict.note}
            told["taken"] = judged.taken.get(group, "")
        elif isinstance(verdict, Waiting):
            told |= {"missing": list(verdict.missing[:100]), "why": verdict.reason, "note": verdict.note}
        elif isinstance(verdict, Invalid):
            told["why"] = verdict.reason
        yield group, {name: value for name, value in told.items() if value}


def _print(told: Mapping[str, Any], judged: Judged) -> None:
    click.echo(f"{counted(told['objects'], 'object')} under {told['bucket']}/{told['prefix']}; nothing was written\n")
    if not judged.complete:
        click.echo("Only the first of them were looked at: say --most for more.\n")
    rows = dict(_rows(judged))
    for kind, count in told["kinds"].items():
        click.echo(f"{kind}: {count}{_HOW_IT_ENDED if kind == _CLAIMED else ''}")
        if kind in ("has holes", "waits", "inconsistent"):
            shown = [[group, row.get("why", "")] for group, row in rows.items() if row["kind"] == kind]
            table(("group", "why"), shown[:_ROWS])
    doubtful = [[group, row["note"]] for group, row in rows.items() if row.get("note")]
    doubtful += [[group, f"{key} is taken: the result gets another name"] for group, key in judged.taken.items()]
    if doubtful:
        click.echo(f"doubtful: {len(doubtful)}")
        table(("group", "what to look at"), doubtful[:_ROWS])
    if judged.unmatched:
        click.echo(f"belong to no group: {len(judged.unmatched)}")
        table(("key", "why"), list(judged.unmatched.items())[:_ROWS])
    _print_bill(told)


def _print_bill(told: Mapping[str, Any]) -> None:
    removal = told["removal"]
    what = (
        f"{counted(removal['objects'], 'object')}, {removal['bytes']:,} bytes, by {removal['how']}"
        if "how" in removal
        else ""
    )
    click.echo(f"\njobs      {told['jobs']:,}, of {counted(told['fragments'], 'fragment')}")
    if told["copies"]:
        click.echo(f"copies    {told['copies']:,}, of one piece each: no job, no bill but requests")
    click.echo(f"removal   {'nothing: ' + removal['why_nothing'] if 'why_nothing' in removal else what}")
    before = removal.get("joined_before", {})
    if before.get("objects") or before.get("unread"):
        unread = f"; {counted(before['unread'], 'further group')} not looked at" if before.get("unread") else ""
        figures = f"{counted(before['objects'], 'object')}, {before['bytes']:,} bytes"
        click.echo(f"          of groups joined before: {figures}, by {removal['how']}{unread}")
    sweeps = f"{told['rounds']} sweep{'' if told['rounds'] == 1 else 's'}"
    click.echo(f"time      {sweeps} to submit them, about {told['minutes_to_submit']} minutes")
    if "usd" in told:
        probes = f"{told['probes']:,} probes"
        usd = told["probes_usd"]
        priced = f", {probes}" if usd is not None else f"; {probes} are not priced (--probe-usd)"
        minutes = f"{told['billed_minutes']:g} minutes at list price"
        click.echo(f"money     about {told['usd']:.2f} USD: {minutes}, requests{priced}")
    elif told["jobs"]:
        click.echo("money     unknown without a length: --seconds N, or --probe N (paid calls)")
