"""What the function URL answers: a status CI understands, and no word more than needed."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from cosconcat import errors
from cosconcat.events.http import http_response
from cosconcat.model import Result

SECRET = "key-0123456789-of-the-ledger"


def _raises(error: Exception) -> Callable[[], Sequence[Result]]:
    def work() -> Sequence[Result]:
        raise error

    return work


@pytest.mark.parametrize(
    ("error", "status", "word"),
    [
        (errors.Refused([f"callback: bad {SECRET}"]), 403, "refused"),
        (errors.InvalidInput([f"claim-1.json: {SECRET}"]), 500, "failed"),
        (errors.TryAgain(SECRET), 503, "try again"),
        (errors.NotYet(SECRET), 503, "try again"),
        (errors.ServiceUnavailable(SECRET), 503, "try again"),
        (errors.Blocked(SECRET, code="QueuePaused", fix="resume it"), 503, "try again"),
        (errors.ConfigurationError([SECRET]), 500, "failed"),
        (errors.Rejected(SECRET, status=403, code="AccessDenied"), 500, "failed"),
        (errors.OutcomeUnknown(SECRET), 500, "failed"),
        (KeyError(SECRET), 500, "failed"),
    ],
)
def test_every_error_becomes_a_status_and_one_word(error: Exception, status: int, word: str) -> None:
    """Nothing of an error's text reaches the caller, and nothing is raised."""
    answer = http_response(_raises(error))
    assert answer["statusCode"] == status
    assert json.loads(str(answer["body"])) == {"result": word}
    assert SECRET not in json.dumps(answer)


def test_a_handled_message_is_answered_with_its_action() -> None:
    """200 and the action, nothing of group, key or job."""
    answer = http_response(lambda: [Result("secret/group", "finished", "why", "key", "j1")])
    assert (answer["statusCode"], json.loads(str(answer["body"]))) == (200, {"result": "finished"})
    assert "secret" not in json.dumps(answer)


def test_several_messages_are_answered_together() -> None:
    """One request may tell of several jobs."""
    answer = http_response(lambda: [Result("a", "finished"), Result("b", "ignored")])
    assert (answer["statusCode"], json.loads(str(answer["body"]))) == (200, {"result": "done"})
