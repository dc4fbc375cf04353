"""The models are honest: one suite for the simulator's models, the local cloud over HTTP and, on demand, an account."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.conformance import table, targets
from tests.conformance.behaviours import ALL
from tests.conformance.behaviours.behaviour import Behaviour
from tests.conformance.targets import Models, OverHttp, Target

CHECKED = [one for one in ALL if one.check]


TARGET = os.environ.get("CONFORMANCE_TARGET", "")
if TARGET not in ("", "account"):
    pytest.exit(f"TARGET={TARGET}: allowed is account, or none for the models and the local cloud", returncode=2)


@pytest.fixture(scope="module")
def local() -> Iterator[OverHttp]:
    """One local cloud for all checks."""
    with targets.local_cloud() as target:
        yield target


@pytest.fixture(scope="module")
def real() -> Iterator[OverHttp]:
    """A real account, if somebody said so."""
    if TARGET != "account":
        pytest.skip("make conformance TARGET=account runs this")
    with targets.account() as target:
        yield target


def _name(one: Behaviour) -> str:
    return one.name


def _run(one: Behaviour, target: Target) -> None:
    assert one.check is not None
    one.check(target)


@pytest.mark.parametrize("one", CHECKED, ids=_name)
def test_model_behaves(one: Behaviour) -> None:
    """The simulator's model does what the table says."""
    _run(one, Models())


@pytest.mark.parametrize("one", CHECKED, ids=_name)
def test_local_cloud_behaves(one: Behaviour, local: OverHttp) -> None:
    """The local cloud does what the table says, through the real adapters."""
    local.prefix = f"{local.prefix.split('/')[0]}/{one.name}/"
    _run(one, local)


@pytest.mark.account
@pytest.mark.parametrize("one", CHECKED, ids=_name)
def test_account_behaves(one: Behaviour, real: OverHttp) -> None:
    """A real account does what the table says."""
    root = real.prefix
    real.prefix = f"{root}{one.name}/"
    try:
        _run(one, real)
    finally:
        real.prefix = root


def test_every_behaviour_says_how_it_is_known() -> None:
    """No line of the table is without a source, and each name is there once."""
    assert len({one.name for one in ALL}) == len(ALL)
    for one in ALL:
        assert one.source
        assert one.known == "assumed" or one.source != "no statement found", one.name


def test_table_is_up_to_date(capsys: pytest.CaptureFixture[str]) -> None:
    """docs/internals/behaviour.md is what the suite knows; the count of assumptions is printed."""
    with capsys.disabled():
        print(f"\n{table.summary()}")
    assert table.PAGE.read_text() == table.page(), "run python -m tests.conformance.table"
