"""Media information in a record: JSON objects of what is known, in which an unknown field is no error."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from cosconcat.model import Media, ProbeError, Stream
from cosconcat.records.reading import made
from cosconcat.records.records import Probes


def to_json(probes: Probes, most: int, most_bytes: int) -> Iterator[dict[str, Any]]:
    """The records `probes-<k>.json`, each of at most so many pieces and, with more than one, about so many bytes."""
    part: dict[str, Any] = {}
    size = 0
    for key, found in probes.media.items():
        told = _media(found)
        added = len(json.dumps({key: told}, ensure_ascii=False).encode())
        if part and (len(part) == most or size + added > most_bytes):
            yield _record(probes, part)
            part, size = {}, 0
        part[key] = told
        size += added
    yield _record(probes, part)


def _record(probes: Probes, part: dict[str, Any]) -> dict[str, Any]:
    told = {"fingerprint": probes.fingerprint, "probed": probes.probed, "media": part}
    return told if probes.unanswered_for is None else {**told, "unanswered": True}


def from_json(record: dict[str, Any]) -> Probes:
    """The record `probes-<k>.json`, read back as if it was written just now.

    Raises:
        AttributeError, KeyError, TypeError, ValueError: it is none of ours.
    """
    media = {key: _media_from(told) for key, told in record["media"].items()}
    waited = 0 if record.get("unanswered") is True else None
    return replace(made(Probes, {**record, "media": {}}), media=media, unanswered_for=waited)


def _media(found: Media | ProbeError) -> dict[str, Any]:
    if isinstance(found, ProbeError):
        return {"refused": _known(found)}
    return {**_known(found), "streams": [_known(stream) for stream in found.streams]}


def _media_from(told: dict[str, Any]) -> Media | ProbeError:
    if "refused" in told:
        return made(ProbeError, told["refused"])
    return made(Media, {"duration": None, **told})


def _known(value: Media | ProbeError | Stream) -> dict[str, Any]:
    return {name: held for name, held in value._asdict().items() if held not in (None, "", ())}
