"""A job as the API tells of it: its states, its times, and the nodes of JobsDetail."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from local.ci.document import Element, Tree
from local.ci.rules import Place

CHINA = timezone(timedelta(hours=8))
FINAL = ("Success", "Failed", "Cancel")
WAITING = ("Submitted", "Pause")


@dataclass(frozen=True)
class Template:
    """A template that jobs may name; `body` is its ConcatTemplate or Watermark."""

    id: str
    tag: str
    name: str
    body: Element
    created: float


@dataclass(frozen=True)
class Outcome:
    """What a finished job wrote: (key, MD5 in hex) of each object, and the media information of the first."""

    files: tuple[tuple[str, str], ...]
    media_info: Tree


@dataclass
class Job:
    """One job. `sequence` grows with each job of the service; times are epoch seconds, 0 = not yet."""

    id: str
    sequence: int
    place: Place
    queue_id: str
    request: Element
    created: float
    template: Template | None = None
    watermark_templates: tuple[Template, ...] = ()
    state: str = "Submitted"
    code: str = "Success"  # meaningful only when Failed
    message: str = ""
    started: float = 0
    ended: float = 0
    outcome: Outcome | None = field(default=None, repr=False)

    @property
    def operation(self) -> Element:
        """Request.Operation."""
        return self.request.find("Operation") or Element("Operation")

    @property
    def level(self) -> int:
        """JobLevel: the higher, the sooner."""
        return int(self.operation.value("JobLevel", "0"))

    @property
    def input_key(self) -> str:
        """Input.Object, "" when the job has none."""
        return self.request.value("Input/Object")


def moment(seconds: float) -> str:
    """A time in the API's form, "2022-06-27T15:23:10+0800", or "-" when it is not known yet."""
    return datetime.fromtimestamp(seconds, CHINA).strftime("%Y-%m-%dT%H:%M:%S%z") if seconds else "-"


def details(job: Job) -> dict[str, Tree]:
    """The nodes of JobsDetail in the order of the page.

    Input is left out for a job without one, nodes of Operation are as they were sent, wildcards unexpanded.
    """
    told: dict[str, Tree] = {
        "Code": job.code,
        "Message": job.message,
        "JobId": job.id,
        "State": job.state,
        "CreationTime": moment(job.created),
        "StartTime": moment(job.started),
        "EndTime": moment(job.ended),
        "QueueId": job.queue_id,
        "Tag": "Concat",
    }
    if job.input_key:
        told["Input"] = {"BucketId": job.place.bucket, "Object": job.input_key, "Region": job.place.region}
    told["Operation"] = _operation(job)
    return told


def _operation(job: Job) -> dict[str, Tree]:
    sent = job.operation.tree()
    told: dict[str, Tree] = {}
    if job.template is not None:
        told = {"TemplateId": job.template.id, "TemplateName": job.template.name}
    if isinstance(sent, dict):
        told |= {name: tree for name, tree in sent.items() if name not in told}
    told.setdefault("JobLevel", "0")
    if job.outcome is not None:
        told["MediaInfo"] = job.outcome.media_info
        told["MediaResult"] = {"OutputFile": _output_file(job, job.outcome)}
    return told


def _output_file(job: Job, outcome: Outcome) -> dict[str, Tree]:
    """One or several ObjectName and Md5Info; ObjectPrefix is empty as in the samples of single outputs."""
    return {
        "Bucket": job.operation.value("Output/Bucket"),
        "Md5Info": [{"Md5": md5, "ObjectName": key} for key, md5 in outcome.files],
        "ObjectName": [key for key, _ in outcome.files],
        "ObjectPrefix": "",
        "Region": job.operation.value("Output/Region"),
    }
