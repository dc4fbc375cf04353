"""docs/limits.md: its figures are those of the code."""

from __future__ import annotations

import re

import pytest

from cosconcat.cleanup import finish
from cosconcat.environment import typed
from cosconcat.environment.reading import _MOST_EXTENSIONS, read_config
from cosconcat.events import bodies, timer
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.groups import manifest
from cosconcat.inputs.probes import UNPROBED_STALE
from cosconcat.naming import keys
from cosconcat.output import choice, tags
from deployed import blueprint
from tests.simulation.counted import in_memory
from tools.pages import ROOT

PAGE = (ROOT / "docs" / "limits.md").read_text("utf-8")
ROWS = dict(re.findall(r"^\| (.*?) \| (.*?) \|", PAGE, re.MULTILINE))
DEFAULTS = read_config({"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"})
SECONDS = {spec.key: spec.seconds for spec in blueprint.FUNCTIONS}


@pytest.mark.parametrize(
    ("what", "figures"),
    [
        ("fragments in one job", [f"{DEFAULTS.max_fragments} by default", "10,000 at most"]),
        ("jobs that one sweep submits", [f"{DEFAULTS.sweep_jobs} by default"]),
        ("groups in one retry of many", [f"{timer.RetryMany.limit} unless", f"{timer.MOST_RETRIES:,} at most"]),
        ("object key", [f"{keys.KEY_BYTES} bytes"]),
        ("template or expression in `CONCAT_NAMING`", [f"{keys.NAMING_CHARACTERS} "]),
        ("`CONCAT_EXTENSIONS`", [str(_MOST_EXTENSIONS)]),
        ("prefix", [f"{typed._LONGEST_PREFIX} bytes"]),
        ("all variables together", [f"{typed._MOST_BYTES // 1024} KB"]),
        ("manifest", [f"{manifest.LARGEST // 1024} KB"]),
        ("tags on the result", [f"{tags.MAX_TAGS}, by COS", f"{len(tags.OWN_TAGS)} are ours"]),
        ("names that are tried for a result whose name is taken", [f"{choice.SPARE_NAMES} besides"]),
        ("a probe that is not answered", [f"a day, {UNPROBED_STALE} times"]),
        ("message of a callback", [f"{bodies.MAX_BYTES >> 20} MiB"]),
        ("run of a function", [f"{SECONDS['upload']} s for upload", f"{SECONDS['sweep']} s for callback and sweep"]),
    ],
)
def test_a_figure_is_the_code_s(what: str, figures: list[str]) -> None:
    """As it stands in the row of that name."""
    assert [figure for figure in figures if figure not in ROWS[what]] == []


def test_what_a_name_that_never_ends_costs_by_quiet_time(capsys: pytest.CaptureFixture[str]) -> None:
    """After ten joins and after twenty, as the page says it: four reads a join."""
    memory = in_memory(CONCAT_NAMING="{group}_{index}.{ext}", CONCAT_COMPLETION="quiet:60")
    memory.ci.longest = 20
    found = []
    for number in range(1, 22):
        memory.put(f"fragments/cam_{number}.mp4")
        memory.world.run(memory.world.now + 100)
        before = sum(memory.calls.values())
        handle_sweep(memory.services)
        if number in (11, 21):
            found.append(sum(memory.calls.values()) - before)
        for _ in range(4):
            memory.world.run(memory.world.now + 400)
            handle_sweep(memory.services)
    assert f"took {found[0]} calls after 10 joins of a name, {found[1]} after 20" in PAGE.replace("\n", " ")


def test_the_others_that_are_said_in_words() -> None:
    """A day for notifications and probes; one limit for callback and sweep; the most fragments are taken."""
    assert finish.NOTIFY_FOR_SECONDS == 86400
    assert UNPROBED_STALE * DEFAULTS.stale_seconds == 86400
    assert SECONDS["callback"] == SECONDS["sweep"]
    base = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}
    assert read_config({**base, "CONCAT_MAX_FRAGMENTS": "10000"}).max_fragments == 10_000
    with pytest.raises(Exception, match="10000"):
        read_config({**base, "CONCAT_MAX_FRAGMENTS": "10001"})
