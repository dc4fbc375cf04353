"""The API's wildcards in an output key: `${ext}` and `${jobid}`, which the service fills in."""

from __future__ import annotations

# What `${ext}` becomes for each `Container.Format`. That hls becomes m3u8 is assumed: the API page says only
# "encapsulation format".
EXTENSIONS = {"mp4": "mp4", "flv": "flv", "hls": "m3u8", "ts": "ts", "mp3": "mp3", "aac": "aac"}


def resolve(key: str, container: str, job_id: str = "") -> str:
    """`key` as the service writes it; a wildcard whose value is not known (empty) stays as it is."""
    if container:
        key = key.replace("${ext}", EXTENSIONS.get(container, container))
    return key.replace("${jobid}", job_id) if job_id else key
