"""Objects that a request names beside its fragments: sounds to mix in and images to lay over, by their addresses.

An address counts by its whole host: `demo-1250000000.evil.com` is not the bucket `demo-1250000000`. COS answers for a
bucket under these hosts (436/6224, 436/38865): `cos`, `cos-internal` and `cos.accelerate` at two domains.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from cosconcat.naming.keys import unfit_name

if TYPE_CHECKING:
    from cosconcat.model import Bucket

_DOMAINS = ("myqcloud.com", "tencentcos.cn")


def key_at(url: str, bucket: Bucket) -> tuple[str, str]:
    """The key of the object of `bucket` that lies at `url` (URL-encoded, as the API takes it), and what is wrong with
    it; one of the two is empty. Wrong is another host, or a key that clients read in several ways.
    """
    parts = urlsplit(url)
    if parts.netloc.lower() not in _hosts(bucket):
        return "", f"is in another bucket; allowed: {bucket.name}, as http(s)://{bucket.cos_host}/<key>"
    key = unquote(parts.path, errors="surrogateescape").removeprefix("/")
    unfit = "names no key" if not key or key.startswith("/") else unfit_name(key)
    return ("", unfit) if unfit else (key, "")


def _hosts(bucket: Bucket) -> frozenset[str]:
    places = (f"cos.{bucket.region}", f"cos-internal.{bucket.region}", "cos.accelerate")
    return frozenset(f"{bucket.name}.{place}.{domain}" for place in places for domain in _DOMAINS)
