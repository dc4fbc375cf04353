"""What the records of a deployment depend on: `<state>/deployment.json`, written by whoever comes first.

Records know a group by its name alone. Where names are cut another way, or begin elsewhere, the same pieces are other
groups and may be joined a second time, or lie where nobody looks. So deploy, the doctor and each round of the sweep
compare what is configured with what was configured when the records began, and say what changed; nothing stops for it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from cosconcat.cloud.ports import Cos
    from cosconcat.config import Config

NAME = "deployment.json"
FORMAT = 1
LONGEST_VALUE = 200  # characters of a value in a message


class Fact(NamedTuple):
    """One thing that records depend on: which variable sets it, and what its change means."""

    variable: str
    means: str


_ELSEWHERE = "what lies there is ignored and in no report, and groups that are under way there do not end"
_OTHER_GROUPS = "pieces that are there, or under way, are other groups now and may be joined a second time"
FACTS: Mapping[str, Fact] = {
    "bucket": Fact("CONCAT_BUCKET", _ELSEWHERE),
    "input_prefix": Fact("CONCAT_INPUT_PREFIX", f"{_ELSEWHERE}; under a parent of it {_OTHER_GROUPS}"),
    "naming": Fact("CONCAT_NAMING", _OTHER_GROUPS),
    "gap": Fact("CONCAT_COMPLETION", _OTHER_GROUPS),
    "window_seconds": Fact("CONCAT_WINDOW", _OTHER_GROUPS),
    "timezone_seconds": Fact("CONCAT_TIMEZONE", _OTHER_GROUPS),
}


def described(config: Config) -> dict[str, object]:
    """The record's content."""
    return {
        "format": FORMAT,
        "bucket": config.bucket.name,
        "input_prefix": config.input_prefix,
        "naming": config.naming,
        "gap": config.completion == "gap",
        "window_seconds": config.window_seconds,
        "timezone_seconds": config.timezone_seconds,
    }


def differences(recorded: Mapping[str, Any], config: Config) -> list[str]:
    """A sentence for each thing that is not as it was when the records began. What a record does not say is no
    difference: an earlier release wrote it.
    """
    now = described(config)
    return [
        f"{fact.variable}: {name} was {_shown(recorded[name])} when the records began and is {_shown(now[name])} now: "
        f"{fact.means}"
        for name, fact in FACTS.items()
        if name in recorded and recorded[name] != now[name]
    ]


def compare(cos: Cos, config: Config, *, write: bool = True) -> list[str]:
    """The differences between the configuration and the record, which is written where there is none (with `write`).

    Raises:
        TryAgain, NeverAgain: as the port does.
    """
    key = f"{config.state_prefix}{NAME}"
    stored = cos.get(config.state_bucket, key)
    if stored is None:
        if write:
            cos.create(config.state_bucket, key, json.dumps(described(config), ensure_ascii=False, indent=1).encode())
        return []
    try:
        recorded = json.loads(stored.body)
        return differences(dict(recorded), config)
    except (ValueError, TypeError, RecursionError):
        return [f"{config.state_bucket.name}/{key}: it is no record of ours; remove it, and it is written anew"]


def remedy(config: Config) -> str:
    """What a person does about a difference."""
    return (
        "go back to what it was until everything under way has ended and nothing of it lies there any more; then, or "
        f"if nothing ever did, remove {config.state_bucket.name}/{config.state_prefix}{NAME}: it is written anew"
    )


def _shown(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)[:LONGEST_VALUE]
