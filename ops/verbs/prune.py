"""`cos-concat prune`: remove the records of groups that ended long ago. Shows what it would do; does it with --yes."""

from __future__ import annotations

import re
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

import click

from cosconcat.errors import InvalidInput
from cosconcat.groups.source import day_of, written_day
from cosconcat.model import ObjectVersion
from cosconcat.records.ledger import gid_closed
from ops.desk.environment import config_of, environment
from ops.desk.mistakes import NO
from ops.desk.options import json_option
from ops.desk.show import counted, show_json, table
from ops.sweep_function import services_here

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.services import Services

EXAMPLES = """\b
Examples:
  cos-concat prune                       what ended more than 90 days ago, and what would be removed
  cos-concat prune --days 365 --yes      do it
"""
LEAST_DAYS = 7  # younger records still answer late events and callbacks
MOST_DAYS = 36_500  # a hundred years
_ROWS = 20
_PAIR = re.compile(r"/([0-9]{4,})/(?:claim-0001|done)\.json$")
_MEANS = {
    "delete": "their fragments are gone: an upload under the same name later is a new recording",
    "trash": "their fragments are in the trash: emptied of older things by a lifecycle rule of yours",
    "expire": "their fragments are tagged for a lifecycle rule; those that still lie there keep their records",
    "keep": "their fragments stay, and so do their records: without them the same content would be joined again",
}


class Candidate(NamedTuple):
    """A group all of whose contents ended long ago; `keys` are its records. `why_not` where they stay.

    `days` are `<sid>/<day>` of the slots that name it, where recordings are cut at gaps.
    """

    group: str
    gid: str
    ended: str  # day of the last end
    keys: tuple[str, ...] = ()
    why_not: str = ""
    days: tuple[str, ...] = ()


@click.command(epilog=EXAMPLES)
@click.option(
    "--days", type=click.IntRange(LEAST_DAYS, MOST_DAYS), default=90, show_default=True, help="Only what ended earlier."
)
@click.option(
    "--limit", type=click.IntRange(1, 100_000), default=1000, show_default=True, help="Most groups to remove at once."
)
@click.option("--yes", is_flag=True, help="Do it; without it nothing is changed.")
@json_option
def command(days: int, limit: int, yes: bool, as_json: bool) -> int:
    """Remove records of groups that ended long ago.

    A group's records go all together or not at all, and stay while a piece of it, or an attempt, is still there: they
    are what keeps the same content from being joined twice. Where recordings are cut at gaps those of a source's day go
    together, with the slots of the day; --limit may be exceeded by the rest of such a day.
    """
    config = config_of(environment())
    services = services_here()
    found = prunable(services, days, limit)
    if yes:
        found = [removed(services, candidate) for candidate in found]
    if as_json:
        show_json({"clean_up": config.cleanup, "means": _means(config), "groups": [one._asdict() for one in found]})
    else:
        _print(config, found, days, yes=yes)
    return NO if any(one.why_not.startswith("not removed") for one in found) else 0


def prunable(services: Services, days: int, limit: int) -> list[Candidate]:
    """So many groups that go, the oldest first, and those that stay among them: they keep no others from going."""
    old, found, going = candidates(services, days), list[Candidate](), 0
    named: dict[str, set[str]] = {}
    while going < limit and (more := list(islice(old, limit - going))):
        found += more
        named |= {day: _named(services, day) for one in more for day in one.days if day not in named}
        going = len(_going(found, named))
    return whole_days(services, found, named)


def candidates(services: Services, days: int) -> Iterator[Candidate]:
    """Groups whose last end is older, in the order of their ends."""
    before = time.strftime("%Y-%m-%d", time.gmtime(services.clock.now() - days * 86400))
    entries: dict[str, list[str]] = {}  # gid -> names of its entries, the groups in the order of their last ends
    for name in services.ledger.closed():
        gid = gid_closed(name)
        entries[gid] = [*entries.pop(gid, []), name]
    opened = {gid for gid, _ in services.ledger.opened()}
    old = ((gid, names) for gid, names in entries.items() if names[-1][:10] < before)
    for gid, names in old:
        yield _candidate(services, gid, names, under_way=gid in opened)


def _candidate(services: Services, gid: str, names: list[str], *, under_way: bool) -> Candidate:
    """The group as its records tell; of one that cannot be read all stay, and the others go on."""
    try:
        return _told(services, gid, names, under_way=under_way)
    except InvalidInput as broken:
        return Candidate(gid, gid, names[-1][:10], why_not=str(broken))


def _told(services: Services, gid: str, names: list[str], *, under_way: bool) -> Candidate:
    config, ledger = services.config, services.ledger
    entry = ledger.read_closed(names[-1])
    group, day = entry.group if entry else gid, names[-1][:10]
    content = ledger.newest_content(gid)
    if under_way or (content is not None and content.done is None):
        return Candidate(group, gid, day, why_not="an attempt is under way")
    pieces: set[str] = set()
    days: set[str] = set()
    for rev in range(1, content.rev + 1 if content else 1):
        claim = ledger.claim(gid, rev, 1)
        pieces |= {fragment.object.key for fragment in claim.record.set.fragments} if claim else set()
        days |= _days_of(services, gid, claim.record.slot) if claim and claim.record.slot else set()
    there = [key for key, head in services.cos.heads(config.bucket, sorted(pieces)).items() if head is not None]
    if there:
        return Candidate(group, gid, day, why_not=f"{len(there)} of its pieces still lie there, e.g. {there[0]}")
    keys = _below(services, f"{gid}/")
    closed = (f"{config.state_prefix}closed/{name}" for name in names)
    return Candidate(group, gid, day, (*keys, *closed), days=tuple(sorted(days)))


def _below(services: Services, folder: str) -> list[str]:
    """The keys of a folder of records."""
    config, keys = services.config, []
    marker: str | None = ""
    while marker is not None:
        page = services.cos.list(config.state_bucket, f"{config.state_prefix}{folder}", marker)
        keys += [found.key for found in page.objects]
        marker = page.next_marker
    return keys


def _days_of(services: Services, gid: str, slot: str) -> set[str]:
    """The days whose slots name a recording: that of its own slot, `<sid>/<day>/<number>`, and the one after."""
    sid, day, _ = slot.split("/")
    days = (f"{sid}/{written_day(day_of(day) + more)}" for more in (0, 1))
    return {one for one in days if gid in _named(services, one)}


def _named(services: Services, day: str) -> set[str]:
    """The recordings that the slots of a day name."""
    newest = services.slots.newest(*day.split("/"))
    return {one.gid for one in newest.intervals} if newest else set()


def whole_days(services: Services, found: Sequence[Candidate], named: Mapping[str, Collection[str]]) -> list[Candidate]:
    """Recordings together with the slots of their days, or not at all: a slot whose claim is gone would look as if its
    writer had died. The slots go with the first of them. `named` says which recordings the slots of a day name.
    """
    going = _going(found, named)
    slots = {day: _below(services, f"gap/{day}/") for one in found if one.gid in going for day in one.days}
    result = []
    for one in found:
        if one.gid in going:
            own = [key for day in one.days for key in slots.pop(day, ())]
            result.append(one._replace(keys=(*own, *one.keys)))
        else:
            result.append(one._replace(keys=(), why_not=one.why_not or "another recording of its day stays"))
    return result


def _going(found: Iterable[Candidate], named: Mapping[str, Collection[str]]) -> set[str]:
    """Those all of whose days may lose their slots, as all that these name has ended long ago. One that reaches into a
    day that keeps its slots stays, but holds back no other: records without their slot say what they always said.
    """
    ended = {one.gid: one for one in found if not one.why_not}
    free = {day for day, gids in named.items() if ended.keys() >= set(gids)}
    return {gid for gid, one in ended.items() if free.issuperset(one.days)}


def removed(services: Services, candidate: Candidate) -> Candidate:
    """Remove a group's records so that what is left at any moment says no more and no less than that it ended."""
    if candidate.why_not:
        return candidate
    for keys in _in_order(candidate.keys):
        failed = services.cos.delete(services.config.state_bucket, [ObjectVersion(key) for key in keys])
        if failed:
            return candidate._replace(why_not=f"not removed: {failed[0].key}: {failed[0].code} {failed[0].message}")
    return candidate


def _in_order(keys: Sequence[str]) -> Iterator[list[str]]:
    """Slots and attempts, then content by content its first claim and its end, newest first, at last the days' entries.

    A content without its end would look as if it were under way, one without its first claim as if it never was.
    """
    closed, slots = ([key for key in keys if f"/{folder}/" in key] for folder in ("closed", "gap"))
    pairs: dict[str, list[str]] = {}
    rest = []
    for key in keys:
        found = _PAIR.search(key)
        if found:
            pairs.setdefault(found[1], []).append(key)
        elif key not in closed and key not in slots:
            rest.append(key)
    yield from filter(None, (slots[::-1], rest, *(pairs[rev] for rev in sorted(pairs, reverse=True)), closed))


def _means(config: Config) -> str:
    quiet = config.verify == "none" or config.cleanup_dry_run
    return _MEANS["keep" if quiet else config.cleanup]


def _print(config: Config, found: list[Candidate], days: int, *, yes: bool) -> None:
    go = [one for one in found if not one.why_not]
    records = sum(len(one.keys) for one in go)
    what = "removed" if yes else "would be removed; say --yes to do it"
    click.echo(
        f"{counted(len(go), 'group')} that ended more than {days} days ago, {counted(records, 'record')}: {what}"
    )
    click.echo(f"CONCAT_CLEANUP={config.cleanup}: {_means(config)}")
    rows = [[one.group, one.ended, len(one.keys), one.why_not] for one in found]
    if rows:
        table(("group", "ended", "records", "stays because"), rows[:_ROWS])
    if len(rows) > _ROWS:
        click.echo(f"  … {len(rows) - _ROWS} more; --json has all")
