"""Who may speak: signatures on callback addresses, and what forged, replayed and borrowed ones get."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit

import pytest

from cosconcat.config import Config
from cosconcat.errors import Refused
from cosconcat.events.callback import Message, read_messages
from cosconcat.functions.callback import TOPIC_CHARACTERS, authentic, handle_request
from cosconcat.model import Bucket, Token
from cosconcat.signing import callback_url, sign_body, signed_by_us, topic_url

if TYPE_CHECKING:
    from cosconcat.services import Services

CONFIG = Config(
    Bucket("demo-1250000000", "ap-guangzhou"),
    callback_url="https://1250000000-abc.ap-guangzhou.tencentscf.com/",
    callback_secret="the-secret-of-today",
)
OURS = Token("a" * 32, 1, 1, "b" * 32)
OTHER_GROUP = OURS._replace(gid="c" * 32)
OLD_ATTEMPT = OURS._replace(n=2)


def query(url: str) -> dict[str, str]:
    """The parameters of an address."""
    return {name: value[0] for name, value in parse_qs(urlsplit(url).query).items()}


def arrived(url: str, user_data: str) -> Message:
    """The message that somebody sends to `url` about the job with this UserData."""
    body = f"<R><JobsDetail><JobId>j1</JobId><Operation><UserData>{user_data}</UserData></Operation></JobsDetail></R>"
    [found] = read_messages({"httpMethod": "POST", "body": body, "queryString": query(url)})
    assert isinstance(found, Message)
    return found


def test_a_callback_to_the_address_of_its_own_job_is_heard() -> None:
    """The address carries token and signature, whatever query it had."""
    url = callback_url(CONFIG, OURS)
    assert authentic(CONFIG, arrived(url, str(OURS)))
    assert query(url)["token"] == str(OURS)
    with_query = callback_url(replace(CONFIG, callback_url="https://h.example/cb?stage=a%26b&x=1"), OURS)
    assert with_query.startswith("https://h.example/cb?stage=a%26b&x=1&token=cosconcat/")


@pytest.mark.parametrize("token", [OTHER_GROUP, OLD_ATTEMPT, OURS._replace(rev=2), OURS._replace(nonce="d" * 32)])
def test_an_address_speaks_for_no_other_job(token: Token) -> None:
    """Replayed with another group's, attempt's, content's or claim's token."""
    assert not authentic(CONFIG, arrived(callback_url(CONFIG, OURS), str(token)))


@pytest.mark.parametrize("signature", ["", "0" * 64, "中" * 64, "\ud800", "b" * 10_000])
def test_a_made_up_signature_is_refused(signature: str) -> None:
    """Of any length and in any alphabet."""
    assert not signed_by_us(CONFIG, OURS, signature)


@pytest.mark.parametrize(
    ("asked", "body"),
    [
        (query(callback_url(CONFIG, OURS)) | {"signature": "0" * 64}, "<!DOCTYPE anything that is not even parsed"),
        ({"token": str(OURS)}, "{"),
        ({}, "[" * (TOPIC_CHARACTERS + 1)),
    ],
)
def test_an_address_that_is_not_ours_is_refused_before_its_body_is_read(
    asked: dict[str, str], body: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parsing costs, and a body may be made to cost a lot."""
    monkeypatch.setattr("cosconcat.functions.callback.read_messages", lambda _: pytest.fail("the body was read"))
    services = cast("Services", SimpleNamespace(config=CONFIG))
    with pytest.raises(Refused):
        handle_request(services, {"httpMethod": "POST", "body": body, "queryString": asked})


def test_another_secret_does_not_sign_for_ours() -> None:
    """A deployment with its own secret is a stranger."""
    theirs = callback_url(replace(CONFIG, callback_secret="another-secret"), OURS)
    assert not authentic(CONFIG, arrived(theirs, str(OURS)))


def test_the_old_secret_stays_valid_during_rotation_only() -> None:
    """Jobs in flight were given addresses under the old one."""
    before = callback_url(CONFIG, OURS)
    rotating = replace(CONFIG, callback_secret="new-secret", callback_secret_old=CONFIG.callback_secret)
    assert authentic(rotating, arrived(before, str(OURS)))
    assert authentic(rotating, arrived(callback_url(rotating, OURS), str(OURS)))
    assert not authentic(replace(rotating, callback_secret_old=""), arrived(before, str(OURS)))


def test_without_a_secret_nothing_is_signed_and_nothing_believed() -> None:
    """An HMAC with an empty key is one that anybody can make."""
    bare = replace(CONFIG, callback_secret="")
    with pytest.raises(ValueError, match="CONCAT_CALLBACK_SECRET"):
        callback_url(bare, OURS)
    assert not signed_by_us(bare, OURS, "")


def test_signatures_of_one_kind_are_none_of_another() -> None:
    """A topic's address does not speak for a job, nor a notification's signature for either."""
    topic = query(topic_url(CONFIG, CONFIG.callback_url, str(OURS)))["signature"]
    assert not signed_by_us(CONFIG, OURS, topic)
    assert not signed_by_us(CONFIG, OURS, sign_body(CONFIG.callback_secret, 1, str(OURS).encode()))


def test_a_topics_push_is_heard_at_its_own_address_only() -> None:
    """The subscription's address is signed for the topic's name."""
    body = '{"topicName": "concat-done", "msgBody": "<R><JobsDetail><JobId>j1</JobId></JobsDetail></R>"}'

    def pushed(url: str) -> bool:
        [found] = read_messages({"httpMethod": "POST", "body": body, "queryString": query(url)})
        assert isinstance(found, Message)
        return authentic(CONFIG, found)

    assert pushed(topic_url(CONFIG, "https://h.example/", "concat-done"))
    assert not pushed(topic_url(CONFIG, "https://h.example/", "another-topic"))
    assert not pushed(callback_url(CONFIG, OURS))
    assert not pushed("https://h.example/")


def test_a_message_of_the_cmq_trigger_needs_no_signature() -> None:
    """Only the platform can invoke the function with such an event."""
    body = "<R><JobsDetail><JobId>j1</JobId></JobsDetail></R>"
    [found] = read_messages({"Records": [{"CMQ": {"msgBody": body}}]})
    assert isinstance(found, Message)
    assert authentic(CONFIG, found)
