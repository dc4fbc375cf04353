"""What a group says in the log and the report: once, in characters that show what they are."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cosconcat.errors import ServiceUnavailable, TryAgain
from cosconcat.events.cos import Upload
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.functions.upload import handle_uploads
from tests.simulation.counted import BUCKET, InMemory, in_memory

FORGING = "\x7f\x9b\x85\u202e\u2066\u2028\u2029\u200b\ufeff\U000e0041"


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def sweep_later(memory: InMemory, seconds: float) -> None:
    """Time passes, and a sweep."""
    memory.world.run(memory.world.now + seconds)
    handle_sweep(memory.services)


def test_a_group_that_nobody_completes_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """When it has become stale, and again when something about it changes; the report names it all the time."""
    memory = in_memory()
    for number in (1, 3):
        memory.put(f"fragments/talk.part{number}-of-9.mp4")
    for key in ("x.part1-of-2.mp4", "x.part1-of-2.mov"):
        memory.put(f"fragments/{key}")
    sweep_later(memory, 60)
    assert [(line["kind"], line["group"]) for line in lines(capsys)] == [("invalid", "x")]
    sweep_later(memory, 4000)
    assert [(line["kind"], line["group"]) for line in lines(capsys)] == [("incomplete", "talk")]
    for _ in range(5):
        sweep_later(memory, 4000)
    assert lines(capsys) == []
    memory.put("fragments/talk.part4-of-9.mp4")
    sweep_later(memory, 4000)
    assert [line["missing"] for line in lines(capsys)] == [[2, 5, 6, 7, 8, 9]]
    report = json.loads(memory.cos.shelves[BUCKET].current[".concat/report.json"].body)
    assert set(report["incomplete"]) == {"talk"}


def test_a_refusal_that_only_waits_longer_is_no_news(capsys: pytest.CaptureFixture[str]) -> None:
    """Its seconds change from round to round."""
    from cosconcat.functions.sweep.report import Findings, Reports

    memory = in_memory()
    for left in (40, 20):
        findings = Findings()
        findings.add("blocked", "talk", reason=f"no role; tried again in {left} s")
        Reports(memory.services).publish(findings, 0, {})
    assert len(lines(capsys)) == 1


def test_names_that_forge_lines_are_written_out_wherever_they_go(capsys: pytest.CaptureFixture[str]) -> None:
    """Into the log, into the report, and into what the platform logs: what is returned and what is raised."""
    memory = in_memory()
    key = f"fragments/a{FORGING}b.part1-of-2.mp4"
    memory.put(key)
    sweep_later(memory, 4000)
    (result,) = handle_uploads(memory.services, [Upload(BUCKET, "ap-guangzhou", key, "")])
    logged = capsys.readouterr().out
    body = memory.cos.shelves[BUCKET].current[".concat/report.json"].body.decode()
    for text in (logged, body, json.dumps(handle_sweep(memory.services), ensure_ascii=False)):
        assert not set(FORGING) & set(text)
    report = json.loads(body)
    if "\x7f" not in result.group:  # such a name cannot be handed to the API at all
        assert any(FORGING[3:] in group for group in (*report["incomplete"], *report["invalid"]))


def test_what_is_raised_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """SCF writes it into the log as it is."""
    memory = in_memory()
    key = f"fragments/a{FORGING[3:]}b.part1-of-2.mp4"
    memory.put(key)

    def down(*_: object, **__: object) -> None:
        raise ServiceUnavailable("LIST: down\nforged")

    monkeypatch.setattr(type(memory.cos), "list", down)
    with pytest.raises(TryAgain) as raised:
        handle_uploads(memory.services, [Upload(BUCKET, "ap-guangzhou", key, "")])
    assert not {*FORGING, "\n"} & set(str(raised.value))


def test_what_only_waits_is_in_the_report_and_no_line_of_the_log() -> None:
    """Its own word says that there is nothing to do."""
    from cosconcat.functions.sweep.report import KINDS, Findings

    findings = Findings()
    for kind in KINDS:
        findings.add(kind, f"a group that is {kind}", reason="why")
    assert {"arriving", "quiet", "budget"} == KINDS.keys() - {kind for kind, _, _ in findings.lines()}
