"""Groups of real media through the whole product: upload, job, callback, clean-up, and what is left afterwards.

The functions' use cases run in this process over HTTP against the local cloud, whose CI joins with ffmpeg.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.ci.jobs import Job
from local.media.mediainfo import NotMedia, media_info
from tests.support.desk import Desk

PATIENCE = 240  # seconds for the jobs of a run
LATER, SWEEPS = 300, 3  # seconds that pass before each of so many sweeps, for what did not end at once


@dataclass(frozen=True)
class Ending:
    """How a group ended. `outcome` and `reason` are of its closing record, or of the last word when it has none."""

    outcome: str
    reason: str
    removed: bool
    jobs: int
    output: Path | None
    told: Mapping[str, Any]  # MediaInfo of the output, as the job said


def through(
    settings: Mapping[str, str],
    groups: Mapping[str, Sequence[Path]],
    folder: Path,
    *,
    believing: bool = False,
    damage: str = "",
    archived: Sequence[str] = (),
) -> dict[str, Ending]:
    """Upload the groups one after the other, hear every callback, sweep for the rest.

    Args:
        settings: the functions' variables.
        groups: name and files, in order.
        folder: where the outputs are put.
        believing: CI takes ffmpeg's exit code for success.
        damage: what CI does to every output, one of `local.ci.rendering.damage.DAMAGES`.
        archived: names of groups whose second piece is archived.
    """
    ids = {f"g{at:03}": name for at, name in enumerate(groups)}
    with Desk({"CONCAT_NAMING": "part-of", **settings}) as desk:
        desk.switches.join, desk.switches.believing, desk.switches.damage = "ffmpeg", believing, damage
        said: dict[str, str] = {}
        for gid, name in ids.items():
            keys = [_key(gid, at, files) for files in [groups[name]] for at in range(len(files))]
            for key, path in zip(keys, groups[name], strict=True):
                desk.cloud.store.upload(desk.cloud.bucket, key, path)
            if name in archived:
                desk.switches.archived.add((desk.cloud.bucket, keys[1]))
            said[gid] = _last_word(desk.upload(keys[-1]))
        _hear(desk, said)
        for _ in range(SWEEPS):
            if not desk.keys(".concat/open/"):
                break
            desk.later(LATER)
            desk.sweep()
            _hear(desk, said)
        return {name: _ending(desk, gid, said.get(gid, ""), folder) for gid, name in ids.items()}


def _key(gid: str, at: int, files: Sequence[Path]) -> str:
    return f"fragments/{gid}.part{at + 1}-of-{len(files)}{files[at].suffix}"


def _hear(desk: Desk, said: dict[str, str]) -> None:
    """Wait for the jobs and hand over the callback of each that has not been heard of."""
    assert desk.cloud.ci.wait_idle(PATIENCE), "jobs still ran"
    for job in desk.jobs:
        if job.id not in said:
            said[job.id] = "heard"
            said[_group_of(job)] = _last_word(desk.hear(desk.callback(job)))


def _group_of(job: Job) -> str:
    return job.operation.value("Output/Object").rpartition("/")[2].partition(".")[0]


def _last_word(results: Sequence[Any]) -> str:
    return f"{results[-1].action}: {results[-1].reason}" if results else "nothing"


def _ending(desk: Desk, gid: str, said: str, folder: Path) -> Ending:
    jobs = [job for job in desk.jobs if _group_of(job) == gid]
    joined = next((job for job in reversed(jobs) if job.outcome is not None), None)
    done = _closing_record(desk, gid)
    output = _download(desk, joined, folder) if joined else None
    outcome, _, reason = said.partition(": ")
    return Ending(
        done.get("outcome", outcome),
        done.get("reason") or reason,
        not desk.keys(f"fragments/{gid}."),
        len(jobs),
        output,
        joined.outcome.media_info
        if joined and joined.outcome and isinstance(joined.outcome.media_info, Mapping)
        else {},
    )


def _closing_record(desk: Desk, gid: str) -> dict[str, Any]:
    """What `done.json` of the group says; empty when it has none."""
    for key in desk.keys(".concat/"):
        if key.endswith("/claim-0001.json"):
            claim = json.loads(desk.cloud.store.get(desk.cloud.bucket, key) or b"{}")
            if gid in str(claim.get("group", "")):
                return dict(
                    json.loads(desk.cloud.store.get(desk.cloud.bucket, key.rpartition("/")[0] + "/done.json") or b"{}")
                )
    return {}


def _download(desk: Desk, job: Job, folder: Path) -> Path | None:
    """The output's first file, its segments beside it."""
    assert job.outcome is not None
    paths = []
    for key, _ in job.outcome.files:
        paths.append(folder / key.rpartition("/")[2])
        if not desk.cloud.store.download(desk.cloud.bucket, key, paths[-1]):
            return None
    return paths[0]


def probed(path: Path) -> Mapping[str, Any]:
    """The media information of a file, empty when there is none."""
    try:
        return media_info(path)
    except NotMedia:
        return {}
