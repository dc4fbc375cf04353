"""What `CONCAT_JOB` (all groups) and a manifest's `job` (one group) may say about the request: its `Operation`.

An overlay is laid over what the configuration says, node by node as in JSON Merge Patch (RFC 7396): containers are
merged, texts and lists replaced, null takes a node away. Reading one imports nothing beyond the standard library,
because the configuration is read at every start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cosconcat.errors import InvalidInput
from cosconcat.job import schema
from cosconcat.job.request import Operation

_OURS = {
    "Output": "the function decides it; see CONCAT_OUTPUT_KEY, CONCAT_OUTPUT_BUCKET, CONCAT_OUTPUT_REGION",
    "UserData": "the function ties the job to its claim with it",
    "ConcatFragment": "the function lists the group's fragments; trims belong in a manifest's fragments",
    "Index": "it places an Input, and the function sends only fragments",
    "Input": "the function sends only fragments; see a manifest's intro and outro",
    "QueueId": "it is not part of Operation; see CONCAT_QUEUE_ID",
    "Tag": "the function sends Concat",
    "Operation": "what is written here is laid over Operation; leave this level out",
    "CallBack": "the function decides it; see CONCAT_CALLBACK_URL",
    "CallBackFormat": "the function decides it; see CONCAT_CALLBACK_FORMAT",
    "CallBackType": "the function decides it; see CONCAT_CALLBACK_URL and CONCAT_CALLBACK_MQ",
    "CallBackMqConfig": "the function decides it; see CONCAT_CALLBACK_MQ",
}


def read_overlay(value: object, path: str) -> Mapping[str, object]:
    """The overlay in parsed JSON, with every number and boolean as text.

    Args:
        value: parsed JSON, in the node names below `Operation`, e.g. `{"ConcatTemplate": {"Video": {"Crf": 25}}}`.
        path: what messages call it, e.g. `CONCAT_JOB`.

    Raises:
        InvalidInput: with every mistake at once: an unknown node (the nearest known one is suggested), a node that
            the function decides itself, a value that is not allowed, values that exclude each other.
    """
    problems: list[str] = []
    try:
        text = schema.textual(value)
        schema.read(Operation, _without_ours(text, path, problems), path, problems, "partial")
    except RecursionError:
        raise InvalidInput([f"{path}: nested deeper than any request"]) from None
    if not isinstance(text, dict) or problems:
        raise InvalidInput(problems or [f"{path}: {value!r} is not a JSON object"])
    return text


def lay_over(below: Mapping[str, Any], above: Mapping[str, object]) -> dict[str, Any]:
    """`above` merged over `below` (RFC 7396); neither is changed."""
    merged = dict(below)
    for name, value in above.items():
        if value is None:
            merged.pop(name, None)
        elif isinstance(value, Mapping):
            under = merged.get(name)
            merged[name] = lay_over(under if isinstance(under, Mapping) else {}, value)
        else:
            merged[name] = value
    return merged


def _without_ours(value: object, path: str, problems: list[str]) -> object:
    """The value less the nodes that are the function's own, each of which is a problem."""
    if not isinstance(value, dict):
        return value
    rest = {}
    for name, child in value.items():
        if name in _OURS:
            problems.append(f"{path}.{name}: refused here; {_OURS[name]}")
        else:
            rest[name] = _without_ours(child, f"{path}.{name}", problems)
    return rest
