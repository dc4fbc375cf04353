"""A callback address that somebody stole: what each message that he sends to it costs, and what it brings about."""

from __future__ import annotations

import json
from collections import Counter
from urllib.parse import parse_qs, urlsplit

import pytest

from cosconcat.errors import Refused
from cosconcat.events.cos import Upload
from cosconcat.functions.callback import handle_request
from cosconcat.functions.upload import handle_uploads
from tests.simulation.counted import BUCKET, InMemory, in_memory

MOST_READS = 5  # for each job that a message names


def stolen() -> tuple[InMemory, dict[str, str]]:
    """A group whose job runs, and the query of its callback's address."""
    memory = in_memory()
    key = "fragments/talk.part1-of-1.mp4"
    memory.put(key)
    handle_uploads(memory.services, [Upload(BUCKET, "ap-guangzhou", key, "")])
    (work,) = memory.ci.work.values()
    memory.calls.clear()
    return memory, {name: values[0] for name, values in parse_qs(urlsplit(work.callback).query).items()}


def message(query: dict[str, str], jobs: list[str]) -> dict[str, object]:
    """An HTTP event that says that these jobs have ended."""
    details = [{"JobId": job, "State": "Success", "UserData": query["token"]} for job in jobs]
    body = json.dumps({"EventName": "TaskFinish", "JobsDetail": details})
    return {"httpMethod": "POST", "path": "/", "headers": {}, "queryString": query, "body": body}


def test_ten_made_up_jobs_are_a_handful_of_reads_and_nothing_else() -> None:
    """No record, no end, no removal: CI knows none of them."""
    memory, query = stolen()
    before = set(memory.cos.shelves[BUCKET].current)
    results = handle_request(memory.services, message(query, [f"j{number:032x}" for number in range(100, 110)]))
    assert {result.action for result in results} == {"ignored"}
    assert memory.calls.total() <= 10 * MOST_READS
    assert set(memory.calls) <= {"GET", "LIST", "GET job", "HEAD"}
    assert set(memory.cos.shelves[BUCKET].current) == before


def test_more_jobs_or_another_token_are_refused_before_anything_is_read() -> None:
    """Thousands in one message, or the token of another group."""
    memory, query = stolen()
    for jobs, changed in (
        ([f"j{number:032x}" for number in range(9900)], {}),
        (["j1"], {"token": query["token"].replace("cosconcat/", "cosconcat/0")[:-1]}),
        (["j1"], {"signature": "0" * 64}),
    ):
        with pytest.raises(Refused):
            handle_request(memory.services, message({**query, **changed}, jobs))
    assert memory.calls == Counter()


@pytest.mark.parametrize("query", [{}, {"token": "made-up", "signature": "0" * 64}, {"token": "cosconcat/x"}])
@pytest.mark.parametrize("body", ['{"EventName": "WorkflowFinish"}', "{", "<a/>", '{"JobsDetail": {"JobId": "j1"}}'])
def test_without_a_token_or_signature_no_body_is_looked_at(query: dict[str, str], body: str) -> None:
    """Whatever it holds, the answer is the same."""
    memory, _ = stolen()
    event = {"httpMethod": "POST", "path": "/", "headers": {}, "queryString": query, "body": body}
    with pytest.raises(Refused, match="its address bears no token and signature of ours"):
        handle_request(memory.services, event)
    assert not memory.calls
