"""Rebuilds `.env` from what is deployed, without its secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

from cosconcat.environment.variables import TABLE
from ops.deployment.settings import ADDRESS, NOT_SHOWN, SECRETS
from ops.desk.dotenv import UNSET, parse, write_value


def dotenv_text(environment: Mapping[str, str], stage: str, address: str) -> str:
    """A file that deploys `environment` again; secrets stay where they are, so that none is shown.

    `address` is the deployment's own function URL, which the next deployment finds by itself.
    """
    lines = [
        f"# Stage {stage} as it is deployed. What is not named here is not set.",
        f"TENCENT_SECRET_ID={UNSET}",
        f"TENCENT_SECRET_KEY={UNSET}",
        f"STAGE={stage}",
    ]
    for name in (row.name for row in TABLE if row.name in environment):
        value = environment[name]
        if name in SECRETS:
            lines.append(f"# {name} is set and not shown: left out here, the deployed one is kept.")
        elif _is_hidden(name, value):
            lines.append(f"# {name} is set and may hold a key: write it here again, or it will not be set.")
        elif name == ADDRESS and value == address:
            lines.append(f"# {name} is the callback function's own address: it is found by the deployment.")
        else:
            lines.append(_line(name, value))
    return "\n".join(lines) + "\n"


def _line(name: str, value: str) -> str:
    """The line that sets the variable again: JSON in one line where its own lines cannot be written; a comment for what
    no line can say.
    """
    said = next((said for one in _alike(value) if (said := _said(name, one))), "")
    return said or f"# {name} is set to what no line of .env can say, and left out here; as JSON: {json.dumps(value)}"


def _alike(value: str) -> Iterator[str]:
    """The value, and where it is a JSON object the same on one line."""
    yield value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        return
    if isinstance(found, dict):
        yield json.dumps(found, ensure_ascii=False)
        yield json.dumps(found)


def _said(name: str, value: str) -> str:
    """The line that is read as this very value; empty where there is none."""
    try:
        line = f"{name}={write_value(value)}"
    except ValueError:
        return ""
    return line if parse(line).values == {name: value} else ""


def shown_variables(environment: Mapping[str, str]) -> dict[str, str | None]:
    """The deployed variables for a program; None for one that is set and not shown."""
    return {name: None if _is_hidden(name, value) else value for name, value in environment.items()}


def _is_hidden(name: str, value: str) -> bool:
    """A secret, or an address that may hold one: in its query, in its path as chat services do, before its host."""
    return name in SECRETS or (name in NOT_SHOWN and _may_hold_a_key(value))


def _may_hold_a_key(address: str) -> bool:
    try:
        parts = urlsplit(address)
    except ValueError:  # no address: nobody knows what it holds
        return True
    return bool(parts.query or parts.path.strip("/") or parts.fragment or "@" in parts.netloc)
