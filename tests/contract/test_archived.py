"""A fragment in an archive class costs no job: CI could not read it."""

from __future__ import annotations

import pytest

from local.cos.versions import NewObject
from tests.support.desk import Desk, only

PIECES = ["fragments/talk.part1-of-2.mp4", "fragments/talk.part2-of-2.mp4"]


@pytest.mark.parametrize("storage_class", ["ARCHIVE", "DEEP_ARCHIVE"])
def test_a_group_with_an_archived_piece_is_invalid_by_name_and_no_job_is_paid_for(storage_class: str) -> None:
    """It says what to do; another class is read like any object."""
    with Desk() as desk:
        store, bucket = desk.cloud.store, desk.cloud.bucket
        desk.put(PIECES[0])
        store.write(bucket, PIECES[1], b"x" * 10_000, NewObject(storage_class=storage_class))
        result = only(desk.upload(PIECES[1]))
        assert result.action == "invalid"
        assert f"{PIECES[1]} is archived ({storage_class})" in result.reason
        assert "restore it" in result.reason
        assert desk.jobs == []
        store.write(bucket, PIECES[1], b"x" * 10_000, NewObject(storage_class="STANDARD_IA"))
        assert only(desk.upload(PIECES[1])).action == "submitted"
