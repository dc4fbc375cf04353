"""What to say when nothing answers: where to, through which proxy, and what to look at."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from requests import RequestException

_ADDRESS = ("InvalidProxyURL", "InvalidURL", "InvalidSchema", "MissingSchema")


def cause(error: BaseException) -> RequestException | None:
    """The failure of the network that an error came from, if it did."""
    requests = sys.modules.get("requests")
    seen: BaseException | None = error
    while seen is not None:
        if requests and isinstance(seen, requests.RequestException) and not isinstance(seen, requests.HTTPError):
            found: RequestException = seen
            return found
        seen = seen.__cause__ or seen.__context__
    return None


def sentence(failure: RequestException) -> str:
    """One sentence for a person; no address in it holds a password."""
    request: Any = failure.request
    url = str(request.url) if request is not None else ""
    proxy, kind = _proxy(url), type(failure).__name__
    through = f" through the proxy {_shown(proxy)}" if proxy else ""
    if kind in _ADDRESS:  # of the proxy: the services' own are always good
        return (
            f"no network: the proxy in force cannot be used: {_shown(proxy) or 'see http_proxy and https_proxy'}; "
            "allowed is http://host:port"
        )
    to = f"{urlsplit(url).scheme}://{urlsplit(url).hostname}/" if url else "the service"
    if kind == "SSLError":
        return f"no network: the certificate of {to}{through} is not trusted; REQUESTS_CA_BUNDLE names who is"
    return f"no network: {to} does not answer{through} ({kind})"


def _proxy(url: str) -> str:
    """The proxy that requests takes for an address, "" for none."""
    from requests.utils import get_environ_proxies, select_proxy

    return str((select_proxy(url, get_environ_proxies(url)) if url else "") or "")


def _shown(proxy: str) -> str:
    """The proxy without a user's name and password."""
    before, at, host = proxy.rpartition("@")
    return f"{before.partition('://')[0]}://…@{host}" if at else proxy
