"""COS events, the timer and commands, beyond the samples: what is odd, mangled or not an event at all."""

from __future__ import annotations

import copy
import json
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.errors import Refused
from cosconcat.events.cos import Ignored, Upload, read_uploads
from cosconcat.events.http import is_http
from cosconcat.events.timer import read_timer_or_command

SAMPLES = [json.loads(path.read_text()) for path in (Path(__file__).parents[3] / "events").glob("*.json")]

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
keys = st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(lambda key: key.strip("/"))


def event(said: str, url_path: str, **bucket: object) -> dict[str, Any]:
    """A COS event in its shortest form."""
    return {"Records": [{
        "cos": {
            "cosBucket": {"name": "demo", "appid": "1250000000", "region": "gz", **bucket},
            "cosObject": {"key": said, "url": f"http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/{url_path}"},
        },
        "event": {"eventName": "cos:ObjectCreated:Put"},
    }]}  # fmt: skip


def key_of(said: str, url_path: str) -> str:
    """The key read from an event that says it in two ways."""
    [found] = read_uploads(event(f"/1250000000/demo/{said}", url_path))
    assert isinstance(found, Upload)
    return found.key


@given(key=keys)
def test_any_key_comes_through_raw_as_it_was_observed(key: str) -> None:
    """The observed form: the key raw, the url percent-encoded."""
    assert key_of(key, quote(key)) == key


@given(key=keys)
def test_any_key_comes_through_if_it_were_encoded_as_well(key: str) -> None:
    """Should COS encode the key too, the url tells."""
    assert key_of(quote(key), quote(key)) == key


@pytest.mark.parametrize(
    ("said", "url_path", "key"),
    [
        ("a+b.mp4", "a+b.mp4", "a+b.mp4"),  # a plus is a plus in a path
        ("a b.mp4", "a+b.mp4", "a b.mp4"),  # a url that writes blanks as plus
        ("a+b.mp4", "a%20b.mp4", "a b.mp4"),  # a key that does
        ("a?b.mp4", "a?b.mp4", "a?b.mp4"),  # a url nobody encoded
        ("中.mp4", "中.mp4", "中.mp4"),
        ("a%20b.mp4", "a%2520b.mp4", "a%20b.mp4"),  # the name itself holds %20
        ("a.mp4", "b.mp4", "a.mp4"),  # at odds for no known reason
        ("a.mp4", "%FF.mp4", "a.mp4"),  # the url is no UTF-8
        ("/a.mp4", "/a.mp4", "/a.mp4"),  # the name starts with a slash
        ("讲座.mp4".encode().decode("latin-1"), quote("讲座.mp4"), "讲座.mp4"),  # UTF-8 that was read as Latin-1
    ],
)
def test_when_key_and_url_differ_the_right_one_is_taken(said: str, url_path: str, key: str) -> None:
    """The url where both agree once decoded, otherwise the key."""
    assert key_of(said, url_path) == key


@pytest.mark.parametrize(
    ("bucket", "expected"),
    [
        ({"appid": 1250000000}, ("demo-1250000000", "ap-guangzhou")),
        ({"name": "demo-1250000000"}, ("demo-1250000000", "ap-guangzhou")),
        ({"appid": None}, ("demo-1250000000", "ap-guangzhou")),  # then the url's host says it
        ({"cosRegion": "ap-shanghai"}, ("demo-1250000000", "ap-shanghai")),
        ({"s3Region": "ap-shanghai"}, ("demo-1250000000", "ap-shanghai")),
    ],
)
def test_bucket_and_region_are_the_long_names(bucket: dict[str, object], expected: tuple[str, str]) -> None:
    """From the bucket's fields, or the url's host where they are missing."""
    [found] = read_uploads(event("/1250000000/demo/a.mp4", "a.mp4", **bucket))
    assert isinstance(found, Upload)
    assert (found.bucket, found.region) == expected


def test_a_key_of_unknown_form_is_ignored_unless_the_url_names_it() -> None:
    """Without the two leading segments nothing says where the name begins."""
    [named] = read_uploads(event("/elsewhere/a.mp4", "a.mp4"))
    assert named == Upload("demo-1250000000", "ap-guangzhou", "a.mp4", "cos:ObjectCreated:Put")
    nameless = event("/elsewhere/a.mp4", "")
    assert isinstance(read_uploads(nameless)[0], Ignored)


def record(**changed: Any) -> dict[str, Any]:
    """The one record of an ordinary event."""
    [found] = event("/1250000000/demo/fragments/a.mp4", "fragments/a.mp4")["Records"]
    return {**found, **changed}


A = Upload("demo-1250000000", "ap-guangzhou", "fragments/a.mp4", "cos:ObjectCreated:Put")


@pytest.mark.parametrize(
    "said",
    [
        {"Records": [record(event={"eventName": "cos: ObjectCreated:Put"})]},  # as documents print it
        {"records": [record()]},
        {"Records": [{"CMQ": {"msgBody": json.dumps({"Records": [record()]})}}]},
        {"Records": [{"CMQ": {"msgBody": json.dumps(record())}}]},
        {"specversion": "1.0", "type": "cos:created:object", "data": record()},
    ],
)
def test_an_event_in_another_wrapping_is_read(said: dict[str, Any]) -> None:
    """A blank in its name, another case, carried by a topic or by EventBridge."""
    assert read_uploads(said) == (A,)


def test_the_data_of_a_cloud_event_may_be_the_cos_part_alone() -> None:
    """Then no event name is told, and the type says what happened."""
    said = {"specversion": "1.0", "type": "cos:created:object", "data": record()["cos"]}
    assert read_uploads(said) == (A._replace(event_name=""),)
    [removed] = read_uploads({**said, "type": "cos:deleted:object"})
    assert isinstance(removed, Ignored)
    with pytest.raises(Refused, match="COS trigger"):
        read_uploads({**said, "data": {"name": "testname"}})


def test_a_message_that_cannot_be_read_does_not_take_the_others_along() -> None:
    """Several messages of a topic may be merged."""
    broken, whole = ({"CMQ": {"msgBody": body}} for body in ("{", json.dumps({"Records": [record()]})))
    unreadable, read = read_uploads({"Records": [broken, whole]})
    assert isinstance(unreadable, Ignored)
    assert read == A


def test_a_sentence_in_place_of_a_url_is_no_key() -> None:
    """An old sample has one."""
    said = event("/elsewhere/a.mp4", "")
    said["Records"][0]["cos"]["cosObject"]["url"] = "Origin server URL of the object"
    assert isinstance(read_uploads(said)[0], Ignored)


@pytest.mark.parametrize("key", ["a" * 851, "中" * 284, "\ud800"])
def test_a_key_that_cos_cannot_hold_is_ignored(key: str) -> None:
    """Longer than 850 bytes, or half a character."""
    [found] = read_uploads(event(f"/1250000000/demo/{key}", ""))
    assert isinstance(found, Ignored)


@pytest.mark.parametrize(
    "command",
    [{"retry": ""}, {"retry": 7}, {"retry": "\ud800"}, {"retry": "x" * 851}, {"report": False}, {"report": "true"},
     {"doctor": 1}, {"report": True, "doctor": True}, {}, [], None, {"Type": "timer"}, {"key1": "test value 1"}],
)  # fmt: skip
def test_anything_but_one_exact_command_is_refused(command: object) -> None:
    """A command that is nearly right must not be taken for another."""
    with pytest.raises(Refused, match="retry"):
        read_timer_or_command(command)


@given(anything=json_values)
def test_no_event_raises_anything_but_invalid_input(anything: object) -> None:
    """Whatever JSON arrives."""
    is_http(anything)
    for reader in (read_uploads, read_timer_or_command):
        with suppress(Refused):
            reader(anything)


@given(data=st.data())
def test_mangled_samples_raise_nothing_but_invalid_input(data: st.DataObject) -> None:
    """Any node of any sample replaced by anything."""
    mangled = copy.deepcopy(data.draw(st.sampled_from(SAMPLES)))
    node = mangled
    while isinstance(node, (dict, list)) and node:
        place = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if data.draw(st.booleans()) or not isinstance(node[place], (dict, list)):
            node[place] = data.draw(json_values)
            break
        node = node[place]
    with suppress(Refused):
        for found in read_uploads(mangled):
            assert isinstance(found, Ignored) or found.key.encode()
