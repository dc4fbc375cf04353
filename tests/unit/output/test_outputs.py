"""Where a joined recording goes, and whose job wrote it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cosconcat.errors import NotYet
from cosconcat.model import Bucket, Fragment, FragmentSet, Job, ObjectInfo, OutputFile
from cosconcat.output.key import expand, with_rev
from cosconcat.records.records import Claim
from cosconcat.submission.lookup import is_job_of
from cosconcat.verification.commit import written_key

BUCKET = Bucket("demo-1250000000", "ap-guangzhou")
SET = FragmentSet("a/v", (Fragment(0, ObjectInfo("fragments/a/v.part1-of-1.mp4", "e", 1, 1)),))
CLAIM = Claim("a/v", 1, 1, "ab" * 16, 1200, SET, SET.fingerprint, BUCKET, "output/a/v.${ext}", "mp4")
JOB = Job("j1", "Concat", "Success", "", "", str(CLAIM.token), BUCKET, "output/a/v.${ext}")


@pytest.mark.parametrize(
    ("key", "container", "job_id", "expected"),
    [
        ("output/v.${ext}", "mp4", "", "output/v.mp4"),
        ("output/v.${ext}", "hls", "", "output/v.m3u8"),
        ("output/${jobid}.${ext}", "ts", "j9", "output/j9.ts"),
        ("output/${jobid}.mp4", "mp4", "", None),
        ("output/v.mp4", "mp4", "", "output/v.mp4"),
    ],
)
def test_wildcards_resolve_as_the_service_does(key: str, container: str, job_id: str, expected: str | None) -> None:
    """${ext} by the container, ${jobid} only once it is known."""
    assert expand(key, container, job_id) == expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("output/v.mp4", "output/v.r0002.mp4"),
        ("output/v.${ext}", "output/v.r0002.${ext}"),
        ("output/v.1/v", "output/v.1/v.r0002"),
        ("v", "v.r0002"),
    ],
)
def test_a_second_content_gets_its_rev_before_the_extension(key: str, expected: str) -> None:
    """A dot in a folder's name is no extension."""
    assert with_rev(key, 2) == expected


def test_a_job_is_ours_only_if_tag_nonce_and_output_agree() -> None:
    """Each of them alone is not enough."""
    nonces = frozenset({CLAIM.nonce})
    assert is_job_of(JOB, CLAIM, nonces)
    assert is_job_of(JOB._replace(output_key="/output/a/v.mp4"), CLAIM, nonces)
    for foreign in (
        JOB._replace(tag="Transcode"),
        JOB._replace(user_data="This is my data."),
        JOB._replace(user_data=str(replace(CLAIM, nonce="cd" * 16).token)),
        JOB._replace(user_data=str(replace(CLAIM, rev=2).token)),
        JOB._replace(user_data=str(replace(CLAIM, group="other").token)),
        JOB._replace(output=Bucket("other-1250000000", "ap-guangzhou")),
        JOB._replace(output_key="output/b.mp4"),
    ):
        assert not is_job_of(foreign, CLAIM, nonces)


def test_the_written_key_is_the_one_that_was_asked_for() -> None:
    """A leading slash is tolerated, another key is not, and an unknown one waits."""
    assert written_key(CLAIM, JOB) == "output/a/v.mp4"
    assert written_key(CLAIM, JOB._replace(files=(OutputFile("/output/a/v.mp4"),))) == "output/a/v.mp4"
    assert written_key(CLAIM, JOB._replace(files=(OutputFile("output/x.mp4"),))) is None
    with pytest.raises(NotYet):
        written_key(replace(CLAIM, output_key="${jobid}.mp4"), JOB._replace(id=""))
