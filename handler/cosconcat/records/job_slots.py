"""CONCAT_JOBS_PER_HOUR: one create-only slot for each job of a clock hour (UTC, on the service's clock).

    <state>/jobs/<YYYYMMDDTHH>/<k>     k from 1 to the budget; empty

A slot is taken before a claim, spent with the POST, and never given back: whoever dies with it leaves the hour one job
poorer, and nobody can make it one richer.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosconcat.cloud.ports import Cos
    from cosconcat.model import Bucket

HOUR = 3600  # seconds
LOOKS = 3  # at the hour: it may end during the first, and the local clock may be wrong about it


class JobSlots:
    """Takes slots for one invocation; what it learned of the service's clock and of a full hour is remembered."""

    def __init__(self, cos: Cos, bucket: Bucket, prefix: str, most: int, now: Callable[[], float]) -> None:
        self._cos = cos
        self._bucket = bucket
        self._prefix = f"{prefix}jobs/"
        self._most = most
        self._local_now = now
        self._ahead = 0.0  # the service's clock less the local one, seconds
        self._full = -1  # hour since the epoch that is known to be used up
        self._in_hand = -1  # hour of a slot that was taken and not spent

    def take(self) -> str:
        """See to it that a slot of this hour is in hand; returns why there is none, or ''."""
        if self._in_hand == self._hour():
            return ""
        if self.used_up:
            return self.used_up
        hour, taken = self._look()
        for k in range(1, self._most + 1):
            if k not in taken and self._cos.create(self._bucket, f"{self._folder(hour)}{k}", b""):
                self._in_hand = hour
                return ""
        self._full = hour
        return self._used_up()

    @property
    def used_up(self) -> str:
        """Why there is no slot, as far as is known without a call; '' when there may be one."""
        return self._used_up() if self._hour() == self._full else ""

    def spend(self) -> str:
        """Spend the slot in hand on a job that is posted now: it counts in this hour, so where the slot's own is over
        another is taken. Returns why there is none, or ''.
        """
        missing = self.take()
        self._in_hand = -1
        return missing

    def _look(self) -> tuple[int, set[int]]:
        """The service's hour, and the slots of it that LIST shows as taken: it may hide the newest."""
        hour = self._hour()
        for _ in range(LOOKS):
            taken: set[int] = set()
            marker: str | None = ""
            while marker is not None:
                page = self._cos.list(self._bucket, self._folder(hour), marker)
                names = (found.key[len(self._folder(hour)) :] for found in page.objects)
                taken |= {int(name) for name in names if name.isascii() and name.isdigit()}
                marker = page.next_marker
            self._ahead = page.now - self._local_now()
            if self._hour() == hour:
                break
            hour = self._hour()
        return hour, taken

    def _hour(self) -> int:
        """Hours since the epoch, as far as is known by the service's clock."""
        return int(self._local_now() + self._ahead) // HOUR

    def _folder(self, hour: int) -> str:
        return f"{self._prefix}{time.strftime('%Y%m%dT%H', time.gmtime(hour * HOUR))}/"

    def _used_up(self) -> str:
        until = time.strftime("%H:%M", time.gmtime((self._full + 1) * HOUR))
        return f"budget of {self._most} jobs an hour used until {until}"
