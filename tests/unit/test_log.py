"""The log: one line of JSON for each decision, short enough for the service, and never a secret."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat import log
from cosconcat.config import Config, Credentials
from cosconcat.model import Bucket, Token
from cosconcat.signing import callback_url

CREDENTIALS = Credentials("AKIDexample0123456789", "secret/key+with=signs", "token-of-the-role==")
CONFIG = Config(
    Bucket("demo-1250000000", "ap-guangzhou"),
    callback_url="https://h.example/",
    callback_secret="callback-secret",
    callback_secret_old="old-callback-secret",
)
SECRETS = [CREDENTIALS.secret_id, CREDENTIALS.secret_key, CREDENTIALS.token, CONFIG.callback_secret,
           CONFIG.callback_secret_old]  # fmt: skip


@pytest.fixture(autouse=True)
def configured() -> Iterator[None]:
    """As `bootstrap` does it; undone afterwards."""
    log.configure(CONFIG.log_level, SECRETS)
    yield
    log.configure("INFO", ())


def lines(capsys: pytest.CaptureFixture[str]) -> list[Any]:
    """What was printed, read back."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_decision_is_one_line_of_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Names as they are, line breaks inside, Chinese readable."""
    log.info("submitted", group="讲座", job="j1\nj2", fragments=3, keys=("a", "b"), none=None)
    text = capsys.readouterr().out
    assert text.count("\n") == 1
    assert "讲座" in text
    assert json.loads(text) == {
        "level": "INFO", "what": "submitted", "group": "讲座", "job": "j1\nj2", "fragments": 3, "keys": ["a", "b"],
        "none": None,
    }  # fmt: skip


@pytest.mark.parametrize("secret", SECRETS)
def test_no_secret_is_ever_printed(capsys: pytest.CaptureFixture[str], secret: str) -> None:
    """Inside a message, a list, a name, an error, or percent-encoded in an address."""
    log.error(
        f"failed with {secret}", reason=ValueError(f"x{secret}y"), keys=[{"a": (secret,)}], url=quote(secret, safe=""),
        **{f"name {secret}": 1},
    )  # fmt: skip
    text = capsys.readouterr().out
    assert secret not in text
    assert quote(secret, safe="") not in text
    assert "***" in text


def test_no_signature_is_ever_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever has a job's callback address could call it."""
    url = callback_url(CONFIG, Token("a" * 32, 1, 1, "b" * 32))
    log.info("posted", url=url, header="q-ak=x&q-signature=0123456789abcdef&more=1")
    text = capsys.readouterr().out
    assert url.rpartition("=")[2] not in text
    assert "0123456789abcdef" not in text
    assert "more=1" in text


def test_short_or_empty_secrets_do_not_blacken_everything(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing set must not hide anything."""
    log.configure("INFO", ("a", ""))
    log.info("a banana")
    assert lines(capsys)[0]["what"] == "a banana"


@pytest.mark.parametrize(("level", "printed"), [("DEBUG", 4), ("INFO", 3), ("WARNING", 2), ("error", 1), ("odd", 3)])
def test_the_level_is_the_least_that_is_printed(capsys: pytest.CaptureFixture[str], level: str, printed: int) -> None:
    """An unknown one counts as INFO."""
    log.configure(level, SECRETS)
    for say in (log.debug, log.info, log.warning, log.error):
        say("x")
    assert len(lines(capsys)) == printed


@pytest.mark.parametrize(
    "fields",
    [
        {"text": "讲" * 100_000},
        {"texts": ["x" * 1000] * 100},
        {f"name{n}": "讲" * 1000 for n in range(50)},
        {f"name{n}" * 100: 1 for n in range(200)},
        {"deep": {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": "x" * 9000}}}}}}}}},
    ],
)
def test_a_line_never_exceeds_what_the_service_keeps(
    capsys: pytest.CaptureFixture[str], fields: dict[str, Any]
) -> None:
    """8 KB; whatever is left out, level and decision stay."""
    log.info("decided", **fields)
    text = capsys.readouterr().out
    assert len(text.encode()) <= 8192
    assert json.loads(text)["what"] == "decided"


@given(fields=st.dictionaries(st.text().filter(lambda name: name != "what"), st.text() | st.binary() | st.floats()))
def test_anything_can_be_logged(fields: dict[str, Any]) -> None:
    """A log that raises would turn a decision into a failure."""
    log.info("decided", **fields, **{"half \ud800": "\ud800"})
