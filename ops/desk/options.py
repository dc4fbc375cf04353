"""Options that several verbs have."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """`--json`, as the argument `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(command)


def groups_argument(command: F) -> F:
    """`GROUPS`, as the argument `groups`; an empty one, of a variable that was not set, is no group."""

    def named(_context: click.Context, _parameter: click.Parameter, groups: tuple[str, ...]) -> tuple[str, ...]:
        if any(not group.strip() for group in groups):
            raise click.UsageError("one of GROUPS is empty: name each group by its id or the full key of a piece")
        return groups

    return click.argument("groups", nargs=-1, callback=named)(command)


def yes_option(command: F) -> F:
    """`--yes`, as the argument `yes`."""
    return click.option("--yes", "-y", is_flag=True, help="Do it without a question.")(command)


def probe_price_option(command: F) -> F:
    """`--probe-usd`, as the argument `probe_usd`: no price was published in what was read, a bill shows it."""
    told = "What your bill shows for one probe (media information), so that probes are counted as well."
    return click.option("--probe-usd", type=Amount(0, 1), help=told)(command)


class Amount(click.FloatRange):
    """A number in a range; `nan`, which no range keeps out, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """The number."""
        number = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return float(number)
