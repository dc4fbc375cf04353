"""How the users of the simulator name what they upload, read a second time: not by the code under test."""

from __future__ import annotations

import re
from dataclasses import dataclass

HOUR = "20260921T14"  # in which the simulator's time begins, and in which all recordings by time lie
HOUR_ENDS = 1_790_002_800  # epoch seconds
HOUR_BEGINS = HOUR_ENDS - 3600
_PIECE = re.compile(
    r"fragments/(?P<name>.+?)"
    r"(?:\.part(?P<part>\d+)-of-(?P<total>\d+)|/(?P<number>\d+)|_(?P<hour>\d{8}T\d\d)(?P<rest>\d{4})Z"
    r"|_2026-09-21_14-(?P<minute>\d\d)-(?P<second>\d\d))\.mp4"
)


@dataclass(frozen=True)
class Piece:
    """What a fragment's key says: its group, its place in it, and how many there are, if it tells."""

    group: str
    place: int
    total: int | None = None


def read(key: str) -> Piece | None:
    """A fragment's key; None for markers, manifests and everything else."""
    found = _PIECE.fullmatch(key)
    if found is None:
        return None
    if found["hour"]:
        return Piece(f"{found['name']}_{found['hour']}0000Z", int(found["rest"]))
    if found["minute"]:
        return Piece(f"{found['name']}_{HOUR}0000Z", int(found["minute"] + found["second"]))
    total = int(found["total"]) if found["total"] else None
    return Piece(found["name"], int(found["part"] or found["number"]), total)


def by_time(name: str, second: int) -> str:
    """Key of a fragment that began so many seconds after the hour."""
    return f"fragments/{name}_{HOUR}{second // 60:02}{second % 60:02}Z.mp4"


def spelled_otherwise(key: str) -> str:
    """The same moment as another recorder writes it."""
    begins, _, rest = key.removesuffix("Z.mp4").rpartition(f"_{HOUR}")
    return f"{begins}_2026-09-21_14-{rest[:2]}-{rest[2:]}.mp4"


def begins_at(key: str) -> int:
    """When a piece named by time begins, epoch seconds."""
    found = read(key)
    place = found.place if found else 0
    return HOUR_BEGINS + place // 100 * 60 + place % 100
