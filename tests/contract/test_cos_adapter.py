"""The COS adapter, through the unmodified SDK and over HTTP, against the local gateway: what the port promises."""

from __future__ import annotations

import hashlib
import io
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from cosconcat.cloud.cos import CosOverHttp
from cosconcat.cloud.cos_answers import shared_session
from cosconcat.cloud.ports import LARGEST, Cos
from cosconcat.config import Config, Credentials
from cosconcat.errors import Blocked, InvalidInput, Rejected, ServiceUnavailable
from cosconcat.model import Bucket, DeleteError, Media, ObjectInfo, ObjectVersion, ProbeError
from local.account.account import Key
from local.media.clips import make_clip
from tests.support.local_cos import LocalCos

if TYPE_CHECKING:
    from collections.abc import Iterator

DEMO = Bucket("demo-1250000000", "ap-guangzhou")
ELSEWHERE = Bucket("else-1250000000", "ap-shanghai")
AWKWARD = [
    "fragments/a.mp4", "fragments/讲座 一.mp4", "fragments/a+b.mp4", "fragments/100%.mp4", "fragments/%2F%20.mp4",
    "fragments//double.mp4", "/leading.mp4", "fragments/it's \"so\".mp4", "fragments/😀&<x>.mp4", "fragments/a./b.mp4",
]  # fmt: skip


class World(LocalCos):
    """The local COS with a second bucket, and the adapter of a role with a temporary key."""

    def __init__(self) -> None:
        super().__init__()
        self.store.create_bucket(ELSEWHERE.name, ELSEWHERE.region)
        self.cos = self.adapter(self.account.issue("role"))

    def adapter(self, key: Key) -> CosOverHttp:
        """An adapter with this key."""
        return CosOverHttp(Config(DEMO, scheme="http"), Credentials(key.secret_id, key.secret_key, key.token))


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A fresh one, found by way of the standard proxy variables."""
    world = World()
    with world:
        for name, value in (("http_proxy", world.proxy.url), ("no_proxy", "")):
            monkeypatch.setenv(name, value)
            monkeypatch.setenv(name.upper(), value)
        yield world


def md5(body: bytes) -> str:
    """What COS gives as the ETag of a plain PUT."""
    return hashlib.md5(body).hexdigest()


def test_the_adapter_is_the_port(world: World) -> None:
    """The type checker compares every method."""
    port: Cos = world.cos
    assert port is world.cos


@pytest.mark.parametrize("key", AWKWARD)
def test_a_key_of_any_kind_comes_through_every_call(world: World, key: str) -> None:
    """Create, HEAD, GET, LIST, tag, copy and delete address the same object, and no other."""
    cos = world.cos
    assert cos.create(DEMO, key, b"{}") is True
    assert world.store.keys(DEMO.name) == [key]
    head, stored, page = cos.head(DEMO, key), cos.get(DEMO, key), cos.list(DEMO, key[:3])
    assert head is not None
    assert stored is not None
    assert head.object.etag == md5(b"{}")
    assert (stored.body, stored.head.object, page.objects) == (b"{}", head.object, (head.object,))
    cos.tag(DEMO, key, {"a": "1"})
    assert cos.tags(DEMO, key) == {"a": "1"}
    assert cos.copy(DEMO, head.object, DEMO, f"trash/{key}") == "copied"
    assert world.store.get(DEMO.name, f"trash/{key}") == b"{}"
    assert cos.delete(DEMO, [ObjectVersion(key)]) == []
    assert world.store.keys(DEMO.name) == [f"trash/{key}"]


def test_create_writes_once(world: World) -> None:
    """The second one is told so, and the first content stays."""
    assert world.cos.create(DEMO, "r.json", b"first") is True
    assert world.cos.create(DEMO, "r.json", b"second") is False
    assert world.store.get(DEMO.name, "r.json") == b"first"


def test_of_many_that_create_at_once_one_wins(world: World) -> None:
    """Sixteen writers, one key."""
    with ThreadPoolExecutor(16) as pool:
        won = list(pool.map(lambda n: world.cos.create(DEMO, "claim", b"%d" % n), range(16)))
    assert won.count(True) == 1
    assert world.store.get(DEMO.name, "claim") == b"%d" % won.index(True)


def test_a_create_whose_answer_was_lost_answers_that_the_key_exists(world: World) -> None:
    """The SDK repeats it; only the record's nonce can tell whose it is."""
    world.switches.lose_cos_answers["PUT Object"] = 1
    assert world.cos.create(DEMO, "r.json", b"mine") is False
    assert world.store.get(DEMO.name, "r.json") == b"mine"


def test_put_overwrites(world: World) -> None:
    """For report and cursor."""
    world.cos.put(DEMO, "report.json", b"1")
    world.cos.put(DEMO, "report.json", b"2")
    assert world.store.get(DEMO.name, "report.json") == b"2"


def test_what_is_not_there_is_none(world: World) -> None:
    """HEAD and GET of a missing key; heads among others that are there."""
    world.store.put(DEMO.name, "there", b"x")
    assert world.cos.head(DEMO, "gone") is None
    assert world.cos.get(DEMO, "gone") is None
    heads = world.cos.heads(DEMO, ["there", "gone", "there"])
    assert {key: head is not None for key, head in heads.items()} == {"there": True, "gone": False}
    assert world.cos.heads(DEMO, []) == {}


def test_times_are_the_services(world: World) -> None:
    """`now` is the Date of the answer, not this machine's clock."""
    world.switches.clock_skew = -500.0
    world.store.put(DEMO.name, "k", b"x")
    head, page = world.cos.head(DEMO, "k"), world.cos.list(DEMO, "")
    assert head is not None
    for seen in (head.now, page.now, head.object.last_modified):
        assert abs(seen - (time.time() - 500)) < 5
    assert head.object.last_modified == page.objects[0].last_modified


def test_a_listing_goes_on_from_its_marker(world: World) -> None:
    """UTF-8 order, pages of the size asked for, no marker at the end."""
    keys = [f"p/{letter}" for letter in ("a", "b", "中", "é", "😀", "z z", "+")]
    for key in [*keys, "q/other"]:
        world.store.put(DEMO.name, key, b"x")
    seen: list[str] = []
    marker: str | None = ""
    while marker is not None:
        page = world.cos.list(DEMO, "p/", marker, 3)
        assert len(page.objects) <= 3
        seen += [each.key for each in page.objects]
        marker = page.next_marker
    assert seen == sorted(keys, key=lambda key: key.encode())
    empty = world.cos.list(DEMO, "nothing/")
    assert (empty.objects, empty.next_marker) == ((), None)


def test_a_copy_happens_only_from_the_version_that_was_meant(world: World) -> None:
    """Another ETag or a missing source: False, and nothing is written; across regions too."""
    world.store.put(DEMO.name, "a", b"new")
    assert world.cos.copy(DEMO, ObjectInfo("a", md5(b"old"), 3, 0), DEMO, "trash/a") == "changed"
    assert world.cos.copy(DEMO, ObjectInfo("gone", md5(b"old"), 3, 0), DEMO, "trash/a") == "changed"
    assert world.store.get(DEMO.name, "trash/a") is None
    assert world.cos.copy(DEMO, ObjectInfo("a", md5(b"new"), 3, 0), ELSEWHERE, "b") == "copied"
    assert world.store.get(ELSEWHERE.name, "b") == b"new"


@pytest.fixture
def in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than ten bytes is copied in parts of a MiB."""
    monkeypatch.setattr("cosconcat.cloud.cos.SIMPLE_COPY_BYTES", 10)
    monkeypatch.setattr("cosconcat.cloud.cos.COPIED_PART_BYTES", 1024**2)


LARGE = bytes(2 * 1024**2) + b"end"


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("create_only", [True, False])
def test_a_copy_in_parts_whose_last_answer_was_lost_is_found_at_its_key(world: World, *, create_only: bool) -> None:
    """Repeated, its completion would meet no upload and count as refused for good, while the copy lies there."""
    world.store.put(DEMO.name, "a", LARGE)
    original = ObjectInfo("a", md5(LARGE), len(LARGE), 0)
    world.switches.lose_cos_answers["POST complete"] = 1
    assert world.cos.copy(DEMO, original, ELSEWHERE, "b", create_only=create_only) == "copied"
    assert world.store.get(ELSEWHERE.name, "b") == LARGE
    assert world.calls.kinds()["POST complete"] == 1
    assert world.cos.copy(DEMO, original, ELSEWHERE, "b", create_only=True) == "taken"


@pytest.mark.usefixtures("in_parts")
@pytest.mark.parametrize("lying", [None, b"x", bytes(len(LARGE))])
def test_a_copy_in_parts_that_was_not_completed_is_made_later(world: World, lying: bytes | None) -> None:
    """Down at its completion, with nothing at the key, or something of another size or content; no part is left."""
    world.store.put(DEMO.name, "a", LARGE)
    if lying is not None:
        world.store.put(DEMO.name, "b", lying)
    world.switches.fail_cos += [("POST complete", "b", 503)]
    with pytest.raises(ServiceUnavailable, match=r"POST complete .*/b .*503"):
        world.cos.copy(DEMO, ObjectInfo("a", md5(LARGE), len(LARGE), 0), DEMO, "b")
    assert world.store.get(DEMO.name, "b") == lying
    assert not world.store.moto.get_bucket(DEMO.name).multiparts


@pytest.mark.usefixtures("in_parts")
def test_a_copy_in_parts_of_what_changed_meanwhile_is_not_taken_for_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies at the key is what was uploaded since, not the original that was meant."""
    since = LARGE[:-1] + b"!"
    world.store.put(DEMO.name, "a", LARGE)
    world.store.put(DEMO.name, "b", since)
    world.switches.fail_cos += [("POST complete", "b", 503)] * 3
    complete = world.cos._complete

    def changing(*meant: Any, **how: Any) -> None:
        world.store.put(DEMO.name, "a", since)
        complete(*meant, **how)

    monkeypatch.setattr(world.cos, "_complete", changing)
    with pytest.raises(ServiceUnavailable):
        world.cos.copy(DEMO, ObjectInfo("a", md5(LARGE), len(LARGE), 0), DEMO, "b")


def test_more_than_a_thousand_are_deleted_in_batches(world: World) -> None:
    """COS takes 1,000 keys a call; a missing one counts as deleted."""
    keys = [f"f/{n:04}" for n in range(1001)]
    for key in keys[:-1]:
        world.store.put(DEMO.name, key, b"x")
    assert world.cos.delete(DEMO, [ObjectVersion(key) for key in keys]) == []
    assert world.store.keys(DEMO.name) == []
    assert world.calls.kinds()["POST delete"] == 2
    assert world.cos.delete(DEMO, []) == []


def test_what_could_not_be_deleted_is_named(world: World) -> None:
    """A locked object stays, the others go."""
    for key in ("a", "locked", "z"):
        world.store.put(DEMO.name, key, b"x")
    world.switches.locked.add((DEMO.name, "locked"))
    [kept] = world.cos.delete(DEMO, [ObjectVersion("a"), ObjectVersion("locked"), ObjectVersion("z")])
    assert isinstance(kept, DeleteError)
    assert (kept.key, bool(kept.code), bool(kept.message)) == ("locked", True, True)
    assert world.store.keys(DEMO.name) == ["locked"]


def test_a_version_is_deleted_and_the_newer_one_stays(world: World) -> None:
    """With the version's id, of a bucket with versioning."""
    world.store.set_versioning(DEMO.name, "Enabled")
    world.store.put(DEMO.name, "a", b"joined")
    joined = world.cos.head(DEMO, "a")
    world.store.put(DEMO.name, "a", b"newer")
    assert joined is not None
    assert joined.version_id
    assert world.cos.delete(DEMO, [ObjectVersion("a", joined.version_id)]) == []
    assert world.store.get(DEMO.name, "a") == b"newer"


def test_tags_are_replaced_and_taken_away(world: World) -> None:
    """None at first, several, one, none again."""
    world.store.put(DEMO.name, "a", b"x")
    for tags in ({}, {"a": "1", "组": "讲座"}, {"a": "1"}, {}):
        if tags or world.cos.tags(DEMO, "a"):
            world.cos.tag(DEMO, "a", tags)
        assert world.cos.tags(DEMO, "a") == tags


def test_a_probe_tells_media_from_what_is_none(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A real clip, something else, and nothing at all."""
    clip = tmp_path_factory.mktemp("clip") / "clip.mp4"
    make_clip(clip, 1, 1, seconds=1.0)
    world.store.upload(DEMO.name, "clip.mp4", clip)
    world.store.put(DEMO.name, "text.mp4", b"no media")
    found = world.cos.media(DEMO, ["clip.mp4", "text.mp4", "gone.mp4"])
    probed = found["clip.mp4"]
    assert isinstance(probed, Media)
    assert probed.duration == pytest.approx(1.0, abs=0.1)
    assert probed.size == clip.stat().st_size
    assert [stream.kind for stream in probed.streams] == ["video", "audio"]
    for key in ("text.mp4", "gone.mp4"):
        assert isinstance(found[key], ProbeError)


def test_an_archived_object_cannot_be_probed_for_good(world: World) -> None:
    """It is the object's own state, so no error of the call."""
    world.store.put(DEMO.name, "a.mp4", b"x")
    world.switches.archived.add((DEMO.name, "a.mp4"))
    refused = world.cos.media(DEMO, ["a.mp4"])["a.mp4"]
    assert isinstance(refused, ProbeError)
    assert refused.code == "InvalidObjectState"


def test_a_large_object_is_no_record(world: World) -> None:
    """A video called manifest.json must not fill the function's memory."""
    world.store.put(DEMO.name, "manifest.json", b"x" * (LARGEST + 1))
    with pytest.raises(InvalidInput, match=r"manifest\.json"):
        world.cos.get(DEMO, "manifest.json")


def test_a_failure_that_passes_is_repeated_and_one_that_stays_is_named(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK repeats as often as it is told; after that the caller may."""
    monkeypatch.setattr("cosconcat.cloud.cos.RETRIES", 1)
    world.store.put(DEMO.name, "a", b"x")
    world.switches.fail_cos = [("HEAD Object", "a", 503)]
    assert world.cos.head(DEMO, "a") is not None
    world.switches.fail_cos = [("LIST", "", 500)] * 2
    with pytest.raises(ServiceUnavailable, match=r"LIST demo-1250000000/x.*500 InternalError"):
        world.cos.list(DEMO, "x")
    assert world.calls.kinds()["LIST"] == 2


def test_a_missing_right_is_refused_for_good(world: World) -> None:
    """With COS's code where it gives one; a HEAD has no body to give it in."""
    key = world.account.issue("nobody", {"version": "2.0", "statement": []})
    denied = world.adapter(key)
    world.store.put(DEMO.name, "a", b"x")
    with pytest.raises(Rejected) as refused:
        denied.get(DEMO, "a")
    assert (refused.value.status, refused.value.code) == (403, "AccessDenied")
    for refuse in (
        lambda: denied.head(DEMO, "a"),
        lambda: denied.create(DEMO, "a", b"x"),
    ):
        with pytest.raises(Rejected, match="demo-1250000000/a") as refused:
            refuse()
        assert refused.value.status == 403
    with pytest.raises(Blocked, match=r"demo-1250000000/[ab].*AccessDenied.*read the fragments"):  # that can be mended
        denied.media(DEMO, ["a", "b"])


def test_a_missing_bucket_is_no_missing_object(world: World) -> None:
    """GET says which of the two it is."""
    with pytest.raises(Rejected, match="NoSuchBucket"):
        world.cos.get(Bucket("none-1250000000", "ap-guangzhou"), "a")


def test_a_clock_that_is_off_is_named(world: World) -> None:
    """Nothing is wrong with the request, so it may be tried again elsewhere; a HEAD shows it by its Date alone."""
    world.store.put(DEMO.name, "a", b"x")
    world.switches.clock_skew = -5000.0
    for ask in (lambda: world.cos.get(DEMO, "a"), lambda: world.cos.head(DEMO, "a")):
        with pytest.raises(ServiceUnavailable, match=r"clock is (499|500|501).* s off"):
            ask()


def test_without_a_network_the_call_may_be_repeated(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that nobody listens at."""
    monkeypatch.setattr("cosconcat.cloud.cos.RETRIES", 0)
    for name in ("http_proxy", "HTTP_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with pytest.raises(ServiceUnavailable, match="HEAD demo-1250000000/a"):
        world.cos.head(DEMO, "a")


def test_nothing_of_the_sdk_reaches_the_log(world: World, caplog: pytest.LogCaptureFixture) -> None:
    """At DEBUG it would print the token and every signature, whatever the runtime has done to the root logger."""
    sdk, said = logging.getLogger("qcloud_cos"), io.StringIO()
    handler = logging.StreamHandler(said)
    sdk.addHandler(handler)
    sdk.setLevel(logging.DEBUG)
    shared_session.cache_clear()
    with caplog.at_level(logging.DEBUG):
        world.cos.create(DEMO, "a", b"x")
        world.cos.head(DEMO, "gone")
    sdk.removeHandler(handler)
    assert said.getvalue() == ""
    assert [record for record in caplog.records if record.name.startswith("qcloud_cos")] == []
