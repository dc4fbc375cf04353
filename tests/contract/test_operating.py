"""An operator's verbs against a local cloud over HTTP: what they print, and what they leave alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from ops.command import main
from tests.support.desk import Desk

PAIR = ("fragments/v.part1-of-2.mp4", "fragments/v.part2-of-2.mp4")


class Operator:
    """A person at a desk with the keys of the account."""

    def __init__(self, desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
        self.desk = desk
        self._capsys = capsys
        key = desk.cloud.account.root_key()
        self.environ = {
            **desk.cloud.environment,
            "TENCENT_SECRET_ID": key.secret_id,
            "TENCENT_SECRET_KEY": key.secret_key,
            "CONCAT_LEASE_SECONDS": "1200",
            "CONCAT_STALE_SECONDS": "3600",
        }

    def says(self, *arguments: str, code: int = 0, **changed: str) -> str:
        """What the command prints on standard output when it ends with `code`."""
        self._capsys.readouterr()
        environ = {**self.environ, **{f"CONCAT_{name.upper()}": value for name, value in changed.items()}}
        assert main(arguments, environ) == code, self._capsys.readouterr()
        return self._capsys.readouterr().out

    def json(self, *arguments: str, code: int = 0, **changed: str) -> Any:
        """The same, as JSON."""
        return json.loads(self.says(*arguments, "--json", code=code, **changed))


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A cloud in which nothing happens by itself."""
    with Desk() as running:
        yield running


@pytest.fixture
def operator(desk: Desk, capsys: pytest.CaptureFixture[str]) -> Operator:
    """Its operator."""
    return Operator(desk, capsys)


def test_status_of_a_group_is_told_in_words_and_in_json(desk: Desk, operator: Operator) -> None:
    """With its proof, its cost and its history."""
    desk.arrive(*PAIR)
    desk.call_back()
    words = operator.says("status", "v", "--here")
    assert words.startswith("v: joined\n")
    for part in ("output    output/v.mp4", "removed   2", "proof     rule duration", "cost      about 0.00", "joined"):
        assert part in words
    assert operator.json("status", PAIR[0], "--here")["state"] == "joined"
    assert [each["state"] for each in operator.json("status", "v", "w", "--here", code=1)] == ["joined", "unknown"]


def test_status_without_a_group_shows_the_report(desk: Desk, operator: Operator) -> None:
    """What is wrong first, then what is still arriving, then what ended."""
    assert "none yet" in operator.says("status", "--here", code=1)
    desk.arrive(*PAIR)
    desk.call_back()
    desk.arrive("fragments/late.part1-of-3.mp4")
    desk.put("fragments/readme.txt")
    desk.sweep()
    words = operator.says("status", "--here")
    assert words.index("arriving: 1 (still arriving)") < words.index("unmatched: 1") < words.index("ended")
    assert "output/v.mp4" in words
    assert operator.json("status", "--here")["ended"]["counts"] == {"joined": 1}


def test_retry_goes_on_with_a_group_or_with_all_that_gave_up(desk: Desk, operator: Operator) -> None:
    """And its exit code says whether that helped."""
    desk.switches.short_output = 1
    desk.arrive(*PAIR)
    desk.call_back()
    told = operator.json("retry", "--outcome", "gave-up", "--since", "2020-01-01", "--here")
    assert [each["action"] for each in told["results"]] == ["submitted"]
    desk.call_back()
    assert operator.json("status", "v", "--here")["state"] == "joined"
    assert operator.json("retry", "--outcome", "kept", "--here") == {"left": 0, "results": []}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["retry"], "name GROUPS"),
        (["retry", "v", "--outcome", "kept"], "name GROUPS"),
        (["retry", "v", "--limit", "3"], "--since and --limit go with --outcome"),
        (["retry", "--outcome", "joined"], "'joined' is not one of"),
        (["retry", "--outcome", "kept", "--limit", "0"], "0 is not in the range"),
    ],
)
def test_a_retry_that_cannot_be_meant_is_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before anything is asked."""
    assert main(arguments, {}) == 2
    assert told in capsys.readouterr().err
