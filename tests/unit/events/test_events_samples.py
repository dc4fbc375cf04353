"""Every sample in `events/` is read by the parser that would meet it, with the result that its name promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cosconcat.config import Config
from cosconcat.errors import Refused
from cosconcat.events.callback import Message, read_messages
from cosconcat.events.cos import Ignored, Upload, read_uploads
from cosconcat.events.http import is_http
from cosconcat.events.timer import Doctor, Report, Retry, RetryMany, Status, Timer, read_timer_or_command
from cosconcat.functions.callback import authentic
from cosconcat.model import Bucket, Token

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

EVENTS = Path(__file__).parents[3] / "events"
SAMPLES = {path.stem: path for path in EVENTS.glob("*.json")}

CONFIG = Config(
    Bucket("demo-1250000000", "ap-guangzhou"),
    callback_url="https://example.com",
    callback_secret="demo-callback-secret",
)
TOKEN = Token("6bc636ff0103a2888fb38ca3c2bf3b13", 1, 1, "0123456789abcdef0123456789abcdef")
SAMPLED = 1_767_600_000  # eventTime of every sample
JOB = "j0a1b2c3d4e5f60718293a4b5c6d7e8f9"


def sample(name: str) -> Any:
    """The event as SCF passes it."""
    return json.loads(SAMPLES[name].read_text())


def upload(key: str = "fragments/lecture.part1-of-3.mp4", event: str = "Put", **differs: str) -> Upload:
    """What most samples tell of, less what differs."""
    return Upload(**{
        "bucket": "demo-1250000000", "region": "ap-guangzhou", "key": key, "event_name": f"cos:ObjectCreated:{event}",
        **differs,
    }, time=SAMPLED)  # fmt: skip


UPLOADS: dict[str, list[Upload | str]] = {
    "cos-created-documented": [upload(event="*")],
    "cos-created-put": [upload()],
    "cos-created-post": [upload(event="Post")],
    "cos-created-copy": [upload(event="Copy")],
    "cos-created-append": [upload(event="Append")],
    "cos-created-complete-multipart-upload": [upload(event="CompleteMultipartUpload")],
    "cos-created-origin": [upload(event="Origin")],
    "cos-created-replication": [upload(event="Replication")],
    "cos-created-several-records": [
        upload(),
        upload("fragments/lecture.part3-of-3.mp4", "CompleteMultipartUpload"),
        "Records[2]: cos:ObjectRemove:Delete is no creation",
    ],
    "cos-created-key-chinese": [upload("fragments/讲座/第一课.part1-of-3.mp4")],
    "cos-created-key-blank": [upload("fragments/my talk.part1-of-3.mp4")],
    "cos-created-key-plus": [upload("fragments/c++ basics.part1-of-3.mp4")],
    "cos-created-key-percent": [upload("fragments/100%25.part1-of-3.mp4")],
    "cos-created-key-encoded": [upload("fragments/my talk.part1-of-3.mp4")],
    "cos-created-url-plus-for-blank": [upload("fragments/my talk.part1-of-3.mp4")],
    "cos-created-without-url": [upload()],
    "cos-created-versioned": [upload()],
    "cos-created-marker": [upload("fragments/camera-7/_DONE")],
    "cos-created-outside-prefix": [upload("holiday/beach.part1-of-3.mp4")],
    "cos-created-foreign-bucket": [upload(bucket="other-1250000001")],
    "cos-created-console-test": [upload("testfile", "*", bucket="testpic-1253970026", region="ap-chengdu")],
    "cos-removed-delete": ["Records[0]: cos:ObjectRemove:Delete is no creation"],
    "cos-removed-delete-marker": ["Records[0]: cos:ObjectRemove:DeleteMarkerCreated is no creation"],
    "cos-restored": ["Records[0]: cos:ObjectRestore:Completed is no creation"],
    "cos-inventory": ["Records[0]: cos:InventoryReportCreated:Put is no creation"],
}

COMMANDS = {
    "timer": Timer(),
    "sweep-retry": Retry("lecture"),
    "sweep-retry-many": RetryMany("gave-up", 1793491200, 100),
    "sweep-status": Status("lecture"),
    "sweep-report": Report(),
    "sweep-doctor": Doctor(),
}


def message(**differs: Any) -> Message:
    """What most samples say, less what differs; `signature` only says whether it must fit."""
    return Message(**{
        "job_id": JOB, "user_data": str(TOKEN), "state": "Success",
        "signature": "signed", "over_http": True, **differs,
    })  # fmt: skip


MESSAGES: dict[str, list[Message | str]] = {
    "callback-url-xml": [message()],
    "callback-url-json": [message()],
    "callback-url-xml-observed": [message()],
    "callback-url-json-observed": [message()],
    "callback-url-json-called-text": [message()],
    "callback-url-header-case": [message()],
    "callback-url-base64": [message()],
    "callback-url-failed": [message(state="Failed")],
    "callback-url-job-list": [message()],
    "callback-url-several-jobs": [message(), message(job_id="j1" + JOB[2:])],
    "callback-url-no-event-name": [message()],
    "callback-url-no-user-data": [message()],
    "callback-url-wildcard-output": [message()],
    "callback-url-object-prefix": [message()],
    "callback-url-several-objects": [message()],
    "callback-url-workflow": [message()],
    "callback-url-other-job": [message(job_id="j2" + JOB[2:], user_data="somebody else's", signature="forged")],
    "callback-url-forged": [message(signature="forged")],
    "callback-url-unsigned": [message(signature="forged")],
    "callback-apigw": [message()],
    "callback-cmq-xml": [message(over_http=False)],
    "callback-cmq-json": [message(over_http=False)],
    "callback-cmq-several-records": [
        message(over_http=False),
        "Records[1].CMQ.msgBody: neither XML nor JSON",
        message(over_http=False, state="Failed"),
    ],
    "callback-cmq-push": [message(topic="concat-done")],
}


@pytest.mark.parametrize("name", UPLOADS)
def test_a_cos_event_names_its_uploads(name: str) -> None:
    """Documented and observed shape, every event name, awkward keys."""
    found = read_uploads(sample(name))
    for is_, expected in zip(found, UPLOADS[name], strict=True):
        if isinstance(expected, str):
            assert isinstance(is_, Ignored)
            assert is_.reason.startswith(expected)
        else:
            assert is_ == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_the_sweep_understands_timer_and_commands(name: str) -> None:
    """The timer's event and the three commands given by hand."""
    assert read_timer_or_command(sample(name)) == COMMANDS[name]


@pytest.mark.parametrize("name", MESSAGES)
def test_every_form_of_a_message_says_the_same(name: str) -> None:
    """Whichever way it comes, one job and one token are read from it, and the signature judges it."""
    event = sample(name)
    found = read_messages(event)
    assert is_http(event) is name.startswith(("callback-url", "callback-apigw", "callback-cmq-push"))
    for is_, expected in zip(found, MESSAGES[name], strict=True):
        if isinstance(expected, str):
            assert isinstance(is_, Ignored)
            assert is_.reason.startswith(expected)
            continue
        assert isinstance(is_, Message)
        assert authentic(CONFIG, is_) is (expected.signature == "signed")
        assert Message(**{**vars(is_), "signature": ""}) == Message(**{**vars(expected), "signature": ""})


def test_every_sample_is_in_one_table_and_in_the_readme() -> None:
    """A sample that nobody reads or finds is of no use."""
    assert set(SAMPLES) == UPLOADS.keys() | COMMANDS.keys() | MESSAGES.keys()
    listed = EVENTS.joinpath("README.md").read_text()
    assert [name for name in SAMPLES if f"`{name}.json`" not in listed] == []


@pytest.mark.parametrize("name", SAMPLES)
def test_no_parser_takes_what_is_not_its_own(name: str) -> None:
    """An event that reaches the wrong function is refused as a whole, not misread."""
    readers: list[tuple[Callable[[object], object], Collection[str]]]
    readers = [(read_uploads, UPLOADS), (read_timer_or_command, COMMANDS), (read_messages, MESSAGES)]
    for reader, own in readers:
        if name not in own:
            with pytest.raises(Refused):
                reader(sample(name))
