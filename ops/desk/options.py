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
