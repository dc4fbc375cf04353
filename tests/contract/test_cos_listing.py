"""LIST: pages in UTF-8 order, drawn from the gateway's own index, and the lag that the service admits to."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.cos.listing import Listed, Listing
from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    pass


KEYS = st.lists(st.text(st.sampled_from("ab/中😀\uffff +"), min_size=1, max_size=6), unique=True, max_size=30)


def pages(listing: Listing, prefix: str, delimiter: str, size: int) -> tuple[list[str], list[str]]:
    """Follow NextMarker to the end: the keys and the common prefixes seen, in order."""
    keys: list[str] = []
    prefixes: list[str] = []
    marker = ""
    while True:
        page = listing.page(prefix, delimiter, marker, size, 0)
        assert len(page.objects) + len(page.prefixes) <= size
        keys += [entry.key for entry in page.objects]
        prefixes += page.prefixes
        if not page.next_marker:
            return keys, prefixes
        assert page.next_marker > marker
        marker = page.next_marker


@settings(max_examples=150, deadline=None)
@given(keys=KEYS, prefix=st.sampled_from(["", "a", "a/", "中", "b/中/"]), size=st.integers(1, 5), split=st.booleans())
def test_pages_together_are_the_sorted_keys(keys: list[str], prefix: str, size: int, split: bool) -> None:
    """Whatever the page size, nothing is shown twice or left out, and the order is that of the bytes."""
    listing = Listing()
    for key in keys:
        listing.put(Listed(key, "e", 1, 0.0))
    delimiter = "/" if split else ""
    wanted = sorted((key for key in keys if key.startswith(prefix)), key=str.encode)
    plain = [key for key in wanted if not delimiter or delimiter not in key[len(prefix) :]]
    split_at = [key.find(delimiter, len(prefix)) if delimiter else -1 for key in wanted]
    folders = {key[: at + 1] for key, at in zip(wanted, split_at, strict=True) if at >= 0}
    assert pages(listing, prefix, delimiter, size) == (plain, sorted(folders, key=str.encode))


@settings(max_examples=80, deadline=None)
@given(steps=st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=30))
def test_the_index_equals_a_plain_dictionary(steps: list[tuple[str, bool]]) -> None:
    """After any sequence of writes and removals."""
    listing, plain = Listing(), set[str]()
    for key, written in steps:
        if written:
            listing.put(Listed(key, "e", 1, 0.0), lag=0.0)
            plain.add(key)
        else:
            listing.remove(key)
            plain.discard(key)
    assert listing.keys() == sorted(plain)
    assert [entry.key for entry in listing.page("", "", "", 10, 0).objects] == sorted(plain)


def test_a_lag_shows_what_was() -> None:
    """New keys are hidden, deleted ones still there, overwritten ones carry the old ETag, until the lag is over."""
    listing = Listing()
    for key in ("deleted", "overwritten", "kept"):
        listing.put(Listed(key, "old", 1, 0.0))
    lag = 0.2
    listing.put(Listed("new", "new", 1, 0.0), lag=lag)
    listing.put(Listed("overwritten", "new", 1, 0.0), lag=lag)
    listing.remove("deleted", lag=lag)

    def shown() -> dict[str, str]:
        return {entry.key: entry.etag for entry in listing.page("", "", "", 10, lag).objects}

    assert shown() == {"deleted": "old", "kept": "old", "overwritten": "old"}
    assert listing.keys() == ["kept", "new", "overwritten"]
    deadline = time.monotonic() + 5
    while shown() != {"kept": "old", "new": "new", "overwritten": "new"}:
        assert time.monotonic() < deadline
    assert listing._keys == ["kept", "new", "overwritten"]


def test_a_key_that_comes_and_goes_within_the_lag_is_never_shown() -> None:
    """Each moment shows the state of one moment ago, not a mixture."""
    listing = Listing()
    listing.put(Listed("k", "1", 1, 0.0), lag=60)
    listing.remove("k", lag=60)
    assert listing.page("", "", "", 10, 60).objects == []
    assert listing.page("", "", "", 10, 0).objects == []
    assert listing._keys == []


def test_a_hundred_thousand_keys_list_a_page_in_milliseconds() -> None:
    """Where moto walks all of them. The bound is generous: a page takes about one millisecond."""
    listing = Listing()
    for number in range(100_000):
        listing.put(Listed(f"fragments/{number % 100:02}/{number}", "e", 1, 0.0))
    started = time.perf_counter()
    for number in range(20):
        assert len(listing.page("fragments/", "", f"fragments/{number:02}/", 1000, 0).objects) == 1000
        assert len(listing.page("fragments/", "/", "", 1000, 0).prefixes) == 100
    assert (time.perf_counter() - started) / 40 < 0.05


def test_the_sdk_pages_through_with_next_marker(cos: LocalCos) -> None:
    """NextMarker is a key, and only there when there is more."""
    names = [f"目录/{number}" for number in range(7)]
    for name in names:
        cos.store.put(cos.bucket, name, b"x")
    seen, marker, markers = [], "", []
    while True:
        page = cos.client.list_objects(cos.bucket, Prefix="目录/", Marker=marker, MaxKeys=3)
        seen += [entry["Key"] for entry in page["Contents"]]
        markers.append(page.get("NextMarker"))
        if page["IsTruncated"] == "false":
            break
        marker = page["NextMarker"]
    assert seen == names
    assert markers == [names[2], names[5], None]


def test_an_entry_shows_what_head_shows(cos: LocalCos) -> None:
    """ETag in quotes, size, time; no tags."""
    cos.client.put_object(cos.bucket, b"hello", "k", Tagging="a=1")
    (entry,) = cos.client.list_objects(cos.bucket)["Contents"]
    head = cos.client.head_object(cos.bucket, "k")
    assert (entry["ETag"], entry["Size"], entry["StorageClass"]) == (head["ETag"], "5", "STANDARD")
    assert set(entry) == {"Key", "LastModified", "ETag", "Size", "Owner", "StorageClass"}


def test_an_empty_listing_has_no_contents(cos: LocalCos) -> None:
    """Not even an empty list, which is how the SDK shows it."""
    assert "Contents" not in cos.client.list_objects(cos.bucket, Prefix="nothing")


def test_without_encoding_type_keys_stand_as_they_are(cos: LocalCos) -> None:
    """And with it they are percent-encoded."""
    cos.store.put(cos.bucket, "a b&c", b"x")
    assert "<Key>a b&amp;c</Key>" in cos.ask("GET", "").text
    assert "<Key>a%20b%26c</Key>" in cos.ask("GET", "", parameters={"encoding-type": "url"}).text


@pytest.mark.parametrize(
    "parameters",
    [{"max-keys": "many"}, {"max-keys": "-1"}, {"encoding-type": "base64"}, {"list-type": "2"}, {"fetch-owner": "1"}],
)
def test_a_listing_asked_for_wrongly_is_refused(cos: LocalCos, parameters: dict[str, str]) -> None:
    """By the functions' roles: the native API knows neither list-type=2 nor what comes with it."""
    answer = cos.ask("GET", "", parameters=parameters, signer=cos.account.issue("upload"))
    assert (answer.status_code, code_of(answer)) == (400, "InvalidArgument")


def test_max_keys_beyond_the_limit_is_cut(cos: LocalCos) -> None:
    """1,000 at most, 0 allowed."""
    cos.store.put(cos.bucket, "k", b"x")
    assert cos.client.list_objects(cos.bucket, MaxKeys=5000)["MaxKeys"] == "1000"
    assert "Contents" not in cos.client.list_objects(cos.bucket, MaxKeys=0)


def test_the_switch_delays_the_listing_but_not_head(cos: LocalCos) -> None:
    """A new object is there for GET and HEAD while LIST does not know it yet."""
    cos.switches.listing_lag = 60
    cos.client.put_object(cos.bucket, b"x", "k")
    assert "Contents" not in cos.client.list_objects(cos.bucket)
    assert cos.client.head_object(cos.bucket, "k")["Content-Length"] == "1"
    cos.switches.listing_lag = 0
    assert len(cos.client.list_objects(cos.bucket)["Contents"]) == 1
