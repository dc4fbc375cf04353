"""Names in any script, through the whole protocol over HTTP: the key that arrives is the key that is joined."""

from __future__ import annotations

from tests.support.desk import Desk, only

GROUPS = (
    "讲座 第一讲",
    "🎥🎬",
    "فيديو",
    "e\u0301te\u0301",
    "été",
    "a%2Fb",
    "a  b",
    "50% + 1",
    "'q' & \"r\"",
    "深/层/夹",
)


def test_any_name_is_joined_under_itself() -> None:
    """Signed, copied into the request, read back, tagged and removed."""
    with Desk() as desk:
        for group in GROUPS:
            pieces = [f"fragments/{group}.part{number}-of-2.MP4" for number in (1, 2)]
            assert only(desk.arrive(*pieces)).action == "submitted", group
            assert only(desk.call_back()).action == "finished", group
        assert sorted(desk.keys("output/")) == sorted(f"output/{group}.mp4" for group in GROUPS)
        assert desk.keys("fragments/") == []
