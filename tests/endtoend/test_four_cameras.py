"""Four cameras whose recordings are cut at gaps, with real media through functions, jobs and callbacks.

One that never stops for a day and a bit, a card whose last year is uploaded at once, a recorder whose clock jumps, and
two recorders of one name: what is joined, what is left to a person, and what the sweep's report says of each.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from local.cloud import LocalCloud
from local.media import reading
from local.switches import Switches
from tests.support.recording import QUICK, SECONDS, make_clips

HOUR, DAY = 3600, 86_400
MIDNIGHT = int(time.time()) // DAY * DAY - DAY  # as yesterday began
LAST_YEAR = MIDNIGHT - 365 * DAY
FAR = 2_085_000_000  # in 2036: a recorder that lost its clock
ENVIRONMENT = {
    "CONCAT_NAMING": "{group}_{time:%Y%m%dT%H%M%SZ}-{end:%Y%m%dT%H%M%SZ}.{ext}",
    "CONCAT_COMPLETION": "gap:60",
    "CONCAT_DIRECT": "true",
    "CONCAT_LEASE_SECONDS": "320",
    "CONCAT_STALE_SECONDS": "600",
}
WHOLE = 700  # seconds by which the services' clocks jump: the gap, and as long as pieces of long ago are waited for
# (source, start, seconds that its name says): each of one second, the clips in turn
CAMERA = [("camera", MIDNIGHT + hour * HOUR, 2 * HOUR) for hour in range(-6, 20, 2)]
CARD = [("card", LAST_YEAR + at, 60) for at in (0, 60, 5000, 5060, DAY, DAY + 60)]
JUMPS = [("jumps", MIDNIGHT + at, 60) for at in (0, 60, 100, 9000, 9060, 9080)] + [("jumps", FAR, 60)]
TWINS = [("twins", MIDNIGHT + at, 60) for at in (0, 10, 60, 70)]


class Lived(NamedTuple):
    """What there was to see: reports as pieces had just come, as they were closed, and as all jobs had ended."""

    cloud: LocalCloud
    arriving: dict[str, Any]
    closed: dict[str, Any]
    ended: dict[str, Any]
    clips: dict[str, int]  # key of a piece -> number of its clip


def written(at: int) -> str:
    """A time as names and ids have it."""
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))


def key(source: str, start: int, seconds: int) -> str:
    """The key of a piece."""
    return f"fragments/{source}_{written(start)}-{written(start + seconds)}.mp4"


def sweep(cloud: LocalCloud) -> dict[str, Any]:
    """Run the sweep, wait for what it brought about, and read the report that it left."""
    cloud.functions.invoke("sweep", {"Type": "Timer", "TriggerName": "t", "Time": "", "Message": ""})
    assert cloud.settle(100)
    report: dict[str, Any] = json.loads(cloud.store.get(cloud.bucket, ".concat/report.json") or b"{}")
    return report


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """All four at once: sources do not know of one another."""
    clips = make_clips(tmp_path_factory.mktemp("clips"), 5)
    numbers: dict[str, int] = {}
    with LocalCloud(environment=ENVIRONMENT, switches=Switches(retry_seconds=0.3), functions=QUICK) as cloud:
        for place, piece in enumerate([*CAMERA, *CARD, *JUMPS, *TWINS]):
            numbers[key(*piece)] = place % len(clips) + 1
            cloud.store.upload(cloud.bucket, key(*piece), clips[place % len(clips)])
        assert cloud.settle(100)
        arriving = sweep(cloud)
        cloud.switches.clock_skew = WHOLE
        closed = sweep(cloud)
        yield Lived(cloud, arriving, closed, sweep(cloud), numbers)


def order(lived: Lived, source: str, first: int, folder: Path, pieces: int) -> list[int | None]:
    """The numbers of the clips in a recording, by decoding the middle of each section."""
    target = folder / "joined.mp4"
    assert lived.cloud.store.download(lived.cloud.bucket, f"output/{source}_{written(first)}.mp4", target)
    assert reading.duration(target) == pytest.approx(pieces * SECONDS, abs=0.5)
    read = reading.sections(target, [(piece + 0.5) * SECONDS for piece in range(pieces)], window=0.6)
    return [section.seen if section.seen == section.heard else None for section in read]


def numbers(lived: Lived, pieces: list[tuple[str, int, int]]) -> list[int]:
    """The numbers of the clips that were uploaded as these pieces, in order of time."""
    return [lived.clips[key(*piece)] for piece in pieces]


def left(lived: Lived, source: str) -> list[str]:
    """Keys of the source's pieces that are still there."""
    return lived.cloud.store.keys(lived.cloud.bucket, f"fragments/{source}_")


def test_nothing_is_joined_while_pieces_may_still_come(lived: Lived) -> None:
    """The first report names every recording, and until when it waits."""
    waiting = lived.arriving["quiet"]
    assert {group.partition("_")[0] for group in waiting} == {"camera", "card", "jumps", "twins"}
    assert all("waiting for its end until 20" in one["reason"] for one in waiting.values())
    assert lived.arriving["ended"]["counts"] == {}


def test_a_camera_that_never_stops_is_cut_at_midnight(lived: Lived, tmp_path: Path) -> None:
    """At the last multiple of CONCAT_MAX_LENGTH; the report says so, and both recordings are whole and in order."""
    first, second = f"camera_{written(CAMERA[0][1])}", f"camera_{written(MIDNIGHT)}"
    cut = "cut by CONCAT_MAX_LENGTH: the run goes on in the next recording"
    assert {group: one["reason"] for group, one in lived.closed["gap"].items() if "camera" in group} == {first: cut}
    ended = {one["group"]: (one["outcome"], one.get("reason", "")) for one in lived.ended["ended"]["last"]}
    assert (ended[first], ended[second]) == (("joined", cut), ("joined", ""))
    assert order(lived, "camera", CAMERA[0][1], tmp_path, 3) == numbers(lived, CAMERA[:3])
    assert order(lived, "camera", MIDNIGHT, tmp_path, 10) == numbers(lived, CAMERA[3:])
    assert left(lived, "camera") == []


def test_a_card_with_last_year_becomes_its_recordings(lived: Lived, tmp_path: Path) -> None:
    """Three, on two days, though all came within a moment; late as they are, the wait for more is bounded."""
    for at, pieces in ((0, CARD[:2]), (5000, CARD[2:4]), (DAY, CARD[4:])):
        assert order(lived, "card", LAST_YEAR + at, tmp_path, 2) == numbers(lived, pieces)
    assert left(lived, "card") == []
    assert not [group for kind in ("invalid", "incomplete", "kept") for group in lived.ended[kind] if "card" in group]


def test_a_clock_that_jumps_spoils_only_where_it_jumped(lived: Lived, tmp_path: Path) -> None:
    """Back by less than half a piece: joined. By more: named, both keys, and untouched. Into 2036: by itself."""
    assert order(lived, "jumps", MIDNIGHT, tmp_path, 3) == numbers(lived, JUMPS[:3])
    assert order(lived, "jumps", FAR, tmp_path, 1) == numbers(lived, JUMPS[6:])
    reason = lived.ended["invalid"][f"jumps_{written(MIDNIGHT + 9000)}"]["reason"]
    assert key(*JUMPS[4]) in reason
    assert key(*JUMPS[5]) in reason
    assert "overlap by more than half" in reason
    assert left(lived, "jumps") == [key(*piece) for piece in JUMPS[3:6]]


def test_two_recorders_of_one_name_are_told_apart_by_a_person(lived: Lived, tmp_path: Path) -> None:
    """No job is paid for; when one of them has a name of its own, both are joined."""
    reason = lived.ended["invalid"][f"twins_{written(MIDNIGHT)}"]["reason"]
    assert "two recorders of one name" in reason
    assert left(lived, "twins") == [key(*piece) for piece in TWINS]
    cloud = lived.cloud
    cloud.switches.clock_skew = 0  # what is uploaded now is as old as the rest
    for piece in TWINS[1::2]:
        body = cloud.store.get(cloud.bucket, key(*piece))
        assert body is not None
        cloud.store.delete(cloud.bucket, key(*piece))
        cloud.store.put(cloud.bucket, key("second", *piece[1:]), body)
    assert cloud.settle(100)
    cloud.switches.clock_skew = WHOLE
    report = sweep(cloud)
    assert not [group for group in report["invalid"] if "twins" in group]
    for source, start, pieces in (("twins", MIDNIGHT, TWINS[::2]), ("second", MIDNIGHT + 10, TWINS[1::2])):
        assert order(lived, source, start, tmp_path, 2) == numbers(lived, pieces)
