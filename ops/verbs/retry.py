"""`cos-concat retry`: go on now with one group, or with all that gave up or was kept."""

from __future__ import annotations

import click

from ops.desk.mistakes import NO, Mistake
from ops.desk.options import groups_argument, json_option
from ops.desk.show import show_json, table
from ops.sweep_function import ask, here_option

EXAMPLES = """\b
Examples:
  cos-concat retry lecture
  cos-concat retry --outcome gave-up --since 2026-11-26T08:00:00Z
  cos-concat retry --outcome kept --limit 10 --here
"""
_GOOD = ("submitted", "adopted", "already-submitted", "already-finished", "finished", "waiting", "job-failed")


@click.command(epilog=EXAMPLES)
@groups_argument
@click.option("--outcome", type=click.Choice(["gave-up", "kept"]), help="All that ended this way, instead of GROUPS.")
@click.option("--since", metavar="TIME", help="Only what ended at this time (ISO 8601, UTC) or later.")
@click.option("--limit", type=click.IntRange(1, 1000), help="At most so many (100).")
@here_option
@json_option
def command(
    groups: tuple[str, ...], outcome: str | None, since: str | None, limit: int | None, here: bool, as_json: bool
) -> int:
    """Try again now what gave up, was kept, or waits.

    GROUPS are ids, full keys of their pieces or, where recordings are cut at gaps, their sources. The deployed sweep
    does it, with its own rights. Exit code 1 when one of them came to nothing again.
    """
    if groups and outcome:
        raise click.UsageError("name GROUPS or say --outcome, not both")
    if not groups and not outcome:
        raise Mistake("name GROUPS, or say --outcome gave-up or --outcome kept")
    if groups and (since or limit):
        raise Mistake("--since and --limit go with --outcome")
    results, left, go_on = [], 0, {}
    if outcome:
        many = {"outcome": outcome, **({"since": since} if since else {}), **({"limit": limit} if limit else {})}
        answer = ask({"retry": many}, here=here)
        results, left = answer["results"], int(answer.get("left", 0))
        go_on = {"since": answer["since"]} if answer.get("since") else {}
    else:
        for group in groups:
            results += ask({"retry": group}, here=here)["results"]
    if as_json:
        show_json({"results": results, "left": left, **go_on})
    else:
        rows = [[each["group"], each["action"], each.get("reason", ""), each.get("job", "")] for each in results]
        if rows or not left:
            table(("group", "now", "why", "job"), rows) if rows else click.echo("nothing ended this way")
        if left:
            there = f" with --since {go_on['since']}" if go_on else ""
            click.echo(f"{left} more are left or unread: run the same again{there}")
    return 0 if all(each["action"] in _GOOD for each in results) else NO
