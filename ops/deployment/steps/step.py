"""What a plan is made of: steps, and the calls of each, in the words of the services' APIs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from deployed.blueprint import NAMESPACE

Change = Literal["create", "change", "replace", "remove", "unchanged"]


class Call(NamedTuple):
    """One call: `scf`, `cam`, `cos` or `ci`, the action and its body, which may hold stand-ins of `desired`."""

    service: str
    action: str
    body: Mapping[str, object]


class Step(NamedTuple):
    """One thing and what is to be done with it; `details` say what differs, without secrets."""

    change: Change
    thing: str
    details: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()


def named(function: str) -> dict[str, object]:
    """How SCF's calls name a function."""
    return {"FunctionName": function, "Namespace": NAMESPACE}


def rows(pairs: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags or variables, as the APIs list them."""
    return [{"Key": key, "Value": value} for key, value in pairs.items()]
