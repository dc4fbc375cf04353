"""What CI answers about jobs (one, several, or a page of them), and the job in a callback's body.

Answers are read tolerantly, because what is sent does not always keep to what is documented: unknown nodes are
skipped, numbers may stand where text is meant, one item may stand for a list, `-` for a time that is not known yet.
A job without an id is an error, because it cannot be anyone's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from cosconcat.errors import SAID_CHARACTERS, InvalidInput
from cosconcat.job import media, parts, schema
from cosconcat.job.markup import read_xml
from cosconcat.job.parts import PAGE, SDK
from cosconcat.job.schema import ANYTHING, Node, branch, branches, leaf, leaves
from cosconcat.model import Bucket, Job, Media, OutputFile
from cosconcat.naming import times
from cosconcat.naming.keys import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILES = 10_000  # hls writes a file for every few seconds
_CHINA = 8 * 3600  # every documented time names this offset (seconds east of UTC); one that names none is taken for it
_NO_ERROR = ("Success", "0")  # the codes that samples print where nothing is wrong
_MD5 = re.compile(r"[0-9a-fA-F]{32}")


class Checksum(Node):
    """The checksum of one written file."""

    ObjectName: str = leaf(ANYTHING, SDK)
    Md5: str = leaf(ANYTHING, SDK)


class WrittenFile(Node):
    """`MediaResult.OutputFile`: what a job wrote."""

    Bucket: str = leaf(ANYTHING, SDK)
    Region: str = leaf(ANYTHING, SDK)
    ObjectPrefix: str = leaf(ANYTHING, SDK)
    ObjectName: tuple[str, ...] = leaves(ANYTHING, SDK, most=_FILES)
    Md5Info: tuple[Checksum, ...] = branches(Checksum, SDK, most=_FILES)


class WrittenFiles(Node):
    """`MediaResult`: the files of a finished job."""

    OutputFile: tuple[WrittenFile, ...] = branches(WrittenFile, SDK, most=_FILES)


class JobInput(Node):
    """The job's Input; the page's table says Bucket, every sample says BucketId, and it may not be there at all."""

    Region: str = leaf(ANYTHING, PAGE)
    Bucket: str = leaf(ANYTHING, PAGE)
    BucketId: str = leaf(ANYTHING, PAGE)
    Object: str = leaf(ANYTHING, PAGE)


class JobTemplate(Node):
    """What matters of the request's ConcatTemplate when it comes back; its fragments may be thousands."""

    Container: parts.Container | None = branch(parts.Container, PAGE)


class JobOperation(Node):
    """The request's Operation as it comes back, and, once the job has ended, what came of it."""

    TemplateId: str = leaf(ANYTHING, PAGE)
    TemplateName: str = leaf(ANYTHING, PAGE)
    ConcatTemplate: JobTemplate | None = branch(JobTemplate, PAGE)
    Output: parts.Output | None = branch(parts.Output, PAGE)
    MediaInfo: media.MediaInfo | None = branch(media.MediaInfo, PAGE)
    MediaResult: WrittenFiles | None = branch(WrittenFiles, PAGE)
    UserData: str = leaf(ANYTHING, PAGE)
    JobLevel: str = leaf(ANYTHING, PAGE)


class JobsDetail(Node):
    """One job. Code and Message mean something only when State is Failed."""

    Code: str = leaf(ANYTHING, PAGE)
    Message: str = leaf(ANYTHING, PAGE)
    JobId: str = leaf(ANYTHING, PAGE)
    Tag: str = leaf(ANYTHING, PAGE)
    State: str = leaf(ANYTHING, PAGE)
    CreationTime: str = leaf(ANYTHING, PAGE)
    StartTime: str = leaf(ANYTHING, PAGE)
    EndTime: str = leaf(ANYTHING, PAGE)
    QueueId: str = leaf(ANYTHING, PAGE)
    Input: JobInput | None = branch(JobInput, PAGE)
    Operation: JobOperation | None = branch(JobOperation, PAGE)


class Answer(NamedTuple):
    """Jobs of one answer, where the next page starts (empty on the last one), and ids that CI does not know."""

    jobs: tuple[Job, ...]
    next_token: str
    missing: tuple[str, ...]


def read_jobs(body: bytes) -> Answer:
    """The answer of POST /jobs, GET /jobs/<ids> or GET /jobs.

    Raises:
        InvalidInput: broken XML, another root than Response, an error in it, a job without an id, or a token that is
            none. Half of it may not be believed: a job of ours could be in the other, and be posted again.
    """
    root, content = read_xml(body, "answer of CI", without=("ConcatFragment",))  # a hundred jobs echo thousands each
    if root != "Response":
        raise InvalidInput([f"answer of CI: the root is {root}; allowed: Response"])
    said = [str(content[name])[:SAID_CHARACTERS] for name in ("Code", "Message") if content.get(name)]
    if said and content.get("Code") not in _NO_ERROR:
        raise InvalidInput([f"answer of CI: an error, {' '.join(said)}"])
    token = content.get("NextToken", "")
    if not isinstance(token, str):
        raise InvalidInput(["answer of CI: NextToken: stands twice, or is no text"])
    return Answer(
        tuple(job_from_details(detail) for detail in _several(content.get("JobsDetail")) if detail != ""),
        token,
        tuple(
            missing.strip()
            for given in _several(content.get("NonExistJobIds"))
            if isinstance(given, str)
            for missing in given.split(",")
            if missing.strip()
        ),
    )


def job_from_details(details: object) -> Job:
    """The job that one `JobsDetail` (nested mappings, from XML or a callback's JSON) describes.

    Raises:
        InvalidInput: it is no container, or has no JobId.
    """
    problems: list[str] = []
    detail = schema.read(JobsDetail, details, "JobsDetail", problems, "tolerant")
    if not detail.JobId:
        raise InvalidInput(["JobsDetail.JobId: missing; a job without an id cannot be followed"])
    operation = detail.Operation or JobOperation()
    output = operation.Output or parts.Output()
    return Job(
        id=detail.JobId,
        tag=detail.Tag,
        state=detail.State[:SAID_CHARACTERS],
        code=detail.Code[:SAID_CHARACTERS],
        message=detail.Message[:SAID_CHARACTERS],
        user_data=operation.UserData,
        output=Bucket(output.Bucket, output.Region),
        output_key=output.Object,
        files=tuple(_files(detail.JobId, operation)),
        media=_media(operation),
        ended=_seconds(detail.EndTime),
    )


def _files(job_id: str, operation: JobOperation) -> Iterator[OutputFile]:
    """The written files with whole keys.

    An older document says that the file is ObjectPrefix + ObjectName; samples have an empty prefix, and one has a
    name with a leading slash although the key asked for has none. Samples also show wildcards left as they were.
    """
    asked = operation.Output.Object if operation.Output else ""
    echoed = operation.ConcatTemplate.Container if operation.ConcatTemplate else None
    container = echoed.Format if echoed else ""

    def whole(prefix: str, name: str) -> str:
        key = name if name.startswith(prefix) else prefix + name
        if key.startswith("/") and not asked.startswith("/"):
            key = key[1:]
        return resolve(key, container, job_id)

    for written in operation.MediaResult.OutputFile if operation.MediaResult else ():
        sums = {whole(written.ObjectPrefix, each.ObjectName): each.Md5.lower() for each in written.Md5Info}
        for name in written.ObjectName:
            if name:
                key = whole(written.ObjectPrefix, name)
                md5 = sums.get(key, "")
                yield OutputFile(key, md5 if _MD5.fullmatch(md5) else "")


def _media(operation: JobOperation) -> Media | None:
    if operation.MediaInfo is None:
        return None
    try:
        return media.media_of(operation.MediaInfo)
    except InvalidInput:
        return None  # an unfinished job may carry an empty MediaInfo


def _seconds(text: str) -> int:
    """Epoch seconds of `2022-06-27T15:23:10+0800`; 0 for `-`, nothing, or anything else that is no time."""
    if text in ("", "-"):
        return 0
    try:
        return times.read_time(text, _CHINA) // 1000
    except ValueError:
        return 0


def _several(value: object) -> list[object]:
    """The items of a node that may stand once, several times or not at all."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]
