"""What the services were asked, counted by caller and kind: the bill, so to say."""

from __future__ import annotations

import threading
from collections import Counter


class Calls:
    """Thread-safe counter of API calls; kinds read like "PUT Object", "LIST", "POST delete", "POST jobs"."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self._guard = threading.Lock()

    def count(self, caller: str, kind: str) -> None:
        """One more call; `caller` is the name of the key that signed it, "" for one that proved nothing."""
        with self._guard:
            self._counts[caller, kind] += 1

    def snapshot(self) -> dict[tuple[str, str], int]:
        """The counts so far by (caller, kind)."""
        with self._guard:
            return dict(self._counts)

    def kinds(self, caller: str | None = None) -> dict[str, int]:
        """The counts so far by kind, of one caller or of all."""
        totals: Counter[str] = Counter()
        for (who, kind), count in self.snapshot().items():
            if caller is None or who == caller:
                totals[kind] += count
        return dict(totals)

    def reset(self) -> None:
        """Start again at zero."""
        with self._guard:
            self._counts.clear()
