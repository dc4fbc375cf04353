"""`cos-concat status`: where is my video, and why was nothing deleted?"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from itertools import takewhile
from typing import Any

import click

from cosconcat.errors import InvalidInput
from cosconcat.functions.sweep.report import KINDS
from cosconcat.log import printable
from cosconcat.model import iso_time
from cosconcat.records.records import Closed
from ops import cost
from ops.desk.mistakes import NO, Mistake
from ops.desk.options import groups_argument, json_option
from ops.desk.show import counted, show_failure, show_json, table
from ops.sweep_function import ask, here_option, services_here

EXAMPLES = """\b
Examples:
  cos-concat status                                the last report, and what ended last
  cos-concat status lecture                        one group: its state, its result, its history
  cos-concat status fragments/lecture.part1-of-2.mp4
  cos-concat status --day 2026-11-26               what ended that day, and what it cost
  cos-concat status lecture --here --json          with the keys in .env, not through the deployed function
"""
_ROWS = 20  # of a kind, for people; --json has all


@click.command(epilog=EXAMPLES)
@groups_argument
@click.option("--day", help="What ended on this day, 2026-11-26 (UTC), or in this month, 2026-11: read with your keys.")
@here_option
@json_option
def command(groups: tuple[str, ...], day: str | None, here: bool, as_json: bool) -> int:
    """Say where a group is, or what the last report says.

    GROUPS are ids, full keys of their pieces or, where recordings are cut at gaps, their sources. The deployed sweep is
    asked. Exit code 1 when a group is unknown.
    """
    if day is not None and groups:
        raise click.UsageError("name GROUPS or say --day, not both")
    if day is not None:
        return _day(day, as_json=as_json)
    if not groups:
        return _report(ask({"report": True}, here=here)["report"], as_json=as_json)
    found = [dict(ask({"status": group}, here=here)["status"]) for group in groups]
    for status in found:
        status |= _estimate(status)
    if as_json:
        show_json(found if len(found) > 1 else found[0])
    else:
        for status in found:
            click.echo("\n".join(_in_words(status)))
            _history(status.get("history", ()))
    return NO if any(status["state"] == "unknown" for status in found) else 0


def _estimate(status: Mapping[str, Any]) -> dict[str, object]:
    """What the group's proven results cost, as far as list prices are known: minutes at 1080p, and requests."""
    minutes = sum(past.get("seconds", 0) for past in status.get("history", ())) / 60
    requests = sum(cost.requests_of(past.get("fragments", 0)) for past in status.get("history", ()))
    if not requests:
        return {}
    usd = cost.MINUTES[cost.ASSUMED_HEIGHT].of(minutes) + cost.REQUEST.of(requests)
    return {"estimated_usd": round(usd, 4), "billed_minutes": round(minutes, 2)}


def _in_words(status: Mapping[str, Any]) -> Iterable[str]:
    """One group, line by line."""
    yield click.style(printable(f"{status['group']}: {status['state']}"), bold=True)
    words = {
        "why": status.get("why"),
        "since": _ago(status.get("since", "")),
        "goes on": _ago(status.get("until", "")),
        "missing": ", ".join(map(str, status.get("missing", ()))),
        "output": status.get("output"),
        "job": status.get("job"),
        "fragments": f"{status['fragments']}, {status['bytes']:,} bytes" if status.get("fragments") else "",
        "proof": _proof(status.get("proof", {})),
        "removed": status.get("removed"),
        "ends": status.get("ends"),
        "note": status.get("note"),
    }
    for name, value in words.items():
        if value:
            yield f"  {name:<10}{printable(str(value))}"
    columns = ("group", "state", "fragments", "until", "why", "ends", "note")
    for each in status.get("recordings", ()):
        yield printable("  " + ", ".join(f"{each[name]}" for name in columns if each.get(name)))
    kept = status.get("kept", {})
    for key, why in list(kept.items())[:_ROWS]:
        yield f"  {'kept':<10}{printable(f'{key}: {why}')}"
    if status.get("kept_count", 0) > min(len(kept), _ROWS):
        yield f"  {'kept':<10}… {status['kept_count']} in all"
    if "estimated_usd" in status:
        minutes, usd = status["billed_minutes"], status["estimated_usd"]
        yield f"  {'cost':<10}about {usd:.4f} USD: {minutes:g} minutes of proven output, {cost.ASSUMED_HEIGHT}p assumed"


def _proof(proof: Mapping[str, Any]) -> str:
    """By which rule the output was proven, and its main figures; --json has all."""
    if not proof:
        return ""
    seconds = [f"{proof[name]} s" for name in ("expected_seconds", "output_seconds") if name in proof]
    figures = f": {seconds[0]} of fragments, {seconds[1]} of output" if len(seconds) == 2 else ""
    return f"{proof.get('rule', '')}{figures}; {proof.get('size', 0):,} bytes, ETag {proof.get('etag', '')}"


def _history(past: Iterable[Mapping[str, Any]]) -> None:
    rows = [
        [
            each["rev"],
            each.get("claimed", ""),
            each.get("ended", ""),
            each.get("attempts", ""),
            each.get("outcome", each.get("last", "under way")),
            each.get("output", ""),
        ]
        for each in past
    ]
    if rows:
        table(("content", "claimed", "ended", "attempts", "outcome", "output"), rows)


def _report(report: Any, *, as_json: bool) -> int:
    """The last report; 1 when there is none yet."""
    if not isinstance(report, Mapping):
        if as_json:
            show_failure([str(report)], NO)
        else:
            click.echo(report)
        return NO
    if as_json:
        show_json(report)
        return 0
    click.echo(
        f"Report of {_ago(report.get('at', ''))}; {counted(report.get('objects', 0), 'object')} under the input prefix"
    )
    for kind, word in KINDS.items():
        _kind(kind, word.means, report)
    unmatched = report.get("unmatched", {})
    if unmatched.get("count"):
        click.echo(f"\nunmatched: {counted(unmatched['count'], 'object')} of no group (see `cos-concat names`)")
        table(("key", "why"), unmatched.get("examples", {}).items())
    _ended(report.get("ended", {}))
    return 0


def _day(day: str, *, as_json: bool) -> int:
    """What ended on a day or in a month, with what it cost; 1 when nothing did."""
    if not re.fullmatch(r"20[0-9]{2}-[0-9]{2}(-[0-9]{2})?", day) or not _is_there(day):
        raise Mistake(f"--day {day}: write a day as 2026-11-26, a month as 2026-11")
    ledger = services_here().ledger
    found: list[Closed] = []
    unread: list[str] = []
    for name in takewhile(lambda name: name.startswith(day), ledger.closed(day)):
        try:
            entry = ledger.read_closed(name)
        except InvalidInput as broken:
            unread.append(str(broken))
            continue
        found += [entry] if entry else []
    minutes = sum(entry.seconds for entry in found) / 60
    usd = cost.MINUTES[cost.ASSUMED_HEIGHT].of(minutes)
    if as_json:
        told = {"ended": [asdict(entry) for entry in found], "billed_minutes": minutes, "estimated_usd": usd}
        show_json({**told, **({"unread": unread} if unread else {})})
        return 0 if found else NO
    counts = ", ".join(f"{count} {outcome}" for outcome, count in Counter(each.outcome for each in found).items())
    click.echo(f"{day}: {counts or 'nothing ended'}")
    table(
        ("at", "group", "outcome", "output", "removed", "kept", "reason"),
        [[iso_time(e.closed_at), e.group, e.outcome, e.output, e.removed, e.kept or "", e.reason] for e in found],
    )
    for why in unread[:_ROWS]:
        click.echo(printable(f"not read: {why}"))
    click.echo(f"about {usd:.4f} USD: {minutes:.2f} minutes of proven output, {cost.ASSUMED_HEIGHT}p assumed")
    return 0 if found else NO


def _is_there(day: str) -> bool:
    """Whether the calendar has this day, or month."""
    try:
        datetime.fromisoformat(f"{day}-01"[:10])
    except ValueError:
        return False
    return True


def _kind(kind: str, meaning: str, report: Mapping[str, Any]) -> None:
    entries: Mapping[str, Mapping[str, Any]] = report.get(kind, {})
    if not entries:
        return
    more = report.get("more", {}).get(kind, 0)
    click.echo(f"\n{kind.replace('_', '-')}: {len(entries) + more} ({meaning})")
    rows = [[group, _ago(what.get("since", "")), what.get("reason", "")] for group, what in entries.items()]
    table(("group", "since", "why"), rows[:_ROWS])
    if len(rows) + more > _ROWS:
        click.echo(f"  … {len(rows) + more - _ROWS} more; --json has {len(rows)}")


def _ended(ended: Mapping[str, Any]) -> None:
    counts = ", ".join(f"{count} {outcome}" for outcome, count in ended.get("counts", {}).items()) or "nothing"
    since = f" since {ended['since']}" if ended.get("since") else ""
    click.echo(f"\nended{since}: {counts}" + (f", {ended['unread']} not read" if ended.get("unread") else ""))
    last = list(ended.get("last", ()))[-_ROWS:]
    columns = ("at", "group", "outcome", "output", "reason")
    rows = [[each.get(column, "") for column in columns] for each in last]
    if rows:
        table(columns, reversed(rows))


def _ago(text: str) -> str:
    """A time, and how far away it is."""
    if not text:
        return ""
    seconds = time.time() - datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(timezone.utc).timestamp()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if abs(seconds) >= size or size == 1:
            away = f"{abs(seconds) / size:.0f} {unit}"
            return f"{text} ({away} ago)" if seconds >= 0 else f"{text} (in {away})"
    return text
