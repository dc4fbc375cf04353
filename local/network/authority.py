"""The certificate authority of one local cloud: it signs for whatever host a client asks for through the proxy.

Its key lives in this process and ends with it; what clients need is the certificate, which `make up` writes to a file.
"""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import trustme

TRUSTED_BY = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE")  # Python, curl, Node, Go


def https_environment(proxy_url: str, certificate: Path) -> dict[str, str]:
    """What makes a client ask the local cloud for https too, and trust the authority whose certificate is there."""
    return {"https_proxy": proxy_url, "HTTPS_PROXY": proxy_url, **dict.fromkeys(TRUSTED_BY, str(certificate))}


class Authority:
    """Made when it is first needed; thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._made: trustme.CA | None = None
        self._contexts: dict[str, ssl.SSLContext] = {}

    @property
    def certificate(self) -> bytes:
        """The authority's own certificate as PEM text, which a client must trust."""
        with self._guard:
            return bytes(self._authority().cert_pem.bytes())

    def context(self, host: str) -> ssl.SSLContext:
        """What the proxy answers a TLS handshake for `host` with."""
        with self._guard:
            if host not in self._contexts:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                self._authority().issue_cert(host).configure_cert(context)
                self._contexts[host] = context
            return self._contexts[host]

    def _authority(self) -> trustme.CA:
        if self._made is None:
            import trustme

            self._made = trustme.CA(organization_name="cos-concat local cloud")
        return self._made
