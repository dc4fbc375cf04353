"""Recorders' names through the whole product, over HTTP on the local cloud: two recordings at once and noise."""

from __future__ import annotations

import time

import pytest

from tests.support.desk import Desk

LONG = 9000  # seconds after which every gap and quiet time here has passed, and no signature yet
DAY = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
PLAIN = DAY.replace("-", "")
CASES = {
    "tencent-live": (
        [f"live/s1_{DAY}-10-05-00_{DAY}-10-10-00.mp4", f"live/s1_{DAY}-10-10-00_{DAY}-11-05-00.mp4"],
        [f"live/s2_{DAY}-10-05-00_{DAY}-10-10-00.mp4", f"live/s2_{DAY}-10-10-00_{DAY}-10-15-00.mp4"],
    ),
    "frigate": ([f"{DAY}/10/front/59.{s}.mp4" for s in (38, 48)], [f"{DAY}/10/back/59.{s}.mp4" for s in (38, 48)]),
    "tesla": (
        [f"SentryClips/e1/{DAY}_12-0{m}-00-front.mp4" for m in (0, 1)],
        [f"SentryClips/e1/{DAY}_12-0{m}-00-left_repeater.mp4" for m in (0, 1)],
    ),
    "gopro": (["GOPR1234.MP4", "GP011234.MP4", "GP021234.MP4"], ["GX010119.MP4", "GX020119.MP4"]),
    "dji-numbered": (["a/DJI_0023.MP4", "a/DJI_0025.MP4"], ["b/DJI_0997.MP4", "b/DJI_0998.MP4"]),
    "trtc": (["1400_5678_1.mp4", "1400_5678_2.mp4"], ["1400_91_1.mp4", "1400_91_2.mp4"]),
}


FAST = ("tencent-live", "gopro")


@pytest.mark.parametrize(
    "naming", [name if name in FAST else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_two_recordings_and_noise_become_two_results(naming: str) -> None:
    """With the preset's name alone: each joined once, its pieces removed, and the noise left."""
    with Desk({"CONCAT_NAMING": naming}) as desk:
        for keys in CASES[naming]:
            for key in keys:
                desk.put(f"fragments/{key}", key, 50)
        desk.put("fragments/notes/readme.txt", "noise")
        desk.later(LONG)
        desk.sweep()
        assert desk.cloud.ci.wait_idle(20)
        said = desk.sweep()
        finished = [result for result in said["results"] if result["action"] == "finished"]
        assert len(finished) == 2, said
        assert desk.keys("fragments/") == ["fragments/notes/readme.txt"]
        assert len(desk.keys("output/")) == 2


def test_an_end_sign_of_one_s_own_closes_a_recording_and_stays() -> None:
    """LiveKit's playlist: the recording is joined once it says that nothing more comes, and it is never removed."""
    with Desk({"CONCAT_NAMING": "livekit", "CONCAT_MARKER": "{group}.m3u8"}) as desk:
        pieces = [f"fragments/room_{number:05}.ts" for number in range(2)]
        for key in pieces:
            desk.put(key, key, 4)
        sign = "fragments/room.m3u8"
        desk.cloud.store.put(desk.cloud.bucket, sign, b"#EXTM3U\n")
        desk.later(10)
        desk.sweep()
        assert desk.keys("output/") == []
        desk.cloud.store.put(desk.cloud.bucket, sign, b"#EXTM3U\n#EXT-X-ENDLIST\n")
        desk.sweep()
        assert desk.cloud.ci.wait_idle(20)
        desk.sweep()
        assert desk.keys("output/") == ["output/room.mp4"]
        assert desk.keys("fragments/") == [sign]
