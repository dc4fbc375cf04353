"""`cos-concat restore`: back from the trash, by group or date. Shows what it would do; does it with --yes."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, NamedTuple

import click

from cosconcat.errors import InvalidInput
from cosconcat.functions.retry import group_of
from cosconcat.inputs.ownership import own_keys
from cosconcat.log import printable
from cosconcat.model import ObjectInfo, gid_of, iso_time
from cosconcat.naming.keys import FragmentName, ManifestName, MarkerName, unfit_key
from ops.desk.environment import config_of, environment
from ops.desk.mistakes import NO, Mistake
from ops.desk.options import groups_argument, json_option
from ops.desk.show import counted, show_json, table
from ops.sweep_function import services_here

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.services import Services

EXAMPLES = """\b
Examples:
  cos-concat restore lecture --to restored/           what would come back, and where to
  cos-concat restore lecture --to restored/ --yes     do it
  cos-concat restore --since 2026-11-26 --to restored/ --yes
  CONCAT_CLEANUP=keep cos-concat restore lecture --yes    to their own places, where the deployment keeps as well
"""
_MARK = re.compile(r"\.[0-9a-f]{12}(?=(\.[^./]*)?$)")  # what a copy's name gets where its plain name is taken
_ROWS = 50
_ABSENT = "nothing of it is in the trash"


class Item(NamedTuple):
    """An object in the trash, where it came from, and where it would go; `why_not` where it stays."""

    source: ObjectInfo
    group: str
    target: str
    why_not: str = ""


class Wanted(NamedTuple):
    """What one of GROUPS means: what the convention gives to a group, or to a source, and what lay at these keys."""

    group: str  # empty where one piece is meant
    keys: frozenset[str]

    def holds(self, item: Item, key: str) -> bool:
        """Whether an object that lay at this key is meant."""
        return key in self.keys or (bool(self.group) and item.group == self.group)


class _Time(click.ParamType[int]):
    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Epoch seconds of an ISO 8601 time or day, UTC where it names no zone."""
        if isinstance(value, int):
            return value
        try:
            moment = datetime.fromisoformat(str(value).replace("Z", "+00:00"))
        except ValueError:
            self.fail(f"{value!r} is no time such as 2026-11-26 or 2026-11-26T08:00:00Z", param, ctx)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp())


@click.command(epilog=EXAMPLES)
@groups_argument
@click.option("--since", type=_Time(), help="Moved to the trash at this time (ISO 8601, UTC) or later.")
@click.option("--until", type=_Time(), help="Moved there before this time.")
@click.option("--to", "to", metavar="PREFIX", help="Restore under this prefix, instead of to their own places.")
@click.option("--yes", is_flag=True, help="Do it; without it nothing is changed.")
@json_option
def command(
    groups: tuple[str, ...], since: int | None, until: int | None, to: str | None, yes: bool, as_json: bool
) -> int:
    """Bring fragments back from the trash.

    All GROUPS, or everything that was moved there in a span of time. GROUPS are ids, full keys of their pieces or,
    where recordings are cut at gaps, their sources; there a key is its one piece. The copies in the trash stay. Nothing
    that lies at a target is overwritten. Exit code 1 when something stays, or nothing of one of GROUPS is there.
    """
    config = config_of(environment())
    _check(config, groups, since, until, to)
    services = services_here()
    wanted = {asked: _meant(services, asked) for asked in groups}
    found = _found(services, wanted.values(), since or 0, until or 1 << 62, to)
    items = _free(services, list(found.values()))
    done = [_copied(services, item) for item in items] if yes else items
    absent = [asked for asked, one in wanted.items() if not any(one.holds(item, key) for key, item in found.items())]
    why = _ABSENT if since is None and until is None else f"{_ABSENT} of that time"
    if as_json:
        told = [{"from": i.source.key, "to": i.target, "group": i.group, "why_not": i.why_not} for i in done]
        show_json(told + [{"from": "", "to": "", "group": asked, "why_not": why} for asked in absent])
    else:
        _print(done, dict.fromkeys(absent, why), yes=yes)
    return NO if absent or not done or any(item.why_not for item in done) else 0


def _check(config: Config, groups: tuple[str, ...], since: int | None, until: int | None, to: str | None) -> None:
    if not groups and since is None and until is None:
        raise Mistake("name GROUPS, or a span of time with --since and --until")
    if since is not None and until is not None and until <= since:
        raise Mistake("--until is not later than --since: nothing can lie between them")
    if to is None and config.cleanup != "keep":
        raise Mistake(
            f"CONCAT_CLEANUP is {config.cleanup}: at their own places the fragments would be removed again, "
            "because the result holds them. Say --to PREFIX, or deploy CONCAT_CLEANUP=keep first"
        )
    if to is not None and (config.input_prefix.startswith(to) or to.startswith(config.input_prefix)):
        raise Mistake(f"--to {to}: meets CONCAT_INPUT_PREFIX={config.input_prefix}, whose events start the functions")
    if to is not None and (not to.endswith("/") or to.startswith("/")):
        raise Mistake(f"--to {to}: a prefix ends with a slash, and begins with none")
    if to is not None and (unfit := unfit_key(to)):
        raise Mistake(f"--to {to}: {unfit}")
    own = {"CONCAT_TRASH_PREFIX": config.trash_prefix, "CONCAT_STATE_PREFIX": config.state_prefix}
    for name, prefix in own.items() if to is not None else ():
        if to is not None and (to.startswith(prefix) or prefix.startswith(to)):
            raise Mistake(f"--to {to}: meets {name}={prefix}: choose a place of its own")


def _meant(services: Services, asked: str) -> Wanted:
    """What one of GROUPS means: a group, also by the key of a piece; or a piece, where recordings are cut at gaps, for
    its name tells its source alone. A recording, and what only a manifest gives to a group, is known by the records.
    """
    group, keys = group_of(services.config, asked), frozenset([asked])
    if services.config.completion == "gap" and group != asked:
        return Wanted("", keys)
    try:
        newest = services.ledger.newest_content(gid_of(group))
        joined = list(services.ledger.joined(gid_of(group), newest.rev)) if newest else []
    except InvalidInput:  # a record that cannot be read keeps nothing from coming back that its name gives to the group
        joined = []
    return Wanted(group, keys.union(*(own_keys(services.config, claim) for claim in joined)))


def _found(
    services: Services, wanted: Collection[Wanted], since: int, until: int, to: str | None
) -> Mapping[str, Item]:
    """What lies in the trash and is wanted, by the key where it lay, the newest copy of each alone."""
    config = services.config
    newest: dict[str, Item] = {}
    marker: str | None = ""
    while marker is not None:
        page = services.cos.list(config.bucket, config.trash_prefix, marker)
        for found in page.objects:
            key, group = _origin(services, found.key[len(config.trash_prefix) :])
            item = Item(found, group, key if to is None else to + key.removeprefix(config.input_prefix))
            held = newest.get(key)
            newer = held is None or held.source.last_modified < found.last_modified
            in_time = since <= found.last_modified < until
            if newer and in_time and (not wanted or any(one.holds(item, key) for one in wanted)):
                newest[key] = item
        marker = page.next_marker
    return newest


def _origin(services: Services, key: str) -> tuple[str, str]:
    """Where a copy came from, and its group; a mark in its name is left out where the convention then reads it so.

    Where it reads both, a group may be named like a mark: one is a mark only if it was made for that group's content.
    """
    convention, mark = services.config.convention, _MARK.search(key)
    names = {each: convention.read(each) for each in (_MARK.sub("", key), key)}
    groups = {each: n.group for each, n in names.items() if isinstance(n, FragmentName | MarkerName | ManifestName)}
    if mark is not None and len(groups) == 2 and mark[0][1:] not in _marks(services, groups[_MARK.sub("", key)]):
        return key, groups[key]
    return next(iter(groups.items()), (key, ""))


def _marks(services: Services, group: str) -> set[str]:
    """What copies of the group's pieces may be marked with."""
    newest = services.ledger.newest_content(gid_of(group))
    return {claim.fingerprint[:12] for claim in services.ledger.joined(gid_of(group), newest.rev)} if newest else set()


def _free(services: Services, items: list[Item]) -> list[Item]:
    """The items, those whose target is taken with the reason why they stay."""
    there = services.cos.heads(services.config.bucket, [item.target for item in items])
    return [
        item if there[item.target] is None else item._replace(why_not="something lies there: it is not overwritten")
        for item in items
    ]


def _copied(services: Services, item: Item) -> Item:
    if item.why_not:
        return item
    bucket = services.config.bucket
    if services.cos.head(bucket, item.target) is not None:
        return item._replace(why_not="something came there just now: it is not overwritten")
    if services.cos.copy(bucket, item.source, bucket, item.target) == "changed":
        return item._replace(why_not="changed or gone from the trash just now")
    return item


def _print(items: list[Item], absent: Mapping[str, str], *, yes: bool) -> None:
    if items:
        _print_items(items, yes=yes)
    else:
        click.echo("nothing in the trash fits")
    for asked, why in absent.items():
        click.echo(printable(f"{asked}: {why}"))


def _print_items(items: list[Item], *, yes: bool) -> None:
    come = [item for item in items if not item.why_not]
    size = sum(item.source.size for item in come)
    done = "restored" if yes else "would be restored; say --yes to do it"
    click.echo(f"{counted(len(come), 'object')}, {size:,} bytes: {done}")
    rows = [[item.group, iso_time(item.source.last_modified), item.target, item.why_not] for item in items]
    table(("group", "moved", "to", "stays because"), rows[:_ROWS])
    if len(rows) > _ROWS:
        click.echo(f"  … {len(rows) - _ROWS} more; --json has all")
