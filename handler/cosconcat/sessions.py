"""Sessions of requests that look at their surroundings once.

requests goes through the whole environment twice at every call, for proxies and certificates, which takes a third of
the processor time of a small one. Here the result is kept for as long as the variables that it follows from say the
same. Imports requests, so it is imported when first used.
"""

from __future__ import annotations

import os
from typing import Any, ClassVar

from requests import Session

_FOLLOWED = tuple(
    name
    for lower in ("http_proxy", "https_proxy", "all_proxy", "no_proxy", "requests_ca_bundle", "curl_ca_bundle")
    for name in (lower, lower.upper())
)


class SteadySession(Session):
    """A session that keeps, with all others of the process, what the environment says about each host."""

    kept: ClassVar[dict[object, dict[str, Any]]] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Proxies, certificates and so on for one request, as requests finds them."""
        if proxies:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        host = url.split("/", 3)[:3]
        asked = (*host, stream, verify, cert, *map(os.environ.get, _FOLLOWED))
        if asked not in self.kept:
            self.kept[asked] = dict(super().merge_environment_settings(url, proxies, stream, verify, cert))
        return self.kept[asked]
