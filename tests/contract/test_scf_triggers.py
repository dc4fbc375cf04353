"""What starts a function: object events, function URLs, topics; in every shape that is documented or was seen."""

from __future__ import annotations

import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from local.cmq import Cmq
from local.network.http import ConnectionCut, Request, Response
from local.scf.cos_trigger import CosTrigger, Filter
from local.scf.function import Result, error
from local.scf.function_url import FunctionUrls, function_host, is_function_host
from local.scf.instances import StoppedError
from local.scf.kills import Kills
from local.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Mapping

    from local.scf.events import Json

BUCKET = "demo-1250000000"


@dataclass(frozen=True)
class Created:
    """An object event as the store raises it."""

    key: str
    bucket: str = BUCKET
    region: str = "ap-guangzhou"
    size: int = 5
    etag: str = "0d7316832fef232e5dcdcf81f39bfdba"
    event_name: str = "cos:ObjectCreated:Put"
    time: float = 1650016156.0
    version_id: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def fired(*events: Created, shape: str = "observed", bound: Filter | None = None, **switches: object) -> list[Json]:
    """What a trigger sends for these events."""
    sent: list[Json] = []
    settings = Switches(random=random.Random(1), **switches)  # type: ignore[arg-type]  # each test names its own
    chosen = bound or Filter(BUCKET, "fragments/")
    trigger = CosTrigger("upload", chosen, lambda event, _delay: sent.append(event), settings, shape=shape)  # type: ignore[arg-type]  # a Literal
    for event in events:
        trigger(event)  # type: ignore[arg-type]  # the store's event has more members
    assert trigger.wait_idle(5)
    return sent


def cos_part(event: Json, record: int = 0) -> dict[str, dict[str, object]]:
    """The `cos` member of a record."""
    return event["Records"][record]["cos"]  # type: ignore[index,no-any-return]  # JSON


class TestCosTrigger:
    """Events of objects under the prefix."""

    @pytest.mark.parametrize(
        ("event", "fires"),
        [
            (Created("fragments/a.part1-of-2.mp4"), True),
            (Created("fragments/b", event_name="cos:ObjectCreated:CompleteMultipartUpload"), True),
            (Created("fragments/b", event_name="cos:ObjectCreated:Copy"), True),
            (Created("output/a.mp4"), False),
            (Created("fragments/a", event_name="cos:ObjectRemove:Delete"), False),
            (Created("fragments/a", bucket="other-1250000000"), False),
        ],
    )
    def test_it_fires_for_creations_in_its_bucket_under_its_prefix(self, event: Created, fires: bool) -> None:
        """The event family, bucket and prefix of the binding decide."""
        assert bool(fired(event)) is fires

    def test_a_suffix_filters_too(self) -> None:
        """At most one suffix each trigger."""
        bound = Filter(BUCKET, "fragments/", ".mp4")
        assert len(fired(Created("fragments/a.mp4"), Created("fragments/a.txt"), bound=bound)) == 1

    def test_the_observed_shape_has_the_concrete_name_the_etag_and_the_full_region(self) -> None:
        """As in the logs of real functions."""
        (event,) = fired(Created("fragments/課程 +%.mp4"), shape="observed")
        cos = cos_part(event)
        assert cos["cosBucket"] == {
            "region": "gz",
            "name": "demo",
            "appid": "1250000000",
            "cosRegion": "ap-guangzhou",
            "s3Region": "ap-guangzhou",
        }
        assert cos["cosObject"]["key"] == "/1250000000/demo/fragments/課程 +%.mp4"
        assert unquote(str(cos["cosObject"]["url"])).endswith(".myqcloud.com/fragments/課程 +%.mp4")
        assert "%2B%25" in str(cos["cosObject"]["url"])
        assert cos["cosObject"]["meta"]["ETag"] == '"0d7316832fef232e5dcdcf81f39bfdba"'  # type: ignore[index]  # JSON
        assert "cos:ObjectCreated:Put" in json.dumps(event)

    def test_the_documented_shape_names_the_family_and_the_short_region_only(self) -> None:
        """As in the documents' sample."""
        (event,) = fired(Created("fragments/a.mp4"), shape="documented")
        assert cos_part(event)["cosBucket"] == {"region": "gz", "name": "demo", "appid": "1250000000"}
        assert "ETag" not in json.dumps(event)
        assert "cos:ObjectCreated:*" in json.dumps(event)

    def test_a_version_and_the_uploaders_headers_are_named(self) -> None:
        """`vid` is empty where the bucket never had versioning."""
        (event,) = fired(Created("fragments/a.mp4", version_id="MTg0", headers={"x-cos-meta-mykey": "myvalue"}))
        item = cos_part(event)["cosObject"]
        assert item["vid"] == "MTg0"
        assert item["meta"]["x-cos-meta-mykey"] == "myvalue"  # type: ignore[index]  # JSON

    def test_both_shapes_occur_when_both_are_asked_for(self) -> None:
        """Each record takes one of them by chance."""
        events = fired(*(Created(f"fragments/{n}") for n in range(20)), shape="both")
        assert {"cosRegion" in cos_part(event)["cosBucket"] for event in events} == {True, False}

    def test_events_are_copied_duplicated_and_lost_as_the_switches_say(self) -> None:
        """The probability of one makes it certain."""
        assert len(fired(Created("fragments/a"), event_copies=3)) == 3
        assert len(fired(Created("fragments/a"), duplicate_events=1.0)) == 2
        assert fired(Created("fragments/a"), lose_events=1.0) == []

    def test_merged_events_hold_every_record_once(self) -> None:
        """Several records in one list."""
        events = fired(*(Created(f"fragments/{n}") for n in range(25)), merge_events=True)
        assert [len(event["Records"]) for event in events] == [20, 5]  # type: ignore[arg-type]  # JSON
        keys = {str(record["cos"]["cosObject"]["key"]) for event in events for record in event["Records"]}  # type: ignore[attr-defined]  # JSON
        assert len(keys) == 25

    def test_delays_and_shuffling_are_handed_on_as_seconds(self) -> None:
        """`event_delay` for all, a different chance for each when shuffled."""
        delays: list[float] = []
        switches = Switches(event_delay=5, shuffle_events=True, random=random.Random(1))
        trigger = CosTrigger("upload", Filter(BUCKET), lambda _event, delay: delays.append(delay), switches)
        for number in range(5):
            trigger(Created(str(number)))  # type: ignore[arg-type]  # the store's event has more members
        assert all(5 <= delay <= 6 for delay in delays)
        assert delays != sorted(delays)


class TestFunctionUrl:
    """HTTP in, event; value out, HTTP."""

    HOST = function_host("1250000000", "ap-guangzhou", "callback")

    def ask(
        self, value: object = None, *, status: int = 200, shape: str = "documented", **request: object
    ) -> tuple[Json, Response]:
        """The event that a request becomes and the answer that a value becomes."""
        seen: list[Json] = []

        def invoke(_name: str, event: Json) -> Result:
            seen.append(event)
            return Result("id", status, value, "", 0.0)

        urls = FunctionUrls(invoke, shape=shape)  # type: ignore[arg-type]  # a Literal
        urls.open(self.HOST, "callback")
        settings: dict[str, object] = {"method": "POST", "host": self.HOST, "path": "/", **request}
        response = urls(Request(**settings))  # type: ignore[arg-type]  # each test names its own
        return (seen[0] if seen else {}), response

    def test_whoever_asks_while_the_cloud_ends_gets_no_answer(self) -> None:
        """And nobody reads of a service that failed."""

        def invoke(_name: str, _event: Json) -> Result:
            raise StoppedError("the local cloud has been stopped")

        urls = FunctionUrls(invoke, shape="documented")
        urls.open(self.HOST, "callback")
        with pytest.raises(ConnectionCut):
            urls(Request(method="POST", host=self.HOST, path="/"))

    def test_the_host_has_the_real_form(self) -> None:
        """`<appid>-<id>.<region>.tencentscf.com`."""
        assert self.HOST.startswith("1250000000-")
        assert self.HOST.endswith(".ap-guangzhou.tencentscf.com")
        assert is_function_host(self.HOST)
        assert not is_function_host("demo-1250000000.cos.ap-guangzhou.myqcloud.com")

    def test_the_event_has_the_documented_members(self) -> None:
        """body, headers in lower case, httpMethod, path, queryString; no requestContext, no isBase64Encoded."""
        event, _ = self.ask(
            path="/a%20b", query=(("t", "1 2"), ("empty", "")), headers={"Content-Type": "text/xml"}, body="片".encode()
        )
        headers = event.pop("headers")
        assert event == {"body": "片", "httpMethod": "POST", "path": "/a%20b", "queryString": {"t": "1 2", "empty": ""}}
        assert isinstance(headers, dict)
        assert headers["content-type"] == "text/xml"
        assert "x-scf-remote-addr" in headers

    def test_the_observed_shape_has_a_request_context(self) -> None:
        """As one real function reported."""
        assert "requestContext" in self.ask(shape="observed")[0]

    def test_a_body_that_is_no_text_travels_as_base64(self) -> None:
        """And says so."""
        event, _ = self.ask(body=b"\xff\xfe")
        assert (event["body"], event["isBase64Encoded"]) == ("//4=", True)

    @pytest.mark.parametrize(
        ("value", "status", "body"),
        [
            ({"statusCode": 403, "headers": {"Content-Type": "text/plain"}, "body": "no"}, 403, b"no"),
            ({"statusCode": 200, "body": "AAE=", "isBase64Encoded": True}, 200, b"\x00\x01"),
            ({"statusCode": 204}, 204, b""),
            ({"a": 1}, 200, b'{"a": 1}'),
            ("text", 200, b'"text"'),
            (None, 200, b"null"),
            ({"statusCode": "200"}, 502, None),
            ({"statusCode": 200, "body": {"not": "text"}}, 502, None),
        ],
    )
    def test_the_return_value_becomes_the_answer(self, value: object, status: int, body: bytes | None) -> None:
        """The integrated form, or any JSON value with 200; another form is an error."""
        _, response = self.ask(value)
        assert response.status == status
        assert body is None or response.body == body

    def test_a_failed_invocation_answers_with_its_code(self) -> None:
        """An uncaught exception does not look like success."""
        _, response = self.ask(error(430, "id"), status=430)
        assert response.status == 430
        assert json.loads(response.body)["errorCode"] == -1

    def test_a_request_over_6_mb_is_refused_before_the_function_runs(self) -> None:
        """The synchronous limit."""
        event, response = self.ask(body=b"x" * (6 * 1024 * 1024 + 1))
        assert (event, response.status) == ({}, 406)

    def test_an_unknown_host_is_404_and_names_the_known_ones(self) -> None:
        """A mistyped address."""
        _, response = self.ask(host="1250000000-unknown.ap-guangzhou.tencentscf.com")
        assert response.status == 404
        assert self.HOST in response.body.decode()


class TestCmq:
    """Topics push, queues wait."""

    def test_a_topic_pushes_records_in_both_documented_shapes(self) -> None:
        """The owner as number or text, the tags as text or list."""
        cmq = Cmq(owner="100000000001")
        seen: list[Any] = []
        cmq.subscribe("concat-done", seen.append)
        assert cmq.publish("concat-done", "<Response/>", ["a", "b"]) == 1
        assert cmq.publish("concat-done", "{}", ["a"]) == 1
        first, second = (event["Records"][0]["CMQ"] for event in seen)
        assert (first["topicOwner"], first["msgTag"], first["msgBody"]) == (100000000001, "a,b", "<Response/>")
        assert (second["topicOwner"], second["msgTag"], second["msgBody"]) == ("100000000001", ["a"], "{}")

    def test_a_topic_without_subscribers_loses_the_message(self) -> None:
        """Nobody is told, nothing is kept for later."""
        assert Cmq(owner="1").publish("nobody", "x") == 0

    def test_a_queue_keeps_messages_in_order_until_pulled(self) -> None:
        """SCF has no trigger for queues."""
        cmq = Cmq(owner="1")
        cmq.send("q", "1")
        cmq.send("q", "2")
        assert [cmq.receive("q"), cmq.receive("q"), cmq.receive("q")] == ["1", "2", None]

    def test_a_message_over_1_mb_is_refused(self) -> None:
        """The product's limit."""
        with pytest.raises(ValueError, match="1048576"):
            Cmq(owner="1").publish("t", "x" * (1024 * 1024 + 1))


class TestKills:
    """An instance dies at a chosen request."""

    SIGNED = Request("PUT", "h", "/end-0001", headers={"authorization": "q-sign-algorithm=sha1&q-ak=AKID1&q-x=y"})

    def run(self, moment: str, nth: int, times: int) -> tuple[int, list[str], list[bool]]:
        """Send the same request several times: how many the service saw, who was killed, which answers were cut."""
        kills = Kills()
        served: list[Request] = []
        killed: list[str] = []

        def kill(secret_id: str) -> bool:
            killed.append(secret_id)
            return True

        kills.kill = kill
        kills.plan(moment, lambda request: request.path == "/end-0001", nth)  # type: ignore[arg-type]  # a Literal

        def service(request: Request) -> Response:
            served.append(request)
            return Response(200)

        watched = kills.watched(service)

        def is_cut() -> bool:
            try:
                watched(self.SIGNED)
            except ConnectionCut:
                return True
            return False

        cut = [is_cut() for _ in range(times)]
        return len(served), killed, cut

    def test_before_means_that_the_request_has_no_effect(self) -> None:
        """The second of three never reaches the service."""
        assert self.run("before", 2, 3) == (2, ["AKID1"], [False, True, False])

    def test_after_means_that_only_the_answer_is_lost(self) -> None:
        """All three reach the service."""
        assert self.run("after", 2, 3) == (3, ["AKID1"], [False, True, False])

    def test_other_clients_are_left_alone(self) -> None:
        """A request that no instance signed is served."""
        kills = Kills()
        kills.plan("before", lambda _request: True)
        assert kills.watched(lambda _request: Response(200))(Request("GET", "h", "/")).status == 200


def test_a_slow_store_listener_is_never_needed() -> None:
    """The trigger returns at once, whatever the delay."""
    waited: list[float] = []
    trigger = CosTrigger("f", Filter(BUCKET), lambda _event, delay: waited.append(delay), Switches(event_delay=30))
    started = time.monotonic()
    thread = threading.Thread(target=trigger, args=(Created("x"),))
    thread.start()
    thread.join(5)
    assert not thread.is_alive()
    assert time.monotonic() - started < 5
    assert waited == [30]
