"""Recordings cut at gaps at the desk: pieces by their second after yesterday's noon, and what becomes of them."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from cosconcat.functions.retry import handle_retry
from cosconcat.functions.status import handle_status
from cosconcat.records.slots import Slot
from tests.support.desk import Desk

GAP = {"CONCAT_NAMING": "timestamp", "CONCAT_COMPLETION": "gap:60"}
NOON = int(time.time()) // 86_400 * 86_400 - 129_600  # of the day before yesterday: what ends after midnight is past
MIDNIGHT = 43_200


def key(second: int, source: str = "cam") -> str:
    """A piece that starts so many seconds after yesterday's noon."""
    return f"fragments/{source}_{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime(NOON + second))}.mp4"


def ended(second: int, end: int) -> str:
    """A piece whose name tells when it ends as well."""
    return key(second).replace(".mp4", f"-{recording(end, '')[1:]}.mp4")


def recording(second: int, source: str = "cam") -> str:
    """The id of a recording that begins then."""
    return key(second, source)[len("fragments/") : -len(".mp4")]


def put(desk: Desk, *seconds: int, source: str = "cam", content: str = "") -> None:
    """Pieces of 50 seconds."""
    for second in seconds:
        desk.put(key(second, source), content and f"{content}{second}", 50)


def actions(desk: Desk) -> dict[str, str]:
    """What a sweep said of each recording, last."""
    return {result["group"]: result["action"] for result in desk.sweep()["results"]}


def close(desk: Desk) -> dict[str, str]:
    """Time passes, and a sweep closes what is whole."""
    desk.later(300)
    return actions(desk)


def finish(desk: Desk) -> dict[str, str]:
    """Every job runs to its end, and a sweep finds it."""
    assert desk.cloud.ci.wait_idle(20)
    return actions(desk)


def joined(desk: Desk) -> list[int]:
    """How many pieces each claim joins."""
    names = [name for name in desk.keys(".concat/") if name.endswith("/claim-0001.json")]
    claims = [json.loads(desk.cloud.store.get(desk.cloud.bucket, name) or b"{}") for name in names]
    return sorted(len(claim["set"]["fragments"]) for claim in claims)


def slots(desk: Desk) -> list[dict[str, object]]:
    """Every slot, day by day."""
    names = desk.keys(".concat/gap/")
    return [json.loads(desk.cloud.store.get(desk.cloud.bucket, name) or b"{}") for name in names]


def status(desk: Desk, asked: str) -> dict[str, Any]:
    """What the sweep answers to {"status": asked}."""
    answered: dict[str, Any] = json.loads(json.dumps(handle_status(desk.services, asked)["status"]))
    return answered


def retried(desk: Desk, asked: str) -> list[tuple[str, str]]:
    """What the sweep answers to {"retry": asked}: group and action of each."""
    answered = json.loads(json.dumps(handle_retry(desk.services, asked)["results"]))
    return [(one["group"], one["action"]) for one in answered]


def dies_reserving(desk: Desk, kind: str = "main") -> None:
    """A sweep that is killed once it has created a slot of this kind."""
    create = desk.services.slots.create

    def dies(sid: str, day: str, slot: Slot) -> bool:
        created = create(sid, day, slot)
        if slot.kind == kind:
            raise KeyboardInterrupt
        return created

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(desk.services.slots, "create", dies)
        with pytest.raises(KeyboardInterrupt):
            desk.sweep()
