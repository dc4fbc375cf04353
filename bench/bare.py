"""Run by `warm` in a process of its own: submitting events by our function, and the same calls by the bare SDK."""

from __future__ import annotations

import contextlib
import cProfile
import io
import json
import logging
import os
import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from qcloud_cos import CosConfig, CosS3Client

import upload

BUCKET, REGION = os.environ["CONCAT_BUCKET"], os.environ["CONCAT_REGION"]
PARTS = {
    "requests, urllib3, http": {"requests", "urllib3", "http", "email", "socket", "charset_normalizer", "idna"},
    "the SDK": {"qcloud_cos"},
}
logging.disable()
client = CosS3Client(
    CosConfig(
        Region=REGION,
        SecretId=os.environ["TENCENTCLOUD_SECRETID"],
        SecretKey=os.environ["TENCENTCLOUD_SECRETKEY"],
        Token=os.environ["TENCENTCLOUD_SESSIONTOKEN"],
        Scheme="http",
    )
)


def ours(event: dict[str, Any]) -> None:
    """One event."""
    with contextlib.redirect_stdout(io.StringIO()):
        said = upload.main_handler(event, {})
    assert said["results"][0]["action"] == "submitted", said  # type: ignore[index]  # a plain dict, as the platform has it


def bare(keys: list[str], group: str) -> None:
    """The calls that a submission takes."""
    listed = client.list_objects(Bucket=BUCKET, Prefix=f"fragments/{group}.", MaxKeys=1000)["Contents"]
    assert len(listed) == len(keys)
    assert not client.object_exists(Bucket=BUCKET, Key=f"output/{group}.mp4")
    create(f".concat/{group}/claim-0001.json", json.dumps(listed).encode())
    create(f".concat/open/{group}", b"")
    url = f"http://{BUCKET}.cos.{REGION}.myqcloud.com/"
    pieces = [{"Url": url + key, "FragmentIndex": at} for at, key in enumerate(keys)]
    operation = {
        "ConcatTemplate": {"ConcatFragment": pieces, "Container": {"Format": "mp4"}},
        "Output": {"Region": REGION, "Bucket": BUCKET, "Object": f"output/{group}.mp4"},
        "UserData": group,
    }
    job = {"Tag": "Concat", "Operation": operation}
    answer = client.ci_create_media_jobs(Bucket=BUCKET, Jobs=job, Lst={}, ContentType="application/xml")
    create(f".concat/{group}/job-0001.json", json.dumps({"job": answer["JobsDetail"][0]["JobId"]}).encode())


def create(key: str, body: bytes) -> None:
    """A PUT that overwrites nothing."""
    client.put_object(Bucket=BUCKET, Key=key, Body=body, EnableMD5=True, Metadata={"x-cos-forbid-overwrite": "true"})


def part(filename: str) -> str:
    """To which part of the work a source file belongs."""
    path = Path(filename)
    if "cosconcat" in path.parts or path.name == "upload.py":
        return f"cosconcat: {path.stem}"
    for name, packages in PARTS.items():
        if not packages.isdisjoint((*path.parts, path.stem)):
            return name
    return "rest of the standard library"


def spent(profile: cProfile.Profile) -> Counter[str]:
    """Seconds by part; what is written in C counts for its caller."""
    seconds: Counter[str] = Counter()
    profile.create_stats()
    for (filename, _, _), (_, _, own, _, _) in profile.stats.items():
        seconds[part(filename)] += own
    return seconds


def main() -> None:
    """Read the work, do it in turn, print both lists of seconds, the first round of each for warming up, and where the
    time of those that come after goes.
    """
    asked = json.load(sys.stdin)
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    profiles = {name: cProfile.Profile(time.process_time, builtins=False) for name in times}
    for number, item in enumerate(asked["work"]):
        steps = [("ours", partial(ours, item["event"])), ("bare", partial(bare, item["keys"], item["group"]))]
        for name, step in steps if number % 2 else steps[::-1]:
            if number >= asked["timed"]:
                profiles[name].runcall(step)
                continue
            began = time.process_time()
            step()
            times[name].append(time.process_time() - began)
    said = {name: {"seconds": times[name][2:], "parts": spent(profiles[name])} for name in times}
    print(json.dumps(said))


if __name__ == "__main__":
    main()
