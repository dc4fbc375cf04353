"""Messages from outside, beyond the samples: attacks, limits, and bodies that are mangled anywhere."""

from __future__ import annotations

import base64
import copy
import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cosconcat.errors import InvalidInput, Refused
from cosconcat.events.bodies import MAX_BYTES, MAX_DEPTH, MAX_NODES, read_body
from cosconcat.events.callback import Message, read_messages
from cosconcat.events.cos import Ignored

FILES = (Path(__file__).parents[3] / "events").glob("callback-*.json")
SAMPLES = {path.stem: json.loads(path.read_text()) for path in FILES}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def post(body: object, **event: object) -> dict[str, object]:
    """A function URL event."""
    return {"httpMethod": "POST", "path": "/", "headers": {}, "queryString": {}, "body": body, **event}


def xml(inside: str) -> str:
    """A body with one job that has nothing but an id, and `inside`."""
    return f"<Response><JobsDetail><JobId>j1</JobId>{inside}</JobsDetail></Response>"


BILLION_LAUGHS = (
    '<!DOCTYPE r [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {chr(98 + i)} "{f"&{chr(97 + i)};" * 10}">' for i in range(9))
    + "]>"
)

ATTACKS: dict[str, tuple[object, str]] = {
    "empty": (post(""), "body: empty"),
    "only blanks": (post(" \n"), "body: empty"),
    "neither": (post("JobId=j1"), "neither XML nor JSON"),
    "no text": (post(None), "expected text"),
    "an object as body": (post({"JobsDetail": {"JobId": "j1"}}), "expected text"),
    "GET": (post(xml(""), httpMethod="GET"), "only POST"),
    "too large": (post("<" + "a" * MAX_BYTES), f"at most {MAX_BYTES}"),
    "too large in base64": (post("A" * (2 * MAX_BYTES + 4), isBase64Encoded=True), "characters of base64"),
    "bomb in base64": (
        post(base64.b64encode(b"<" * (MAX_BYTES + 1)).decode(), isBase64Encoded=True), f"at most {MAX_BYTES}",
    ),
    "no base64": (post("<Response/>", isBase64Encoded=True), "not the base64"),
    "something between base64": (
        post(base64.b64encode(xml("").encode()).decode() + "!!", isBase64Encoded=True), "not the base64",
    ),
    "no UTF-8": (post(base64.b64encode(b"<a>\xff</a>").decode(), isBase64Encoded=True), "not the base64"),
    "half a character": (post("<a>\ud800</a>"), "not UTF-8"),
    "half a character escaped": (post('{"JobsDetail": {"JobId": "j1", "State": "\\ud800"}}'), "State: not UTF-8"),
    "document type": (post("<!DOCTYPE r>" + xml("")), "or an entity"),
    "billion laughs": (post(BILLION_LAUGHS + xml("&j;")), "or an entity"),
    "external entity": (
        post('<?xml version="1.0"?><!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + xml("&x;")),
        "or an entity",
    ),
    "entity nobody declared": (post(xml("&x;")), "well-formed"),
    "deep XML": (post("<a>" * 5000 + "</a>" * 5000), "deep"),
    "deep JSON": (post("[" * 10_000), "nested more than"),
    "deep JSON behind strings": (post('["\\\\", "\\"[", ' + "[" * 100), "nested more than"),
    "many elements": (post("<a>" + "<b/>" * (2 * MAX_NODES) + "</a>"), "more than"),
    "many values": (post("[" + "1," * MAX_NODES + "1]"), "more than"),
    "endless number": (post('{"JobsDetail": {"JobId": ' + "9" * 100_000 + "}}"), "JobId"),
    "cut off": (post(xml("")[:-5]), "well-formed"),
    "cut off JSON": (post('{"JobsDetail": {"JobId": "j1"'), "well-formed"),
    "no job": (post("<Response><JobsDetail/><NonExistJobIds>j1</NonExistJobIds></Response>"), "no job"),
    "no id": (post("<Response><JobsDetail><State>Success</State></JobsDetail></Response>"), "JobId"),
    "an id that is a path": (post('{"JobsDetail": {"JobId": "../queue"}}'), "JobId"),
    "an id that is a tree": (post('{"JobsDetail": {"JobId": {"a": "b"}}}'), "JobId: expected text"),
    "endless UserData": (post(xml(f"<Operation><UserData>{'x' * 5000}</UserData></Operation>")), "UserData: 5000"),
    "endless query": (post(xml(""), queryString="&".join("a=1" for _ in range(1000))), "queryString"),
    "endless token": (post(xml(""), queryString={"token": "x" * 5000}), "token: 5000"),
    "an upload": ({"Records": [{"cos": {}}]}, "neither an HTTP request nor"),
    "nothing": ({}, "neither an HTTP request nor"),
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_with_its_reason(name: str) -> None:
    """Forged, broken, oversized or explosive: Refused, and nothing else, before any of it is built."""
    event, reason = ATTACKS[name]
    with pytest.raises(Refused) as refused:
        read_messages(event)
    assert reason in str(refused.value)
    assert len(str(refused.value)) < 400


@pytest.mark.parametrize(
    "name", [name for name, (event, _) in ATTACKS.items() if isinstance(event, dict) and "body" in event]
)
def test_in_a_cmq_record_the_same_is_only_ignored(name: str) -> None:
    """One bad record must not take the others along."""
    event, _ = ATTACKS[name]
    assert isinstance(event, dict)
    good = {"CMQ": {"msgBody": xml("")}}
    found = read_messages({"Records": [{"CMQ": {"msgBody": event["body"]}}, good, {"cos": {}}, None]})
    assert found[-3] == Message("j1", "", "", "", over_http=False)
    assert all(isinstance(each, Ignored) for each in (*found[-2:], *found[:-3]) if each != found[-3])


@pytest.mark.parametrize(
    ("query", "token", "signature"),
    [
        ({"token": "t", "signature": "s"}, "t", "s"),
        ({"token": ["a", "t"], "signature": ["s"]}, "t", "s"),
        ("token=t&signature=s", "t", "s"),
        ("token=a%2Fb", "a/b", ""),
        ({"signature": 5}, "", ""),
        ([], "", ""),
        (None, "", ""),
    ],
)
def test_the_query_is_read_in_each_form(query: object, token: str, signature: str) -> None:
    """A mapping, a mapping to lists, or the text itself."""
    [found] = read_messages(post(xml(""), queryString=query))
    assert isinstance(found, Message)
    assert (found.user_data, found.signature) == (token, signature)


def test_the_bodys_token_comes_before_the_addresss() -> None:
    """A signature for one job must not carry another: what is judged is the body's own token."""
    [found] = read_messages(
        post(xml("<Operation><UserData>mine</UserData></Operation>"), queryString={"token": "other"}),
    )
    assert isinstance(found, Message)
    assert found.user_data == "mine"


def test_a_declared_encoding_is_not_followed() -> None:
    """The body is text already; a declaration that says otherwise would only mangle it."""
    body = '<?xml version="1.0" encoding="gbk"?>' + xml("<State>成功</State>")
    [found] = read_messages(post(body))
    assert isinstance(found, Message)
    assert found.state == "成功"


def test_limits_are_wide_enough_for_the_largest_honest_message() -> None:
    """A hundred fragments with audio and video streams, JSON and XML."""
    fragments = [{"Url": "http://demo-1250000000.cos.ap-guangzhou.myqcloud.com/" + "长" * 200, "FragmentIndex": str(i)}
                 for i in range(100)]  # fmt: skip
    stream = {f"Name{i}": str(i) for i in range(30)}
    job = {"JobId": "j1", "Operation": {"ConcatTemplate": {"ConcatFragment": fragments},
           "MediaInfo": {"Stream": {"Video": [stream] * 20, "Audio": [stream] * 20}}}}  # fmt: skip
    read_messages(post(json.dumps({"JobsDetail": job})))
    inside = "".join(f"<F><Url>{f['Url']}</Url><I>1</I></F>" for f in fragments)
    inside += "".join(f"<{n}>{v}</{n}>" for n, v in stream.items()) * 40
    read_messages(post(xml(inside)))


def test_depth_is_allowed_up_to_its_limit_and_no_further() -> None:
    """Brackets inside strings do not count."""
    inside = '"' + "[" * 100 + '"'
    read_body("[" * MAX_DEPTH + inside + "]" * MAX_DEPTH, "body")
    with pytest.raises(InvalidInput, match="deep"):
        read_body("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), "body")


def test_a_message_names_each_job_once_and_no_more_than_ten() -> None:
    """Each of them makes us read from COS and CI, and whoever has stolen an address can write any body."""
    jobs = [{"JobId": f"j{number % 3}"} for number in range(3000)]
    found = read_messages(post(json.dumps({"JobsDetail": jobs})))
    assert [message.job_id for message in found if isinstance(message, Message)] == ["j0", "j1", "j2"]
    with pytest.raises(Refused, match="more than 10 jobs"):
        read_messages(post(json.dumps({"JobsDetail": [{"JobId": f"j{number}"} for number in range(11)]})))


def test_commas_before_closing_brackets_are_read_over() -> None:
    """The API's own pages print bodies with them; a comma in a text stays."""
    body = '{"EventName": "TaskFinish", "JobsDetail": {"JobId": "j1", "Operation": {"UserData": "a,}\\",]",},},}'
    [found] = read_messages(post(body))
    assert isinstance(found, Message)
    assert (found.job_id, found.user_data) == ("j1", 'a,}",]')


@pytest.mark.parametrize("filling", ['"\\"' * 2, '\\"', '"', ",", ", ", '",'])
def test_no_broken_json_takes_longer_than_its_length(filling: str) -> None:
    """A text is not read again from each of its quotes: half a million characters are told to be broken at once."""
    began = time.process_time()
    with pytest.raises(InvalidInput):
        read_body("{" + filling * (15_000 if "," in filling else 500_000 // len(filling)), "body")
    assert time.process_time() - began < 2


@pytest.mark.parametrize("wrapped", [True, False])
def test_the_end_of_a_workflow_is_nothing_to_us(wrapped: bool) -> None:
    """A queue may send it to the same address; the sender is not told that it did wrong."""
    said = {"EventName": "WorkflowFinish", "WorkflowExecution": {"RunId": "i1", "State": "Success"}}
    body = json.dumps({"Response": said} if wrapped else said)
    for event in (post(body), {"Records": [{"CMQ": {"msgBody": body}}]}):
        [found] = read_messages(event)
        assert isinstance(found, Ignored)
        assert "WorkflowFinish" in found.reason


@given(text=st.text() | st.text(alphabet='<>&;![]{}",:\\/abJobIdsDetail0 \x00\ufeff'))
def test_no_text_raises_anything_but_invalid_input(text: str) -> None:
    """As a body and as a message of a topic."""
    with suppress(Refused):
        read_messages(post(text))
    read_messages({"Records": [{"CMQ": {"msgBody": text}}]})


@given(anything=json_values)
def test_no_event_raises_anything_but_invalid_input(anything: object) -> None:
    """Whatever JSON arrives, as an event, as a body, as a record or as the description of a job."""
    body = json.dumps({"JobsDetail": anything})
    for event in (anything, post(anything), post(body), {"Records": [{"CMQ": anything}]}):
        with suppress(Refused):
            read_messages(event)


@given(data=st.data())
def test_mangled_samples_raise_nothing_but_invalid_input(data: st.DataObject) -> None:
    """Any node of any sample, inside its body too, replaced by anything; what is read can be stored and sent."""
    mangled: Any = copy.deepcopy(data.draw(st.sampled_from(list(SAMPLES.values()))))
    body = mangled.get("body", "")
    inner = json.loads(body) if body.startswith("{") and data.draw(st.booleans()) else None
    node = mangled if inner is None else inner
    while isinstance(node, (dict, list)) and node:
        place = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if data.draw(st.integers(0, 3)) == 0 or not isinstance(node[place], (dict, list)):
            node[place] = data.draw(json_values)
            break
        node = node[place]
    if inner is not None:
        mangled["body"] = json.dumps(inner)
    with suppress(Refused):
        for found in read_messages(mangled):
            if isinstance(found, Message):
                assert found.job_id.isascii()
                json.dumps(vars(found), ensure_ascii=False).encode()


@given(data=st.data())
def test_mangled_text_raises_nothing_but_invalid_input(data: st.DataObject) -> None:
    """Any sample's body with a piece cut out and another put in."""
    mangled = copy.deepcopy(data.draw(st.sampled_from([event for event in SAMPLES.values() if "body" in event])))
    body = mangled["body"]
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(body))] * 2)))
    mangled["body"] = body[:start] + data.draw(st.text(max_size=20)) + body[end:]
    with suppress(Refused):
        read_messages(mangled)
