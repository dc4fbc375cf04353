"""What records depend on: written once, compared by name, and told in words when it changes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, cast

import pytest

from cosconcat.cloud.ports import Cos
from cosconcat.environment.reading import read_config
from cosconcat.errors import ServiceUnavailable
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.records.deployment import FACTS, compare, described
from tests.simulation.counted import ENVIRONMENT, InMemory, in_memory
from tests.support.desk import Altered

KEY = ".concat/deployment.json"
TIMED = {"CONCAT_NAMING": "timestamp"}
CHANGES = [
    ({}, {"CONCAT_BUCKET": "other-1250000000", "CONCAT_STATE_BUCKET": "demo-1250000000"}, "CONCAT_BUCKET", "ignored"),
    ({}, {"CONCAT_INPUT_PREFIX": "videos/"}, 'CONCAT_INPUT_PREFIX: input_prefix was "fragments/"', "in no report"),
    ({}, {"CONCAT_NAMING": "folder"}, 'CONCAT_NAMING: naming was "part-of"', "joined a second time"),
    (TIMED, {**TIMED, "CONCAT_WINDOW": "day"}, "CONCAT_WINDOW: window_seconds was 3600", "joined a second time"),
    (TIMED, {**TIMED, "CONCAT_TIMEZONE": "+08:00"}, "CONCAT_TIMEZONE", "and is 28800 now"),
    (TIMED, {**TIMED, "CONCAT_COMPLETION": "gap:300"}, "CONCAT_COMPLETION", "joined a second time"),
]


@pytest.fixture(autouse=True)
def _quiet(capsys: pytest.CaptureFixture[str]) -> None:
    """Log lines are not what these tests are about."""


def with_settings(memory: InMemory, changed: dict[str, str]) -> Any:
    """The same world, in which something else is configured now."""
    config = read_config({**ENVIRONMENT, **changed})
    for bucket in {config.bucket.name, config.state_bucket.name} - memory.cos.shelves.keys():
        memory.cos.shelves[bucket] = type(next(iter(memory.cos.shelves.values())))(versioned=False)
    return replace(memory.services, config=config)


@pytest.mark.parametrize(("before", "after", "named", "means"), CHANGES, ids=[str(one[1]) for one in CHANGES])
def test_a_change_is_named_with_what_it_means_and_what_to_do(
    before: dict[str, str], after: dict[str, str], named: str, means: str
) -> None:
    """In the sweep's report, every round until a person has decided; the sweep goes on meanwhile."""
    memory = in_memory(**before)
    handle_sweep(with_settings(memory, before))
    changed = with_settings(memory, after)
    for _ in range(2):
        handle_sweep(changed)
        report = json.loads(memory.cos.shelves["demo-1250000000"].current[".concat/report.json"].body)
        told = report["invalid"]["(all groups)"]["reason"]
        assert named in told
        assert means in told
        assert f"remove demo-1250000000/{KEY}" in told
    del memory.cos.shelves["demo-1250000000"].current[KEY]
    handle_sweep(changed)
    report = json.loads(memory.cos.shelves["demo-1250000000"].current[".concat/report.json"].body)
    assert report["invalid"] == {}


def test_the_same_settings_are_no_change_and_cost_a_read_a_round() -> None:
    """What else is configured does not matter to records."""
    memory = in_memory()
    for group in ("a", "b"):
        memory.put(f"fragments/{group}.part1-of-2.mp4")
    assert compare(memory.services.cos, memory.config) == []
    assert memory.calls == {"GET": 1, "PUT": 1}
    others = read_config({**ENVIRONMENT, "CONCAT_FORMAT": "flv", "CONCAT_CLEANUP": "keep", "CONCAT_SWEEP_JOBS": "7"})
    assert compare(memory.services.cos, others) == []
    assert memory.calls == {"GET": 2, "PUT": 1}


def test_only_what_a_record_says_is_compared() -> None:
    """A later release says more, an earlier one less."""
    memory = in_memory()
    memory.cos.write("demo-1250000000", KEY, body=b'{"format": 9, "bucket": "demo-1250000000", "moon": "full"}')
    assert compare(memory.services.cos, memory.config) == []


@pytest.mark.parametrize("body", [b"", b"[1]", b"7", b"\xff"])
def test_a_record_that_is_none_is_told(body: bytes) -> None:
    """It is a person's to remove."""
    memory = in_memory()
    memory.cos.write("demo-1250000000", KEY, body=body)
    [told] = compare(memory.services.cos, memory.config)
    assert KEY in told


def test_a_sweep_that_cannot_compare_goes_on() -> None:
    """It is a look, nothing more."""
    memory = in_memory()
    memory.put("fragments/a.part1-of-1.mp4")

    def get(bucket: Any, key: str) -> Any:
        if key == KEY:
            raise ServiceUnavailable("GET deployment.json")
        return memory.services.cos.get(bucket, key)

    handle_sweep(replace(memory.services, cos=cast("Cos", Altered(memory.services.cos, get=get))))
    assert len(memory.ci.work) == 1


def test_every_fact_is_described() -> None:
    """And nothing else but the format."""
    assert described(in_memory().config).keys() == {"format", *FACTS}
