"""HTTP sessions that read proxy and certificate settings once.

requests goes through the whole environment twice at every call, for proxies and certificates, which takes a third of
the processor time of a small one. Here the result is kept from one invocation to the next, for as long as the variables
that it follows from say the same. Imports requests, so it is imported when first used.
"""

from __future__ import annotations

import os
from typing import Any

from requests import Session

_FOLLOWED = tuple(
    name
    for lower in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle")
    for name in (lower, lower.upper())
)


class SteadySession(Session):
    """A session that keeps what the environment says about each host."""

    def __init__(self) -> None:
        super().__init__()
        self._seen: tuple[str | None, ...] = ()
        self._kept: dict[object, dict[str, Any]] = {}

    def reload_environment(self) -> None:
        """Forget what was kept if a variable has changed; once for each invocation."""
        seen = tuple(map(os.environ.get, _FOLLOWED))
        if seen != self._seen:
            self._seen = seen
            self._kept.clear()

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Proxies, certificates and so on for one request, as requests finds them."""
        if proxies:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        asked = (*url.split("/", 3)[:3], stream, verify, cert)
        if asked not in self._kept:
            self._kept[asked] = dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
        return self._kept[asked]
