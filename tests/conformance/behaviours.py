"""What the use cases rely on, one behaviour after another: what it is, how it is known, and the check that tells.

`known` is `documented` (with the page), `observed` (with the date, on a real account) or `assumed`. A behaviour
without a check cannot be brought about from outside.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import pytest

from cosconcat.errors import OutcomeUnknown, Rejected, ServiceUnavailable
from cosconcat.model import Job, Media, ObjectInfo, ObjectVersion, ProbeError
from tests.conformance.targets import Target, concat

Check = Callable[[Target], None]
COS, CI = "https://cloud.tencent.com/document/product/436/", "https://cloud.tencent.com/document/product/460/"
NOWHERE = "no statement found"


@dataclass(frozen=True)
class Behaviour:
    """One line of docs/internals/behaviour.md."""

    name: str
    says: str
    known: Literal["documented", "observed", "assumed"]
    source: str
    matters: str  # what would break without it
    check: Check | None = None


ALL: list[Behaviour] = []


def behaviour(
    says: str, known: Literal["documented", "observed", "assumed"], source: str, matters: str
) -> Callable[[Check], Check]:
    """Register the check of a behaviour; its name is the check's."""

    def register(check: Check) -> Check:
        ALL.append(Behaviour(check.__name__.replace("_", "-"), says, known, source, matters, check))
        return check

    return register


def unchecked(
    name: str, says: str, known: Literal["documented", "observed", "assumed"], source: str, matters: str
) -> None:
    """Register a behaviour that no check can bring about."""
    ALL.append(Behaviour(name, says, known, source, matters))


# -- COS: what is there ------------------------------------------------------------------------------------------------


@behaviour("HEAD and GET of a missing key say so", "documented", f"{COS}7745", "everything")
def missing_is_none(at: Target) -> None:
    assert at.cos.head(at.bucket, f"{at.prefix}no") is None
    assert at.cos.get(at.bucket, f"{at.prefix}no") is None
    assert at.cos.heads(at.bucket, [f"{at.prefix}no"]) == {f"{at.prefix}no": None}


@behaviour("GET and HEAD see the last write at once", "assumed", NOWHERE, "every record")
def read_your_writes(at: Target) -> None:
    key = f"{at.prefix}record"
    for body in (b"one", b"two", b"three"):
        at.cos.put(at.bucket, key, body)
        stored, head = at.cos.get(at.bucket, key), at.cos.head(at.bucket, key)
        assert stored is not None
        assert head is not None
        assert (stored.body, head.object.size) == (body, len(body))
        assert stored.head.object == head.object


@behaviour("the ETag of a simple PUT is the MD5 of its bytes, in hex", "documented", f"{COS}7749", "fingerprints")
def etag_is_md5(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"bytes")
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert head.object.etag == hashlib.md5(b"bytes").hexdigest()


@behaviour(
    "Last-Modified changes when the same bytes are put again, a second later or more",
    "assumed", NOWHERE, "A-B-A is seen",
)  # fmt: skip
def same_bytes_new_time(at: Target) -> None:
    key = f"{at.prefix}a"
    at.cos.put(at.bucket, key, b"same")
    first = at.cos.head(at.bucket, key)
    assert first is not None

    def later() -> bool | None:
        head = at.cos.head(at.bucket, key)
        return True if head and head.now >= first.object.last_modified + 2 else None

    at.until(later)
    at.cos.put(at.bucket, key, b"same")
    second = at.cos.head(at.bucket, key)
    assert second is not None
    assert second.object.same_content(first.object)
    assert second.object.last_modified > first.object.last_modified


@behaviour("Date and Last-Modified are of one clock", "assumed", NOWHERE, "leases")
def one_clock(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"")
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert 0 <= head.now - head.object.last_modified <= 5


@behaviour(
    "the ETag of an object that the service encrypts is no MD5, and HEAD says that it is encrypted",
    "documented", f"{COS}7749", "an output is compared with what its job wrote",
)  # fmt: skip
def etag_of_encrypted(at: Target) -> None:
    at.encrypt(f"{at.prefix}a", b"bytes")
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert head.encrypted
    assert (head.object.etag != hashlib.md5(b"bytes").hexdigest(), head.object.size) == (True, 5)


# -- COS and CI: answers without effect --------------------------------------------------------------------------------


def _write_all(at: Target, there: ObjectInfo) -> list[Callable[[], object]]:
    """Everything that writes, of an object that is there."""
    return [
        lambda: at.cos.create(at.bucket, f"{at.prefix}created", b"new"),
        lambda: at.cos.put(at.bucket, there.key, b"other"),
        lambda: at.cos.copy(at.bucket, there, at.bucket, f"{at.prefix}copied"),
        lambda: at.cos.tag(at.bucket, there.key, {"a": "b"}),
        lambda: at.cos.delete(at.bucket, [ObjectVersion(there.key)]),
    ]


@behaviour(
    "a write that is answered by a redirect took no effect, and is a failure for now",
    "assumed", "the SDK raises from status 400 on", "every record and every removal",
)  # fmt: skip
def redirects_change_nothing(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"bytes")
    before = at.cos.head(at.bucket, f"{at.prefix}a")
    assert before is not None
    with at.refusing("redirect"):
        for write in _write_all(at, before.object):
            with pytest.raises(ServiceUnavailable):
                at.together([write])
    after = at.cos.heads(at.bucket, [f"{at.prefix}{name}" for name in ("a", "created", "copied")])
    assert [head and head.object for head in after.values()] == [before.object, None, None]
    assert at.cos.tags(at.bucket, f"{at.prefix}a") == {}


@behaviour(
    "a POST that is answered by a redirect has an unknown outcome; here no job came of it",
    "assumed", NOWHERE, "the POST is never repeated",
)  # fmt: skip
def redirected_post_is_unknown(at: Target) -> None:
    at.clip(f"{at.prefix}1.mp4", 1, 1.0)
    head = at.cos.head(at.bucket, f"{at.prefix}1.mp4")
    assert head is not None
    since = head.now - 900
    known = {job.id for job in at.ci.jobs(at.bucket, since).jobs}
    request = concat(at.bucket, [f"{at.prefix}1.mp4"], f"{at.prefix}out.mp4", "redirected")
    with at.refusing("redirect"), pytest.raises(OutcomeUnknown):
        at.together([lambda: at.ci.submit(at.bucket, request)])
    assert {job.id for job in at.ci.jobs(at.bucket, since).jobs} == known


@behaviour(
    "503 SlowDown changes nothing, and is a failure for now", "documented", f"{COS}7730", "every call may be throttled"
)
def throttling_is_for_now(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"bytes")
    with at.refusing("throttle"), pytest.raises(ServiceUnavailable):
        at.together([lambda: at.cos.delete(at.bucket, [ObjectVersion(f"{at.prefix}a")])])
    assert at.cos.head(at.bucket, f"{at.prefix}a") is not None


# -- COS: create-only --------------------------------------------------------------------------------------------------


@behaviour(
    "PUT with x-cos-forbid-overwrite creates, or answers 409 and changes nothing", "documented", f"{COS}7749", "records"
)
def create_only_once(at: Target) -> None:
    key = f"{at.prefix}record"
    assert at.cos.create(at.bucket, key, b"first")
    assert not at.cos.create(at.bucket, key, b"second")
    assert not at.cos.create(at.bucket, key, b"first")
    stored = at.cos.get(at.bucket, key)
    assert stored is not None
    assert stored.body == b"first"


@behaviour("of creates at the same time exactly one succeeds", "assumed", NOWHERE, "one claim for one content")
def create_is_atomic(at: Target) -> None:
    for turn in range(4):
        key = f"{at.prefix}race-{turn}"
        bodies = [b"writer %d" % number for number in range(8)]
        won = at.together([lambda key=key, body=body: at.cos.create(at.bucket, key, body) for body in bodies])  # type: ignore[misc]  # binds the loop's values
        assert won.count(True) == 1
        stored = at.cos.get(at.bucket, key)
        assert stored is not None
        assert stored.body in bodies


@behaviour(
    "forbid-overwrite does nothing where versioning is or was on",
    "assumed", "reported by several public projects", "the state bucket must never have had versioning",
)  # fmt: skip
def create_is_inert_with_versions(at: Target) -> None:
    if at.versioned is None:
        pytest.skip("this target has no bucket with versioning")
    key = f"{at.prefix}record"
    assert at.cos.create(at.versioned, key, b"first")
    assert at.cos.create(at.versioned, key, b"second")


# -- COS: listing ------------------------------------------------------------------------------------------------------


@behaviour("LIST is in UTF-8 order and begins after the marker", "documented", f"{COS}7734", "surveys")
def list_order(at: Target) -> None:
    names = ["a.b", "a b", "a+b", "a%20b", "a/1", "a/10", "a/2", "a讲", "aé", "a~", "b"]
    for name in names:
        at.cos.put(at.bucket, at.prefix + name, name.encode())

    def all_listed() -> list[str] | None:
        page = at.cos.list(at.bucket, f"{at.prefix}a")
        return [found.key for found in page.objects] if len(page.objects) == len(names) - 1 else None

    listed = at.until(all_listed)
    assert listed == sorted((at.prefix + name for name in names if name != "b"), key=str.encode)
    after = at.cos.list(at.bucket, f"{at.prefix}a", f"{at.prefix}a/10")
    assert [found.key for found in after.objects] == listed[listed.index(f"{at.prefix}a/10") + 1 :]


@behaviour(
    "a page holds at most what was asked for, the marker goes on exactly there", "documented", f"{COS}7734", "surveys"
)
def list_pages(at: Target) -> None:
    keys = [f"{at.prefix}{number:02}" for number in range(7)]
    for key in keys:
        at.cos.put(at.bucket, key, b"x")
    at.until(lambda: True if len(at.cos.list(at.bucket, at.prefix).objects) == 7 else None)
    seen: list[str] = []
    marker: str | None = ""
    while marker is not None:
        page = at.cos.list(at.bucket, at.prefix, marker, 3)
        assert len(page.objects) <= 3
        seen += [found.key for found in page.objects]
        marker = page.next_marker
    assert seen == keys
    assert at.cos.list(at.bucket, at.prefix, "", 7).next_marker is None


@behaviour(
    "LIST and HEAD agree on ETag, size and Last-Modified once the listing has caught up", "assumed", NOWHERE, "surveys"
)
def list_equals_head(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"12345")
    at.until(lambda: at.cos.list(at.bucket, at.prefix).objects or None)
    head = at.cos.head(at.bucket, f"{at.prefix}a")
    assert head is not None
    assert at.cos.list(at.bucket, at.prefix).objects == (head.object,)


# -- COS: delete, copy, tags -------------------------------------------------------------------------------------------


@behaviour("deleting a missing key is no error", "documented", f"{COS}8289", "clean-up can be resumed")
def delete_is_idempotent(at: Target) -> None:
    at.cos.put(at.bucket, f"{at.prefix}a", b"x")
    versions = [ObjectVersion(f"{at.prefix}a"), ObjectVersion(f"{at.prefix}never was")]
    assert not at.cos.delete(at.bucket, versions)
    assert at.cos.head(at.bucket, f"{at.prefix}a") is None
    assert not at.cos.delete(at.bucket, versions)


@behaviour(
    "with versioning, a delete by version removes that version and no other",
    "documented",
    f"{COS}8289",
    "G1 without exception",
)
def delete_by_version(at: Target) -> None:
    if at.versioned is None:
        pytest.skip("this target has no bucket with versioning")
    key = f"{at.prefix}a"
    at.cos.put(at.versioned, key, b"joined")
    old = at.cos.head(at.versioned, key)
    at.cos.put(at.versioned, key, b"newer")
    assert old is not None
    assert old.version_id
    assert not at.cos.delete(at.versioned, [ObjectVersion(key, old.version_id)])
    kept = at.cos.head(at.versioned, key)
    assert kept is not None
    assert kept.object.size == len(b"newer")


@behaviour(
    "with versioning, deleting the current version brings the one before back",
    "assumed",
    "as S3 has it",
    "old content is not joined",
)
def older_version_comes_back(at: Target) -> None:
    if at.versioned is None:
        pytest.skip("this target has no bucket with versioning")
    key = f"{at.prefix}a"
    at.cos.put(at.versioned, key, b"older")
    at.cos.put(at.versioned, key, b"newest")
    newest = at.cos.head(at.versioned, key)
    assert newest is not None
    assert not at.cos.delete(at.versioned, [ObjectVersion(key, newest.version_id)])
    back = at.cos.get(at.versioned, key)
    assert back is not None
    assert back.body == b"older"


@behaviour("copy obeys x-cos-copy-source-If-Match", "documented", f"{COS}10881", "trash")
def copy_only_if_same(at: Target) -> None:
    source, target = f"{at.prefix}a", f"{at.prefix}trash/a"
    at.cos.put(at.bucket, source, b"one")
    head = at.cos.head(at.bucket, source)
    assert head is not None
    assert at.cos.copy(at.bucket, head.object, at.bucket, target) == "copied"
    copy = at.cos.get(at.bucket, target)
    assert copy is not None
    assert copy.body == b"one"
    at.cos.put(at.bucket, source, b"two")
    assert at.cos.copy(at.bucket, head.object, at.bucket, f"{target}2") == "changed"
    absent = replace(head.object, key=f"{at.prefix}no")
    assert at.cos.copy(at.bucket, absent, at.bucket, f"{target}2") == "changed"
    assert at.cos.head(at.bucket, f"{target}2") is None


@behaviour(
    "a copy with x-cos-forbid-overwrite does not replace, and bears no tags where these are Replaced", "assumed",
    f"{COS}10881", "CONCAT_SINGLE=copy",
)  # fmt: skip
def copy_create_only(at: Target) -> None:
    source, target = f"{at.prefix}a", f"{at.prefix}output/a"
    at.cos.put(at.bucket, source, b"one")
    at.cos.tag(at.bucket, source, {"name": "value"})
    head = at.cos.head(at.bucket, source)
    assert head is not None
    assert at.cos.copy(at.bucket, head.object, at.bucket, target, create_only=True) == "copied"
    assert at.cos.tags(at.bucket, target) == {}
    copy = at.cos.head(at.bucket, target)
    assert copy is not None
    assert (copy.object.etag, copy.crc64) == (head.object.etag, head.crc64)
    at.cos.put(at.bucket, source, b"two")
    head = at.cos.head(at.bucket, source)
    assert head is not None
    assert at.cos.copy(at.bucket, head.object, at.bucket, target, create_only=True) == "taken"
    there = at.cos.get(at.bucket, target)
    assert there is not None
    assert there.body == b"one"


@behaviour(
    "tags are replaced as a whole, and go when the object is overwritten", "documented", f"{COS}42997", "tagging"
)
def tags_are_replaced(at: Target) -> None:
    key = f"{at.prefix}a"
    at.cos.put(at.bucket, key, b"x")
    assert not at.cos.tags(at.bucket, key)
    at.cos.tag(at.bucket, key, {"a": "1", "b": "2"})
    at.cos.tag(at.bucket, key, {"b": "3", "讲": "课"})
    assert at.cos.tags(at.bucket, key) == {"b": "3", "讲": "课"}
    at.cos.put(at.bucket, key, b"y")
    assert not at.cos.tags(at.bucket, key)


@behaviour("tagging does not touch ETag or Last-Modified", "assumed", NOWHERE, "clean-up compares after tagging")
def tags_leave_the_object(at: Target) -> None:
    key = f"{at.prefix}a"
    at.cos.put(at.bucket, key, b"x")
    before = at.cos.head(at.bucket, key)
    at.cos.tag(at.bucket, key, {"a": "1"})
    after = at.cos.head(at.bucket, key)
    assert before is not None
    assert after is not None
    assert before.object == after.object


@behaviour("a missing object has no tags to read or write", "documented", f"{COS}42997", "expire")
def tags_of_nothing(at: Target) -> None:
    with pytest.raises(Rejected):
        at.cos.tags(at.bucket, f"{at.prefix}no")
    with pytest.raises(Rejected):
        at.cos.tag(at.bucket, f"{at.prefix}no", {"a": "1"})


# -- CI: probing -------------------------------------------------------------------------------------------------------


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


# -- CI: jobs ----------------------------------------------------------------------------------------------------------


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


# -- what cannot be brought about from outside -------------------------------------------------------------------------

unchecked(
    "list-lags",
    "LIST may hide keys, show deleted ones and old ETags for a while",
    "documented",
    f"{COS}7734",
    "a listing is never believed alone",
)
unchecked(
    "job-listing-lags",
    "GET /jobs may hide a new job for less than CONCAT_LEASE_SECONDS",
    "assumed",
    NOWHERE,
    "G2 after a crash; a longer lag is not promised against",
)
unchecked(
    "events-0-to-n",
    "COS events come 0 to n times, late, merged, in any order",
    "documented",
    "https://cloud.tencent.com/document/product/583/9707",
    "the sweep",
)
unchecked(
    "async-retries",
    "a failed asynchronous invocation is repeated twice, a minute apart",
    "documented",
    "https://cloud.tencent.com/document/product/583/41138",
    "G3 before the sweep",
)
unchecked(
    "time-limit",
    "an instance is killed at its time limit and sends nothing after it",
    "documented",
    "https://cloud.tencent.com/document/product/583/11637",
    "leases",
)
unchecked(
    "callbacks-0-to-n",
    "CI calls back 0 to n times and signs nothing",
    "assumed",
    "the pages name no signature and no retry",
    "G4",
)
unchecked(
    "requests-end",
    "a request that was given up takes effect within a minute or never",
    "assumed",
    NOWHERE,
    "leases: they are longer than the time limit by more than that",
)
unchecked(
    "refused-post-made-nothing",
    "a POST refused with an error code created no job",
    "assumed",
    NOWHERE,
    "retry after blocked",
)
unchecked(
    "jobs-read-while-running",
    "a job reads each fragment at some time between its start and its end",
    "assumed",
    NOWHERE,
    "superseded and kept",
)
unchecked(
    "jobs-are-kept",
    "CI knows an ended job for weeks",
    "assumed",
    "its console shows a month",
    "a job that is gone from CI counts as failed",
)
