"""Doing a job: fetch its objects, render, store the output. One folder for each job, gone when the job ends."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from local.ci.document import Element
from local.ci.errors import JobFailed
from local.ci.ffmpeg import Ffmpeg
from local.ci.jobs import Job, Outcome
from local.ci.join import EXTENSIONS, join
from local.ci.mediainfo import media_info, synthetic_info
from local.ci.plan import Plan, merged, plan_of
from local.ci.rules import Place

if TYPE_CHECKING:
    from local.cos.store import Store
    from local.switches import Switches

_CONTENT_TYPES = {
    ".mp4": "video/mp4",
    ".flv": "video/x-flv",
    ".m3u8": "application/vnd.apple.mpegurl",
    ".ts": "video/mp2t",
    ".mp3": "audio/mpeg",
    ".aac": "audio/aac",
}


@dataclass
class Workshop:
    """Does jobs, several at once; `stop()` of its ffmpeg ends them."""

    store: Store
    switches: Switches
    ffmpeg: Ffmpeg = field(default_factory=Ffmpeg)

    def do(self, job: Job) -> Outcome:
        """Does the job from its first byte to its last.

        Raises:
            JobFailed: with the code and message that the job ends with.
            Stopped: the service ends.
        """
        plan = _plan(job)
        if self.switches.take("fail_jobs"):
            raise JobFailed("InternalError", "the switch fail_jobs makes this job fail")
        shorten = self.switches.take("short_output")
        with tempfile.TemporaryDirectory(prefix="concat-job-") as name:
            folder = Path(name)
            files = self._fetch(plan, job.place, folder)
            if self.switches.join == "bytes":
                return self._store_bytes(job, plan, files, folder / "output", shorten=shorten)
            made = folder / "made"
            made.mkdir()
            outputs = join(plan, files, made, self.ffmpeg, shorten=shorten)
            return Outcome(self._store(job, plan, outputs), media_info(outputs[0]))

    def _fetch(self, plan: Plan, place: Place, folder: Path) -> Mapping[str, Path]:
        files = {}
        for number, key in enumerate(plan.keys()):
            files[key] = folder / f"{number:05d}"
            if not self.store.download(place.bucket, key, files[key]):
                raise JobFailed("ResourceNotFound", f"{key} does not exist in {place.bucket}")
        return files

    def _store(self, job: Job, plan: Plan, outputs: list[Path]) -> tuple[tuple[str, str], ...]:
        """Uploads the output; the segments of a playlist go first, beside it and under its name (assumed)."""
        operation = job.operation
        bucket = operation.value("Output/Bucket")
        key = output_key(operation.value("Output/Object"), job.id, plan.format)
        stem, slash_name = key.rpartition("/")[0], key.rpartition("/")[2]
        base = f"{stem}/" if stem else ""
        name = slash_name.rpartition(".")[0] or slash_name
        playlist, *segments = outputs
        stored = []
        for segment in segments:
            beside = f"{name}{segment.name.removeprefix('output')}"
            stored.append((base + beside, segment))
        if segments:
            playlist.write_text(playlist.read_text().replace("output_", f"{name}_"))
        stored.insert(0, (key, playlist))
        for target, path in reversed(stored):
            self.store.upload(bucket, target, path, _CONTENT_TYPES.get(path.suffix, "application/octet-stream"))
        return tuple((target, _md5(path)) for target, path in stored)

    def _store_bytes(self, job: Job, plan: Plan, files: Mapping[str, Path], path: Path, *, shorten: bool) -> Outcome:
        """The load-test mode: bytes in order, and media information that follows from their number alone."""
        with path.open("wb") as joined:
            for piece in plan.pieces:
                joined.write(files[piece.key].read_bytes())
            if shorten:
                joined.truncate(joined.tell() // 2)
        return Outcome(self._store(job, plan, [path]), synthetic_info(path.stat().st_size))


def _plan(job: Job) -> Plan:
    template = job.template.body if job.template else None
    concat = merged(template, job.operation.find("ConcatTemplate"))
    marks: list[Element] = [each.body for each in job.watermark_templates] + job.operation.all("Watermark")
    return plan_of(concat, marks, job.input_key, job.place)


def output_key(wanted: str, job_id: str, container: str) -> str:
    """Output.Object with its wildcards resolved."""
    return wanted.replace("${ext}", EXTENSIONS[container]).replace("${jobid}", job_id)


def _md5(path: Path) -> str:
    digest = hashlib.md5()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
