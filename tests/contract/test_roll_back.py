"""A roll-back: a later release has added fields to every record and knows a variable more; this one goes on from there.

The later release is a copy of this one's code with these additions, deployed for a while against the same buckets.
"""

from __future__ import annotations

import ast
import json
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.switches import Switches
from tests.support.invocation import HANDLER, callback_of, invoke

RECORDS = ("Claim", "JobRecord", "End", "Proof", "Done", "Closed")
VALUES = ("ObjectInfo", "Fragment", "FragmentSet")
SETTINGS = {
    "CONCAT_CLEANUP": "delete",
    "CONCAT_CALLBACK_URL": "https://callback.example/",
    "CONCAT_CALLBACK_SECRET": "0123456789abcdef0123456789abcdef",
}
TIMER = {"Type": "Timer"}


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The code of a later release."""
    code = tmp_path_factory.mktemp("later") / "handler"
    shutil.copytree(HANDLER, code, ignore=shutil.ignore_patterns("__pycache__"))
    package = code / "cosconcat"
    for path, kinds in ((package / "records" / "records.py", RECORDS), (package / "model.py", VALUES)):
        _add_a_field(path, kinds)
    variables = package / "environment" / "variables.py"
    text = variables.read_text("utf-8")
    row = '    Variable("LOG_LEVEL",'
    assert text.count(row) == 1
    variables.write_text(text.replace(row, f'    Variable("CONCAT_MOON", "", "Which moon."),\n{row}'), "utf-8")
    cursor = package / "functions" / "sweep" / "cursor.py"
    text = cursor.read_text("utf-8")
    assert text.count('{"running": running,') == 1
    cursor.write_text(text.replace('{"running": running,', '{"moon": [1], "running": running,'), "utf-8")
    return code


def _add_a_field(path: Path, kinds: Sequence[str]) -> None:
    """The last one of each of these dataclasses."""
    lines = path.read_text("utf-8").splitlines()
    classes = {node.name: node for node in ast.parse("\n".join(lines)).body if isinstance(node, ast.ClassDef)}
    last = {max(one.end_lineno or 0 for one in classes[kind].body if isinstance(one, ast.AnnAssign)) for kind in kinds}
    for line in sorted(last, reverse=True):
        lines.insert(line, '    moon: str = "full"')
    path.write_text("\n".join(lines) + "\n", "utf-8")


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """In which nothing happens by itself."""
    switches = Switches(join="bytes", lose_events=1.0, callbacks=0)
    with LocalCloud(environment=SETTINGS, switches=switches, functions=()) as running:
        yield running


def put(cloud: LocalCloud, group: str, text: str = "") -> None:
    """A whole group of two pieces."""
    for number in (1, 2):
        key = f"fragments/{group}.part{number}-of-2.mp4"
        cloud.store.put(cloud.bucket, key, f"{text}{key}".encode() * 1000)


def test_what_a_later_release_left_behind_is_read_and_finished(cloud: LocalCloud, later: Path) -> None:
    """One group was joined by it, one is in flight, one is to be tried again; the variable that it knew is left set."""
    for group in ("joined", "flying", "failed"):
        put(cloud, group)
    assert invoke(cloud, "sweep", TIMER, later, CONCAT_MOON="full").answer["counts"] == {"submitted": 3}
    cloud.store.delete(cloud.bucket, "fragments/failed.part1-of-2.mp4")
    assert cloud.ci.wait_idle(60)
    jobs = {re.split("[/.]", job.operation.value("Output/Object"))[1]: job for job in cloud.ci.jobs()}
    assert invoke(cloud, "callback", callback_of(jobs["joined"]), later, CONCAT_MOON="full").answer["statusCode"] == 200
    records = [key for key in cloud.store.keys(cloud.bucket, ".concat/") if key.endswith(".json")]
    written = {key: json.loads(cloud.store.get(cloud.bucket, key) or b"{}") for key in records}
    kinds = {re.sub(r"-\d+", "", key.rsplit("/", 1)[1]) for key, record in written.items() if "moon" in record}
    assert kinds == {"claim.json", "job.json", "end.json", "done.json", "sweep.json"}
    assert any(
        "moon" in piece["object"]
        for record in written.values()
        if "set" in record
        for piece in record["set"]["fragments"]
    )

    put(cloud, "joined")  # the same bytes again: this release must know what the later one has joined
    told = invoke(cloud, "callback", callback_of(jobs["flying"]), CONCAT_MOON="full")
    assert told.answer["statusCode"] == 200, told.log
    assert any("CONCAT_MOON" in json.dumps(line) and line["level"] == "WARNING" for line in told.log)
    told = invoke(cloud, "sweep", TIMER, CONCAT_MOON="full")
    assert told.answer["round"] == "complete"
    assert len(cloud.ci.jobs()) == 3
    report = json.loads(cloud.store.get(cloud.bucket, ".concat/report.json") or b"{}")
    assert report["invalid"] == {}
    assert cloud.store.keys(cloud.bucket, "fragments/") == ["fragments/failed.part2-of-2.mp4"]
    ended = {one["group"]: one["outcome"] for one in report["ended"]["last"]}
    assert (ended["joined"], ended["flying"]) == ("joined", "joined")
    status = invoke(cloud, "sweep", {"status": "joined"}, CONCAT_MOON="full").answer
    assert "joined" in json.dumps(status)
