"""COS over HTTP, by the unmodified cos-python-sdk-v5: the `Cos` port with its real adapter.

What the SDK does unasked is met here: it drops a leading slash of a key, logs headers and URLs, repeats what failed,
and turns empty answers into None; what answers mean is in `cos_answers.py`. Threads are used here and nowhere else.
Imports the SDK, so it is imported when first used.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from typing import TYPE_CHECKING, TypeVar

from qcloud_cos import CosConfig, CosS3Client
from qcloud_cos.cos_auth import CosS3Auth
from qcloud_cos.cos_comm import dict_to_xml, format_xml, get_md5
from requests.structures import CaseInsensitiveDict

from cosconcat.cloud.cos_answers import (
    GONE_CODES,
    PARALLEL,
    decoded,
    head_of,
    is_page,
    keeps_to,
    listed,
    service_now,
    shared_session,
    translated,
    undeleted,
    whole_body,
)
from cosconcat.cloud.ports import LARGEST, Copied
from cosconcat.cloud.session import Bounds
from cosconcat.errors import Blocked, ConcatError, InvalidInput, Rejected, ServiceUnavailable, TimedOut
from cosconcat.model import (
    ARCHIVES,
    Bucket,
    ByteRange,
    DeleteError,
    Head,
    Media,
    ObjectInfo,
    ObjectVersion,
    Page,
    ProbeError,
    Stored,
    Unanswered,
)

if TYPE_CHECKING:
    from cosconcat.config import Config, Credentials

RETRIES = 2  # by the SDK after 5xx and broken connections, with pauses of 1 and 2 s; never after 4xx or a time-out
QUICK = Bounds(connect=5, read=20, most=LARGEST, least=2, reserve=2)
PROBE = Bounds(connect=5, read=60, most=LARGEST, least=5, reserve=8)  # the service reads much of the object
COPY = Bounds(connect=5, read=120, most=LARGEST, least=10, reserve=8)  # and here all of it
SIMPLE_COPY_BYTES = 5 * 1024**3  # the most that one request copies (document 436/10881)
COPIED_PART_BYTES = 512 * 1024**2  # of what is larger
DELETED_AT_ONCE = 1000  # COS's limit of a multi-delete

_CREATE_ONLY = {"x-cos-forbid-overwrite": "true"}

_K = TypeVar("_K")
_V = TypeVar("_V")


class CosOverHttp:
    """The `Cos` port. One for each invocation, since the role's keys are temporary; connections outlive it.

    No call lasts beyond `deadline` (epoch seconds), the end of the invocation; what cannot be finished by then is not
    begun (ServiceUnavailable).
    """

    def __init__(
        self, config: Config, credentials: Credentials, deadline: float = float("inf"), began: float | None = None
    ) -> None:
        self._scheme = config.scheme
        self._credentials = credentials
        self._deadline = deadline
        self._began = time.time() if began is None else began
        self._clients: dict[tuple[str, Bounds, bool], CosS3Client] = {}

    def list(self, bucket: Bucket, prefix: str, marker: str = "", limit: int = 1000) -> Page:
        """Objects under `prefix` after `marker`, in UTF-8 order. May lag: hide keys or show old ETags."""
        with translated("LIST", bucket, prefix, "ListBucketResult"):
            answer = self._client(bucket).list_objects(
                Bucket=bucket.name, Prefix=prefix, Marker=marker, MaxKeys=limit
            )  # encoding-type=url is sent and undone by the SDK
            contents = answer.get("Contents", ())
            objects = tuple(listed(item) for item in contents)
            is_page(answer, prefix, marker, objects)
            archived = frozenset(item["Key"] for item in contents if item.get("StorageClass") in ARCHIVES)
            more = answer.get("IsTruncated") == "true"
            next_marker = answer.get("NextMarker") or (objects[-1].key if objects else None)
            if more and (next_marker or "") <= marker:  # whoever went on would never come to an end
                raise ServiceUnavailable(f"LIST {bucket.name}/{prefix}: truncated, but no marker to go on from")
            return Page(objects, next_marker if more else None, service_now(), archived)

    def head(self, bucket: Bucket, key: str) -> Head | None:
        """The object as it is now, or None when there is none."""
        try:
            with translated("HEAD", bucket, key):
                return head_of(key, self._client(bucket).head_object(Bucket=bucket.name, Key=_path(key)))
        except Rejected as refusal:
            if refusal.status == 404:  # a HEAD has no body to say more
                return None
            raise

    def heads(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Head | None]:
        """`head` for several keys, a bounded number at a time."""
        self._client(bucket)
        return _each(keys, lambda key: self.head(bucket, key))

    def get(self, bucket: Bucket, key: str) -> Stored | None:
        """A small object with its headers, or None when there is none. What its uploader encoded is decoded.

        Raises:
            InvalidInput: it is larger than 8 MiB, so no record and no manifest; or not encoded as its uploader said.
        """
        try:
            with translated("GET", bucket, key):
                answer = self._client(bucket).get_object(Bucket=bucket.name, Key=_path(key))
                stored, head = whole_body(answer), head_of(key, answer)
        except Rejected as refusal:
            if refusal.code in GONE_CODES:
                return None
            raise
        encoding = CaseInsensitiveDict(answer).get("Content-Encoding", "")
        try:
            return Stored(decoded(stored, encoding), head)
        except ValueError as broken:
            said = (
                f"its Content-Encoding is {encoding[:80]}, but it is not ({broken}); upload it without, or encoded so"
            )
            raise InvalidInput([f"{bucket.name}/{key}: {said}"]) from None

    def create(self, bucket: Bucket, key: str, body: bytes) -> bool:
        """Create-only PUT: True when written, False when the key exists (perhaps by an earlier try of this call).

        COS answers 409 with a code whose name sources disagree on (File- or ObjectAlreadyExists).
        """
        try:
            self._put(bucket, key, body, _CREATE_ONLY)
        except Rejected as refusal:
            if refusal.status == 409 and refusal.code.endswith("AlreadyExists"):
                return False
            raise
        return True

    def put(self, bucket: Bucket, key: str, body: bytes) -> None:
        """Overwriting PUT; only for the sweep's report and cursor."""
        self._put(bucket, key, body, {})

    def copy(
        self, source: Bucket, original: ObjectInfo, target: Bucket, key: str, *, create_only: bool = False
    ) -> Copied:
        """Server-side copy of `original`, whatever its size, if its key still has that ETag.

        `create_only`: only where nothing lies at `key`, and without the tags of the original (document 436/10881).
        What is larger than one request may copy goes part by part, and gets a multipart object's ETag.
        """
        try:
            if original.size > SIMPLE_COPY_BYTES:
                self._copy_in_parts(source, original, target, key, create_only=create_only)
            else:
                self._copy_at_once(source, original, target, key, create_only=create_only)
        except Rejected as refusal:
            if refusal.status == 412 or refusal.code == "NoSuchKey":
                return "changed"
            if refusal.status == 409 and refusal.code.endswith("AlreadyExists"):
                return "taken"
            raise
        return "copied"

    def _copy_at_once(
        self, source: Bucket, original: ObjectInfo, target: Bucket, key: str, *, create_only: bool
    ) -> None:
        apart = {**_CREATE_ONLY, "x-cos-tagging-directive": "Replaced"} if create_only else {}
        with translated("COPY", target, key, "CopyObjectResult"):
            self._client(target, COPY).copy_object(
                Bucket=target.name,
                Key=_path(key),
                CopySource=_copy_source(source, original),
                CopySourceIfMatch=f'"{original.etag}"',
                Metadata=apart,
            )

    def _copy_in_parts(
        self, source: Bucket, original: ObjectInfo, target: Bucket, key: str, *, create_only: bool
    ) -> None:
        """Parts of COPIED_PART_BYTES, a few at a time. Whoever is killed at it leaves parts to a lifecycle rule.

        Where nobody knows whether the last request took effect, what lies at the key tells, once the upload is ended.
        """
        client = self._client(target, COPY)
        with translated("POST uploads", target, key, "InitiateMultipartUploadResult"):
            upload = client.create_multipart_upload(Bucket=target.name, Key=_path(key))["UploadId"]

        def part(number: int) -> str:
            first = (number - 1) * COPIED_PART_BYTES
            last = min(first + COPIED_PART_BYTES, original.size) - 1
            with translated("COPY part", target, key, "CopyPartResult"):
                answer = client.upload_part_copy(
                    Bucket=target.name,
                    Key=_path(key),
                    PartNumber=number,
                    UploadId=upload,
                    CopySource=_copy_source(source, original),
                    CopySourceRange=f"bytes={first}-{last}",
                    CopySourceIfMatch=f'"{original.etag}"',
                )
            return str(answer["ETag"])

        sent = False
        try:
            numbers = range(1, -(-original.size // COPIED_PART_BYTES) + 1)
            etags = _each(numbers, part)
            sent = True
            self._complete(target, key, upload, etags, create_only=create_only)
        except ConcatError as failure:
            with contextlib.suppress(ConcatError), translated("DELETE upload", target, key, success=(200, 204)):
                client.abort_multipart_upload(Bucket=target.name, Key=_path(key), UploadId=upload)
            unknown = sent and isinstance(failure, ServiceUnavailable)
            if not (unknown and self._is_copied(source, original, target, key)):
                raise

    def _complete(self, target: Bucket, key: str, upload: str, etags: Mapping[int, str], *, create_only: bool) -> None:
        """Make the parts an object, by one request: the SDK repeats it, and a second one meets no upload any more."""
        client = self._client(target, COPY, repeat=False)
        address = {"uploadId": upload}
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in etags.items()]
        with translated("POST complete", target, key, "CompleteMultipartUploadResult"):
            client.send_request(  # by hand: the SDK's own would wait for it for 20 minutes
                method="POST",
                url=client.get_conf().uri(bucket=target.name, path=_path(key)),
                bucket=target.name,
                auth=CosS3Auth(client.get_conf(), _path(key), params=address),
                params=address,
                data=dict_to_xml({"Part": parts}),
                headers=dict(_CREATE_ONLY) if create_only else {},
            )

    def _is_copied(self, source: Bucket, original: ObjectInfo, target: Bucket, key: str) -> bool:
        """Whether the object at the key has the bytes of the original, by the CRC-64 that COS tells of both."""
        with contextlib.suppress(ConcatError):
            copy, there = self.head(target, key), self.head(source, original.key)
            if copy is None or there is None or there.object.etag != original.etag:
                return False
            return copy.object.size == original.size and bool(copy.crc64) and copy.crc64 == there.crc64
        return False

    def delete(self, bucket: Bucket, versions: Sequence[ObjectVersion]) -> Sequence[DeleteError]:
        """Multi-delete in batches of 1,000; what could not be deleted is returned. A missing key counts as deleted.

        Never repeated by the SDK: when the answer is lost, the keys may hold new content by the time it would be.
        """
        left: list[DeleteError] = []
        for start in range(0, len(versions), DELETED_AT_ONCE):
            batch = versions[start : start + DELETED_AT_ONCE]
            with translated("POST delete", bucket, batch[0].key, "DeleteResult"):
                answer = self._client(bucket, repeat=False).delete_objects(
                    Bucket=bucket.name, Delete={"Quiet": "true", "Object": [_named(one) for one in batch]}
                )
                left += undeleted(answer, {one.key for one in batch})
        return left

    def tags(self, bucket: Bucket, key: str) -> Mapping[str, str]:
        """The object's tags, possibly none."""
        try:
            with translated("GET tagging", bucket, key, "Tagging"):
                answer = self._client(bucket).get_object_tagging(Bucket=bucket.name, Key=_path(key))
                tag_set = answer.get("TagSet") or {}
                return {tag["Key"]: tag.get("Value") or "" for tag in tag_set.get("Tag", ())}
        except Rejected as refusal:
            if refusal.code == "NoSuchTagSet":
                return {}
            raise

    def tag(self, bucket: Bucket, key: str, tags: Mapping[str, str]) -> None:
        """Replace the object's tags; with none, remove them."""
        with translated("PUT tagging" if tags else "DELETE tagging", bucket, key, "", success=(200, 204)):
            if not tags:
                self._client(bucket).delete_object_tagging(Bucket=bucket.name, Key=_path(key))
                return
            tagging = {"TagSet": {"Tag": [{"Key": name, "Value": value} for name, value in tags.items()]}}
            self._client(bucket).put_object_tagging(
                Bucket=bucket.name,
                Key=_path(key),
                Tagging=tagging,
                ContentMD5=get_md5(format_xml(data=tagging, root="Tagging")).decode(),  # COS wants it, the SDK has none
            )

    def media(self, bucket: Bucket, keys: Sequence[str]) -> Mapping[str, Media | ProbeError | Unanswered]:
        """Probe media files by `?ci-process=videoinfo` (a paid call each), a bounded number at a time.

        A probe that fails for now is `Unanswered`, so that what the others told is not lost. After one that hangs, or
        is refused for the deployment's sake, no other is begun: a group whose pieces hang costs one such wait, not a
        hundred.

        Raises:
            Blocked: one was refused for the deployment's sake, and none told anything.
        """
        self._client(bucket, PROBE)
        stopped: list[TimedOut | Blocked] = []
        found = _each(keys, lambda key: self._probe_or_failure(bucket, key, stopped))
        blocked = next((failure for failure in stopped if isinstance(failure, Blocked)), None)
        if blocked is not None and all(isinstance(one, Unanswered) for one in found.values()):
            raise blocked
        return found

    def read(self, bucket: Bucket, parts: Sequence[ByteRange]) -> Mapping[ByteRange, bytes]:
        """Parts of objects by ranged GET, a bounded number at a time; fewer bytes where the object ends or is gone."""
        self._client(bucket)
        return _each(parts, lambda part: self._read_part(bucket, part))

    def _read_part(self, bucket: Bucket, part: ByteRange) -> bytes:
        try:
            with translated("GET", bucket, part.key, success=(206,)):
                answer = self._client(bucket).get_object(
                    Bucket=bucket.name, Key=_path(part.key), Range=f"bytes={part.start}-{part.start + part.length - 1}"
                )
                held = whole_body(answer)
                if len(held) > part.length:  # the service did not keep to the range
                    raise InvalidInput([f"{bucket.name}/{part.key}: more than the {part.length} bytes asked for"])
                if not keeps_to(part, answer, held):
                    raise ValueError(f"other bytes than the {part.length} from {part.start} on")
                return held
        except Rejected as refusal:
            if refusal.status == 416 or refusal.code in GONE_CODES:
                return b""
            raise

    def _probe_or_failure(
        self, bucket: Bucket, key: str, stopped: MutableSequence[TimedOut | Blocked]
    ) -> Media | ProbeError | Unanswered:
        """`stopped` holds why no further probe is begun: one was not answered in time, or nobody may ask."""
        if stopped:
            return Unanswered(str(stopped[0]))
        try:
            return self._probe(bucket, key)
        except (TimedOut, Blocked) as failure:
            stopped.append(failure)
            return Unanswered(str(failure))
        except ServiceUnavailable as failure:
            return Unanswered(str(failure))

    def _probe(self, bucket: Bucket, key: str) -> Media | ProbeError:
        from cosconcat.job.media import read_media

        try:
            with translated("GET videoinfo", bucket, key, "Response"):
                answer = self._ask(bucket, key, {"ci-process": "videoinfo"})
            return read_media(answer)
        except Rejected as refusal:
            from cosconcat.job.refusals import probe_refused

            return probe_refused(refusal)
        except InvalidInput as mistake:  # an answer without what it promises: the object may be sound
            raise ServiceUnavailable(f"GET videoinfo {bucket.name}/{key}: {mistake}") from None

    def _ask(self, bucket: Bucket, key: str, parameters: dict[str, str]) -> bytes:
        """GET with parameters; the body as it came, where the SDK would evaluate it as Python."""
        client = self._client(bucket, PROBE)
        answer = client.send_request(
            method="GET",
            url=client.get_conf().uri(bucket=bucket.name, path=_path(key)),
            bucket=bucket.name,
            auth=CosS3Auth(client.get_conf(), _path(key), params=parameters),
            params=parameters,
            headers={},
        )
        return bytes(answer.content)

    def _put(self, bucket: Bucket, key: str, body: bytes, headers: Mapping[str, str]) -> None:
        with translated("PUT", bucket, key, ""):
            answer = self._client(bucket).put_object(
                Bucket=bucket.name,
                Key=_path(key),
                Body=body,
                EnableMD5=True,
                ContentType="application/json",
                Metadata=dict(headers),  # the SDK copies these verbatim, so any header can be sent
            )
            if not CaseInsensitiveDict(answer).get("ETag"):  # what stored nothing has none: a cache, a proxy's page
                raise ServiceUnavailable(f"PUT {bucket.name}/{key}: answered without an ETag, so nothing is believed")

    def _client(self, bucket: Bucket, bounds: Bounds = QUICK, *, repeat: bool = True) -> CosS3Client:
        """The SDK's client for a region: it takes the host from there, the bucket with each call."""
        kind = (bucket.region, bounds, repeat)
        if kind not in self._clients:
            config = CosConfig(
                Region=bucket.region,
                SecretId=self._credentials.secret_id,
                SecretKey=self._credentials.secret_key,
                Token=self._credentials.token or None,
                Scheme=self._scheme,
                Timeout=bounds.until(self._deadline, self._began),
            )
            session = shared_session()
            session.reload_environment()
            self._clients[kind] = CosS3Client(config, retry=RETRIES if repeat else 0, session=session)
        return self._clients[kind]


def _path(key: str) -> str:
    """The SDK takes one leading slash away (of a copy's source two); without ours, `/a` would address `a`."""
    return f"/{key}"


def _copy_source(bucket: Bucket, original: ObjectInfo) -> dict[str, str]:
    return {"Bucket": bucket.name, "Region": bucket.region, "Key": f"/{_path(original.key)}"}


def _each(keys: Sequence[_K], ask: Callable[[_K], _V]) -> Mapping[_K, _V]:
    """`ask` for every key, a few at a time; the first failure stops what has not begun."""
    different = tuple(dict.fromkeys(keys))
    if len(different) < 2:
        return {key: ask(key) for key in different}
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(max_workers=min(PARALLEL, len(different))) as pool:
        return dict(zip(different, pool.map(ask, different), strict=True))


def _named(one: ObjectVersion) -> dict[str, str]:
    return {"Key": one.key, "VersionId": one.version_id} if one.version_id else {"Key": one.key}
