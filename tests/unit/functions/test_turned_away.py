"""What the three functions return for events that cannot be accepted: said once, and never raised for SCF to repeat."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import callback
import sweep
import upload

CONTEXT: dict[str, object] = {"time_limit_in_ms": 120_000}


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deployment whose services are never called."""
    for name, value in {
        "CONCAT_BUCKET": "demo-1250000000",
        "CONCAT_REGION": "ap-guangzhou",
        "CONCAT_CALLBACK_SECRET": "0123456789abcdef",
        "TENCENTCLOUD_SECRETID": "an-identity",
        "TENCENTCLOUD_SECRETKEY": "a-secret-key",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("function", "event"),
    [
        (upload.main_handler, {}),
        (upload.main_handler, {"Records": []}),
        (upload.main_handler, {"Type": "Timer"}),
        (sweep.main_handler, {"retry": ""}),
        (sweep.main_handler, {"Records": [{"cos": {}}]}),
        (callback.main_handler, {}),
        (callback.main_handler, {"Records": [{"cos": {}}]}),
    ],
)
def test_an_event_that_is_none_is_returned_as_invalid(
    function: Callable[..., dict[str, Any]], event: object, capsys: pytest.CaptureFixture[str]
) -> None:
    """Raised, it would be repeated for hours and end the same way; the log says what was expected."""
    [result] = function(event, CONTEXT)["results"]
    assert (result["group"], result["action"]) == ("", "invalid")
    assert "event: " in result["reason"]
    assert json.loads(capsys.readouterr().out)["reason"] == result["reason"]


def test_over_http_a_body_that_cannot_be_read_is_answered_403() -> None:
    """The caller is a stranger or broken; either way it is no fault of the deployment."""
    answer = callback.main_handler({"httpMethod": "POST", "body": "{"}, CONTEXT)
    assert (answer["statusCode"], answer["body"]) == (403, '{"result": "refused"}')
