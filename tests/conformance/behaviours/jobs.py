"""CI: what probes say of media, what jobs do, and where they are found again."""

from __future__ import annotations

import pytest

from cosconcat.model import Job, Media, ProbeError
from tests.conformance.behaviours.behaviour import CI, COS, NOWHERE, Chapter
from tests.conformance.targets import Target, concat

CHAPTER = Chapter()
behaviour = CHAPTER.behaviour


@behaviour("videoinfo tells duration and size of a media file", "documented", f"{COS}55671", "verification")
def probe_media(at: Target) -> None:
    at.clip(f"{at.prefix}1.mp4", 1, 1.5)
    at.cos.put(at.bucket, f"{at.prefix}text.mp4", b"no video at all")
    keys = [f"{at.prefix}{name}" for name in ("1.mp4", "text.mp4", "no.mp4")]
    media, text, nothing = at.cos.media(at.bucket, keys).values()
    assert isinstance(media, Media)
    assert media.duration == pytest.approx(1.5, abs=0.2)
    assert isinstance(text, ProbeError)
    assert isinstance(nothing, ProbeError)


def _uploaded(at: Target, count: int = 2) -> list[str]:
    keys = [f"{at.prefix}{number}.mp4" for number in range(1, count + 1)]
    for number, key in enumerate(keys, 1):
        at.clip(key, number, 1.0)
    return keys


def _ended(at: Target, job_id: str) -> Job:
    def ended() -> Job | None:
        job = at.ci.job(at.bucket, job_id)
        return job if job and job.state not in {"Submitted", "Running"} else None

    return at.until(ended)


@behaviour(
    "a POST that answered created one job; its id is known at once; UserData comes back",
    "documented",
    f"{COS}85030",
    "G2",
)
def post_creates_a_job(at: Target) -> None:
    output = f"{at.prefix}out.${{ext}}"
    posted = at.ci.submit(at.bucket, concat(at.bucket, _uploaded(at), output, "mine/1"))
    job = at.ci.job(at.bucket, posted.id)
    assert job is not None
    assert (job.id, job.tag, job.user_data) == (posted.id, "Concat", "mine/1")
    assert job.output == at.bucket
    assert job.output_key.lstrip("/") in {output, f"{at.prefix}out.mp4"}


@behaviour(
    "two equal POSTs create two jobs: there is no client token",
    "documented",
    f"{COS}85030",
    "the POST is never repeated",
)
def posts_are_not_folded(at: Target) -> None:
    request = concat(at.bucket, _uploaded(at), f"{at.prefix}out.mp4", "twice")
    assert at.ci.submit(at.bucket, request).id != at.ci.submit(at.bucket, request).id


@behaviour("an unknown job id is reported as such", "documented", f"{COS}54010", "jobs that CI forgot")
def unknown_job(at: Target) -> None:
    assert at.ci.job(at.bucket, "j" + "0" * 32) is None


@behaviour("GET /jobs lists every Concat job since a time, newest first", "documented", f"{CI}60576", "adoption")
def jobs_are_listed(at: Target) -> None:
    keys = _uploaded(at)
    posted = []
    for number in range(3):
        request = concat(at.bucket, keys, f"{at.prefix}{number}-${{jobid}}.mp4", f"{at.prefix}{number}")
        posted.append(at.ci.submit(at.bucket, request))
    head = at.cos.head(at.bucket, keys[0])
    assert head is not None

    def listed() -> list[Job] | None:
        found: list[Job] = []
        token = ""
        while True:
            page = at.ci.jobs(at.bucket, head.now - 900, token)
            found += page.jobs
            token = page.next_token
            if not token:
                ours = [job for job in found if job.user_data.startswith(at.prefix)]
                return ours if len(ours) == 3 else None

    assert {job.id for job in at.until(listed, 1500)} == {job.id for job in posted}
    assert not [job for job in at.ci.jobs(at.bucket, head.now + 7200).jobs if job.user_data.startswith(at.prefix)]


@behaviour(
    "GET /jobs lists only jobs created up to endCreationTime",
    "documented",
    f"{CI}60576",
    "a search that stays short however old a claim is",
)
def jobs_are_listed_up_to_a_time(at: Target) -> None:
    key = _uploaded(at, 1)[0]
    head = at.cos.head(at.bucket, key)
    assert head is not None
    posted = at.ci.submit(at.bucket, concat(at.bucket, [key], f"{at.prefix}until.mp4", f"{at.prefix}until"))

    def listed() -> bool | None:
        page = at.ci.jobs(at.bucket, head.now - 900, "", head.now + 900)
        return True if posted.id in {job.id for job in page.jobs} else None

    at.until(listed)
    earlier = at.ci.jobs(at.bucket, head.now - 900, "", head.now - 600)
    assert posted.id not in {job.id for job in earlier.jobs}


@behaviour(
    "a finished job names what it wrote: key resolved, MD5 as the ETag, duration and size",
    "documented",
    f"{COS}75131",
    "verification",
)
def success_is_described(at: Target) -> None:
    posted = at.ci.submit(at.bucket, concat(at.bucket, _uploaded(at, 3), f"{at.prefix}${{jobid}}.${{ext}}", "u"))
    job = _ended(at, posted.id)
    assert job.state == "Success"
    key = f"{at.prefix}{job.id}.mp4"
    assert [file.key.lstrip("/") for file in job.files] == [key]
    head = at.cos.head(at.bucket, key)
    assert head is not None
    assert job.media is not None
    assert job.media.size == head.object.size
    assert job.media.duration == pytest.approx(3.0, abs=0.4)
    assert job.files[0].md5 in {"", head.object.etag} or "-" in head.object.etag


@behaviour(
    "a job whose fragment is missing ends Failed with a code",
    "assumed",
    "error code list without conditions",
    "retry, then gave-up",
)
def missing_fragment_fails(at: Target) -> None:
    keys = [*_uploaded(at), f"{at.prefix}no.mp4"]
    job = _ended(at, at.ci.submit(at.bucket, concat(at.bucket, keys, f"{at.prefix}out.mp4", "u")).id)
    assert job.state == "Failed"
    assert job.code not in {"", "Success"}
    assert at.cos.head(at.bucket, f"{at.prefix}out.mp4") is None


@behaviour(
    "a job's output replaces what lies at its key", "assumed", NOWHERE, "output names are looked at before the claim"
)
def output_overwrites(at: Target) -> None:
    key = f"{at.prefix}out.mp4"
    at.cos.put(at.bucket, key, b"something else")
    job = _ended(at, at.ci.submit(at.bucket, concat(at.bucket, _uploaded(at), key, "u")).id)
    assert job.state == "Success"
    head = at.cos.head(at.bucket, key)
    assert head is not None
    assert head.object.size != len(b"something else")


@behaviour(
    "fragments are joined by FragmentIndex, whatever their order in the document", "documented", f"{COS}85030", "G5"
)
def fragment_index_orders(at: Target) -> None:
    keys = _uploaded(at, 3)
    request = concat(at.bucket, keys, f"{at.prefix}out.mp4", "u", backwards=True)
    job = _ended(at, at.ci.submit(at.bucket, request).id)
    assert job.state == "Success"
    assert at.numbers(f"{at.prefix}out.mp4", 3) == [1, 2, 3]
