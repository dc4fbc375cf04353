"""Doing a job: fetch its objects, render, store the output. One folder for each job, gone when the job ends."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from local.ci.document import Element
from local.ci.errors import JobFailed
from local.ci.jobs import Job, Outcome
from local.ci.rendering.believing import join_believing
from local.ci.rendering.damage import rearranged, spoilt
from local.ci.rendering.ffmpeg import Ffmpeg
from local.ci.rendering.join import EXTENSIONS, join
from local.ci.rendering.plan import Plan, merged, plan_of
from local.ci.rules import Place
from local.media.mediainfo import media_info, synthetic_info

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
        damage = "short" if self.switches.take("short_output") else self.switches.damage
        with tempfile.TemporaryDirectory(prefix="concat-job-") as name:
            folder = Path(name)
            files = self._fetch(plan, job.place, folder)
            if self.switches.join == "bytes":
                return self._store_bytes(job, plan, files, folder / "output", shorten=damage == "short")
            made = folder / "made"
            made.mkdir()
            key = output_key(job.operation.value("Output/Object"), job.id, plan.format)
            joined = join_believing if self.switches.believing else join
            outputs = joined(rearranged(plan, damage), files, made, self.ffmpeg)
            outputs = spoilt(outputs, damage, plan.format, len(plan.pieces), self.ffmpeg)
            outputs = _named_after(key, outputs)
            return Outcome(self._store(job, outputs, key), media_info(outputs[0]))

    def _fetch(self, plan: Plan, place: Place, folder: Path) -> Mapping[str, Path]:
        files = {}
        for number, key in enumerate(plan.keys()):
            files[key] = folder / f"{number:05d}"
            if (place.bucket, key) in self.switches.archived:
                raise JobFailed("ResourceNotSupported", f"{key} is archived and has to be restored first")
            if not self.store.download(place.bucket, key, files[key]):
                raise JobFailed("ResourceNotFound", f"{key} does not exist in {place.bucket}")
        return files

    def _store(self, job: Job, outputs: Sequence[Path], key: str) -> tuple[tuple[str, str], ...]:
        """Uploads the output, a playlist after its segments, which lie beside it."""
        folder = key[: key.rfind("/") + 1]
        keys = [key, *(folder + segment.name for segment in outputs[1:])]
        for target, path in reversed([*zip(keys, outputs, strict=True)]):
            content_type = _CONTENT_TYPES.get(path.suffix, "application/octet-stream")
            self.store.upload(job.operation.value("Output/Bucket"), target, path, content_type)
        return tuple((target, _md5(path)) for target, path in zip(keys, outputs, strict=True))

    def _store_bytes(self, job: Job, plan: Plan, files: Mapping[str, Path], path: Path, *, shorten: bool) -> Outcome:
        """The load-test mode: bytes in order, and media information that follows from their number alone."""
        with path.open("wb") as joined:
            for piece in plan.pieces:
                joined.write(files[piece.key].read_bytes())
            if shorten:
                joined.truncate(joined.tell() // 2)
        key = output_key(job.operation.value("Output/Object"), job.id, plan.format)
        return Outcome(self._store(job, [path], key), synthetic_info(path.stat().st_size))


def _plan(job: Job) -> Plan:
    template = job.template.body if job.template else None
    concat = merged(template, job.operation.find("ConcatTemplate"))
    marks: list[Element] = [each.body for each in job.watermark_templates] + job.operation.all("Watermark")
    return plan_of(concat, marks, job.input_key, job.place)


def output_key(wanted: str, job_id: str, container: str) -> str:
    """Output.Object with its wildcards resolved."""
    return wanted.replace("${ext}", EXTENSIONS[container]).replace("${jobid}", job_id)


def _named_after(key: str, outputs: Sequence[Path]) -> list[Path]:
    """A playlist's segments renamed after its key (assumed), also inside the playlist: out.m3u8, out_00000.ts, …"""
    playlist, *segments = outputs
    if not segments:
        return [playlist]
    stem = PurePosixPath(key).stem
    text = playlist.read_text()
    renamed = []
    for segment in segments:
        name = segment.name.replace("output", stem, 1)
        text = text.replace(segment.name, name)
        renamed.append(segment.rename(segment.with_name(name)))
    playlist.write_text(text)
    return [playlist, *renamed]


def _md5(path: Path) -> str:
    digest = hashlib.md5()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
