"""The documented request signature, written from its description and sharing no code with the SDK or the product.

Steps: KeyTime, SignKey, HttpString, StringToSign, Signature. Names of headers and parameters are URL-encoded and
lower-cased, values URL-encoded, both sorted by name; the path is the decoded one; the body takes no part.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


class Verdict(NamedTuple):
    """Whether a request verifies, and if not, why."""

    good: bool
    why: str = ""


def url_encode(text: str) -> str:
    """Percent-encoding with upper-case digits of every UTF-8 byte that is not unreserved."""
    return "".join(chr(byte) if byte in UNRESERVED else f"%{byte:02X}" for byte in text.encode())


def url_decode(text: str) -> str:
    """The text whose encoding this is; `+` stays `+`."""
    parts = text.split("%")
    raw = parts[0].encode() + b"".join(bytes([int(part[:2], 16)]) + part[2:].encode() for part in parts[1:])
    return raw.decode()


def _hmac_sha1(key: str, text: str) -> str:
    return hmac.new(key.encode(), text.encode(), hashlib.sha1).hexdigest()


def _joined(pairs: Iterable[tuple[str, str]]) -> str:
    return "&".join(
        f"{name}={value}" for name, value in sorted((url_encode(n).lower(), url_encode(v)) for n, v in pairs)
    )


def sign_key(secret_key: str, key_time: str) -> str:
    """HMAC-SHA1 of the key's lifetime with the secret key, in hex."""
    return _hmac_sha1(secret_key, key_time)


def signature(
    key: str,
    key_time: str,
    method: str,
    path: str,
    parameters: Iterable[tuple[str, str]],
    headers: Iterable[tuple[str, str]],
) -> str:
    """The signature by a SignKey over the decoded path and what is to be signed of the request."""
    http_string = f"{method.lower()}\n{path}\n{_joined(parameters)}\n{_joined(headers)}\n"
    return _hmac_sha1(key, f"sha1\n{key_time}\n{hashlib.sha1(http_string.encode()).hexdigest()}\n")


def verify(method: str, target: str, headers: Mapping[str, str], secrets: Mapping[str, str], now: int) -> Verdict:
    """Check a request as it arrived.

    Args:
        method: its verb.
        target: path and query as written on the request line, percent-encoded.
        headers: by lower-case name.
        secrets: secret key by secret id.
        now: epoch seconds.
    """
    given = dict(part.split("=", 1) for part in headers.get("authorization", "").split("&") if "=" in part)
    if given.get("q-sign-algorithm") != "sha1":
        return Verdict(False, "no q-sign-algorithm=sha1")
    secret = secrets.get(given.get("q-ak", ""))
    if secret is None:
        return Verdict(False, "unknown q-ak")
    start, end = (int(part) for part in given["q-sign-time"].split(";"))
    if not start <= now <= end or given["q-key-time"] != given["q-sign-time"]:
        return Verdict(False, "outside q-sign-time")
    path, _, query = target.partition("?")
    pairs = [(url_decode(n), url_decode(v)) for n, _, v in (p.partition("=") for p in query.split("&") if p)]
    signed_parameters = [name for name in given["q-url-param-list"].split(";") if name]
    signed_headers = [name for name in given["q-header-list"].split(";") if name]
    missing = [name for name in signed_headers if name not in headers]
    missing += [name for name in signed_parameters if name not in {url_encode(n).lower() for n, _ in pairs}]
    if missing:
        return Verdict(False, f"signed but not there: {missing}")
    expected = signature(
        sign_key(secret, given["q-key-time"]),
        given["q-sign-time"],
        method,
        url_decode(path),
        [(name, value) for name, value in pairs if url_encode(name).lower() in signed_parameters],
        [(name, headers[name]) for name in signed_headers],
    )
    if not hmac.compare_digest(expected, given["q-signature"]):
        return Verdict(False, "q-signature differs")
    return Verdict(True)
