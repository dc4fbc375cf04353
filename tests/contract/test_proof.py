"""Real calls: what proves a join, how often it is paid for, and what is read where probes say too little."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cosconcat.errors import TryAgain
from cosconcat.model import Bucket, ByteRange, Media, ProbeError, Stream, Unanswered
from tests.support.containers import AAC, X264, X265, to_file
from tests.support.desk import Altered, Desk, only

PARTS = [f"fragments/talk.part{number}-of-3.mp4" for number in (1, 2, 3)]
SOURCE = ("-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=2", "-f", "lavfi", "-i", "sine=f=440:r=44100:d=2")
FAST = (*X264, "-preset", "ultrafast", *AAC)


@pytest.fixture
def desk(request: pytest.FixtureRequest) -> Iterator[Desk]:
    """With the variables of the test's parameter."""
    with Desk(getattr(request, "param", None) or {}) as desk:
        yield desk


def films(desk: Desk, folder: Path, *codecs: tuple[str, ...], ext: str = "mp4") -> list[str]:
    """A group of real pieces, one for each set of codecs; CI joins with ffmpeg."""
    desk.switches.join = "ffmpeg"
    keys = [f"fragments/film.part{number}-of-{len(codecs)}.{ext}" for number in range(1, len(codecs) + 1)]
    for number, (key, chosen) in enumerate(zip(keys, codecs, strict=True)):
        to_file(folder / f"{number}.{ext}", *SOURCE, *chosen)
        desk.cloud.store.upload(desk.cloud.bucket, key, folder / f"{number}.{ext}")
    return keys


def ended(desk: Desk, last: str) -> Any:
    """The result of the last piece's arrival and of its job's callback."""
    only(desk.upload(last))
    assert desk.cloud.ci.wait_idle(60)
    return only(desk.call_back())


def kinds(desk: Desk) -> Counter[str]:
    """Calls so far, by kind."""
    counts: Counter[str] = Counter()
    for (_, kind), count in desk.cloud.calls.snapshot().items():
        counts[kind] += count
    return counts


def test_a_probe_that_fails_for_now_is_the_only_one_that_is_made_again(desk: Desk) -> None:
    """What the others told is recorded before the invocation ends, and read by the next one."""
    desk.arrive(*PARTS)
    cos, asked = desk.services.cos, Counter[str]()

    def media(bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Media | ProbeError | Unanswered]:
        asked.update(keys)
        found = dict(cos.media(bucket, keys))
        return found | ({PARTS[1]: Unanswered("SlowDown")} if asked[PARTS[1]] < 4 else {})

    with desk.instead(cos=Altered(cos, media=media)):
        for _ in range(3):
            with pytest.raises(TryAgain, match="SlowDown"):
                desk.call_back()
        assert only(desk.call_back()).action == "finished"
    assert asked == {PARTS[0]: 1, PARTS[1]: 4, PARTS[2]: 1}


@pytest.mark.parametrize("desk", [{"CONCAT_DIRECT": "true"}], indirect=True)
def test_pieces_of_a_direct_join_are_probed_once_and_their_configurations_read(desk: Desk, tmp_path: Path) -> None:
    """Before the job; after it the record is read."""
    keys = films(desk, tmp_path, FAST, FAST, FAST)
    assert ended(desk, keys[-1]).action == "finished"
    assert kinds(desk)["GET videoinfo"] == 3
    assert desk.jobs[0].operation.value("ConcatTemplate/DirectConcat") == "true"


@pytest.mark.parametrize("desk", [{"CONCAT_DIRECT": "true"}], indirect=True)
@pytest.mark.parametrize(
    "other", [(*X264, "-preset", "medium", *AAC), (*X264, "-preset", "ultrafast", "-bf", "2", *AAC)]
)
def test_pieces_of_other_parameter_sets_are_transcoded_at_once(
    desk: Desk, other: tuple[str, ...], tmp_path: Path
) -> None:
    """By one job, although the codec's name, the size and the rate are the same."""
    keys = films(desk, tmp_path, FAST, other)
    assert ended(desk, keys[-1]).action == "finished"
    assert [job.operation.value("ConcatTemplate/DirectConcat") for job in desk.jobs] == [""]


@pytest.mark.parametrize("desk", [{"CONCAT_DIRECT": "true", "CONCAT_ON_MIXED": "refuse"}], indirect=True)
def test_or_they_are_refused_without_a_job(desk: Desk, tmp_path: Path) -> None:
    """HEVC of two presets, which a copy of packets leaves undecodable."""
    hevc = [(*X265, "-preset", preset, *AAC) for preset in ("ultrafast", "medium")]
    keys = films(desk, tmp_path, *hevc)
    assert only(desk.upload(keys[-1])).action == "gave-up"
    assert desk.jobs == []


@pytest.mark.parametrize("desk", [{"CONCAT_DIRECT": "true", "CONCAT_ON_MIXED": "trust"}], indirect=True)
def test_under_trust_nothing_was_compared_so_everything_is_kept(desk: Desk, tmp_path: Path) -> None:
    """Unless bytes are to prove it."""
    keys = films(desk, tmp_path, FAST, FAST)
    kept = ended(desk, keys[-1])
    assert (kept.action, desk.keys("fragments/")) == ("kept", keys)
    assert "CONCAT_ON_MIXED=transcode" in kept.reason


@pytest.mark.parametrize("desk", [{"CONCAT_DIRECT": "true"}], indirect=True)
def test_what_cannot_be_read_is_joined_and_kept(desk: Desk, tmp_path: Path) -> None:
    """A refused ranged GET is no reason to give the group up."""
    keys = films(desk, tmp_path, FAST, FAST)

    def read(bucket: Bucket, parts: Sequence[ByteRange]) -> Mapping[ByteRange, bytes]:
        return dict.fromkeys(parts, b"")

    with desk.instead(cos=Altered(desk.services.cos, read=read)):
        kept = ended(desk, keys[-1])
    assert (kept.action, desk.keys("fragments/")) == ("kept", keys)


@pytest.mark.parametrize("desk", [{"CONCAT_FORMAT": "flv"}], indirect=True)
def test_the_streams_of_an_flv_output_are_measured_by_its_last_tags(desk: Desk, tmp_path: Path) -> None:
    """Its MediaInfo says no length of a single stream."""
    keys = films(desk, tmp_path, FAST, FAST)
    cos, asked = desk.services.cos, list[str]()

    def read(bucket: Bucket, parts: Sequence[ByteRange]) -> Mapping[ByteRange, bytes]:
        asked.extend(part.key for part in parts)
        return cos.read(bucket, parts)

    with desk.instead(cos=Altered(cos, read=read)):
        assert ended(desk, keys[-1]).action == "finished"
    assert desk.keys("fragments/") == []
    assert asked
    assert set(asked) == {"output/film.flv"}
    outcome = desk.jobs[0].outcome
    assert outcome is not None
    info: Any = outcome.media_info
    assert "Duration" not in info["Stream"]["Video"][0]


@pytest.mark.parametrize("words", [frozenset(), frozenset({"audio"}), frozenset({"video"}), frozenset({"subtitle"})])
def test_only_what_may_be_lost_may_be_lost(desk: Desk, words: frozenset[str]) -> None:
    """CONCAT_MAY_LOSE names it."""
    film = (Stream("video", duration=10.0), Stream("audio", duration=10.0))
    cos, ci = desk.services.cos, desk.services.ci

    def media(bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Any]:
        found = cos.media(bucket, keys)
        return {key: one._replace(streams=film) for key, one in found.items() if isinstance(one, Media)}

    def job(bucket: Bucket, job_id: str) -> Any:
        found = ci.job(bucket, job_id)
        silent = (Stream("video", duration=30.0),)
        return found and found._replace(media=found.media and found.media._replace(streams=silent))

    config = replace(desk.services.config, may_lose=words)
    with desk.instead(cos=Altered(cos, media=media), ci=Altered(ci, job=job), config=config):
        desk.arrive(*PARTS)
        result = only(desk.call_back())
    assert result.action == ("finished" if words == {"audio"} else "kept")


def test_parts_of_an_object_are_read_by_range(desk: Desk) -> None:
    """As many bytes as there are; none of what is not there."""
    desk.cloud.store.put(desk.cloud.bucket, "a.bin", bytes(range(100)))
    parts = [ByteRange("a.bin", 0, 4), ByteRange("a.bin", 90, 50), ByteRange("a.bin", 200, 5), ByteRange("no", 0, 5)]
    found = desk.services.cos.read(desk.services.config.bucket, parts)
    assert [found[part] for part in parts] == [bytes(range(4)), bytes(range(90, 100)), b"", b""]
