"""A service's refusal may quote what it was sent: neither results, records, report nor what is raised hold a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, NoReturn

import pytest

import sweep
import upload
from cosconcat import log
from cosconcat.errors import Blocked, Rejected, ServiceUnavailable, TimedOut
from cosconcat.events.cos import Upload
from cosconcat.functions.sweep.report import Findings
from cosconcat.functions.sweep.round import handle_sweep
from cosconcat.model import DeleteError
from tests.simulation.counted import BUCKET, InMemory, in_memory, keys

SECRET = "AKIDsecretsecretsecret"
ECHO = f"CallBack https://callback.example/?token=t&signature=0123456789abcdef is invalid for {SECRET}"
HALF = "\ud83d"


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    """As `bootstrap` does it; undone afterwards."""
    log.configure("INFO", [SECRET])
    yield
    log.configure("INFO", ())


def refusing(monkeypatch: pytest.MonkeyPatch, memory: InMemory, port: str, method: str, failure: Exception) -> None:
    """From now on this call of the port comes to that."""

    def refuse(*given: object, **named: object) -> NoReturn:
        raise failure

    monkeypatch.setattr(getattr(memory, port), method, refuse)


def without_secret(text: str) -> None:
    """Neither the key nor the signature is in it, and the words around them are."""
    assert SECRET not in text
    assert "0123456789abcdef" not in text
    assert "***" in text


def test_a_refusal_that_quotes_the_address_and_the_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In what upload and sweep return, in every record, in the report, the notification and the log."""
    memory, told = in_memory(), []

    def notify(end: Mapping[str, object]) -> str:
        told.append(json.dumps(end))
        return ""

    services = replace(memory.services, notify=notify)
    refusing(monkeypatch, memory, "ci", "submit", Rejected(ECHO, status=400, code="InvalidArgument"))
    monkeypatch.setattr(upload, "bootstrap", lambda context: services)
    monkeypatch.setattr(sweep, "bootstrap", lambda context: services)
    for key in keys("g", 2):
        memory.put(key)
    monkeypatch.setattr(upload, "read_uploads", lambda event: [Upload(BUCKET, "ap-guangzhou", keys("g", 2)[1], "")])
    without_secret(json.dumps(upload.main_handler({}, {})))
    memory.world.run(memory.world.now + 3000)
    without_secret(json.dumps(sweep.main_handler({"Type": "Timer"}, {})))
    without_secret(json.dumps(sweep.main_handler({"status": "g"}, {})))
    without_secret(json.dumps(sweep.main_handler({"report": True}, {})))
    without_secret(json.dumps(sweep.main_handler({"retry": "g"}, {})))
    [first, *_] = told
    without_secret(first)
    without_secret(capsys.readouterr().out)
    records = {key: thing.body.decode() for key, thing in memory.cos.shelves[BUCKET].current.items() if thing.body}
    quoting = [key for key, body in records.items() if "is invalid for" in body]
    assert {"end-0001.json", "done.json", "report.json"} <= {key.rpartition("/")[2] for key in quoting}
    assert any("/closed/" in key for key in quoting)
    for key in quoting:
        without_secret(records[key])


@pytest.mark.parametrize("method", ["tag", "delete"])
def test_a_refusal_while_cleaning_up(monkeypatch: pytest.MonkeyPatch, method: str) -> None:
    """In the closing record: why the whole content was kept, or one of its pieces."""
    memory, told = in_memory(), []

    def notify(end: Mapping[str, object]) -> str:
        told.append(json.dumps(end))
        return ""

    services = replace(memory.services, notify=notify)
    for key in keys("g", 2):
        memory.put(key)
    sweep.answer(services, {"Type": "Timer"})
    memory.world.run(memory.world.now + 3000)
    if method == "tag":
        refusing(monkeypatch, memory, "cos", "tag", Rejected(ECHO, status=403, code="AccessDenied"))
    else:
        real = memory.cos.delete

        def refuse(bucket: Any, versions: Any) -> Any:
            inputs = [one for one in versions if one.key.startswith("fragments/")]
            return [DeleteError(one.key, "AccessDenied", ECHO) for one in inputs] or real(bucket, versions)

        monkeypatch.setattr(memory.cos, "delete", refuse)
    answer = json.dumps(sweep.answer(services, {"Type": "Timer"}))
    records = {key: thing.body.decode() for key, thing in memory.cos.shelves[BUCKET].current.items() if thing.body}
    [done] = [body for key, body in records.items() if key.endswith("done.json")]
    without_secret(done)
    for text in (answer, *told, *(body for key, body in records.items() if "/closed/" in key)):
        assert SECRET not in text


def test_a_record_of_a_release_that_kept_a_secret() -> None:
    """Its status tells the reason without it."""
    memory = in_memory()
    for key in keys("g", 2):
        memory.put(key)
    sweep.answer(memory.services, {"Type": "Timer"})
    memory.world.run(memory.world.now + 3000)
    sweep.answer(memory.services, {"Type": "Timer"})
    shelf = memory.cos.shelves[BUCKET].current
    [done] = [thing for key, thing in shelf.items() if key.endswith("done.json")]
    done.body = json.dumps({**json.loads(done.body), "reason": ECHO}).encode()
    without_secret(json.dumps(sweep.answer(memory.services, {"status": "g"})))


@pytest.mark.parametrize("failure", [ServiceUnavailable(ECHO), TimedOut(ECHO), Blocked(ECHO, code="C", fix="f")])
@pytest.mark.parametrize("event", [{"Type": "Timer"}, {"retry": "y"}, {"status": "y"}])
def test_what_the_sweep_raises(monkeypatch: pytest.MonkeyPatch, event: dict[str, Any], failure: Exception) -> None:
    """The platform prints it: whichever command, and of the kind that it was."""
    memory = in_memory()
    memory.put("fragments/y.part1-of-2.mp4")
    monkeypatch.setattr(sweep, "bootstrap", lambda context: memory.services)
    refusing(monkeypatch, memory, "cos", "list", failure)
    with pytest.raises(type(failure), match="is invalid for") as raised:
        sweep.main_handler(event, {})
    without_secret(str(raised.value))
    without_secret(repr(raised.value))


def test_what_a_group_failed_of_for_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the failure that names all of them, in the report, and where it is set aside."""
    memory = in_memory()
    memory.put("fragments/y.part1-of-2.mp4")
    real = memory.cos.list

    def hanging(bucket: Any, prefix: str, marker: str = "", limit: int = 1000) -> Any:
        if prefix.startswith("fragments/y"):
            memory.world.run(memory.world.now + 60)
            raise ServiceUnavailable(ECHO)
        return real(bucket, prefix, marker, limit)

    monkeypatch.setattr(memory.cos, "list", hanging)
    services = replace(memory.services, deadline=memory.world.now + 200)
    with pytest.raises(Exception, match="is invalid for") as raised:
        handle_sweep(services)
    without_secret(str(raised.value))
    for name in ("report.json", "sweep.json"):
        without_secret(memory.cos.shelves[BUCKET].current[f".concat/{name}"].body.decode())


def test_findings_can_be_written_whatever_they_quote() -> None:
    """Half a character ends no round: it is told as a question mark."""
    findings = Findings()
    findings.add("invalid", f"g{HALF}", reason=f"{HALF}{SECRET}", missing=[HALF])
    findings.unmatched(HALF, HALF)
    written = json.dumps(findings.as_json(), ensure_ascii=False).encode()
    assert b'"g?": {"reason": "?***", "missing": ["?"]}' in written


def test_a_record_of_the_deployment_with_half_a_character_ends_no_sweep() -> None:
    """It is told in the report, and the groups are joined."""
    memory = in_memory()
    body = json.dumps({"format": 1, "naming": HALF}).encode()
    memory.cos.write(BUCKET, ".concat/deployment.json", body=body)
    memory.put("fragments/x.part1-of-1.mp4")
    answer = sweep.answer(memory.services, {"Type": "Timer"})
    assert answer["counts"] == {"submitted": 1}
    assert "CONCAT_NAMING" in memory.cos.shelves[BUCKET].current[".concat/report.json"].body.decode()
