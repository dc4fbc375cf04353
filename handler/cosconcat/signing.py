"""HMAC-SHA256 with `CONCAT_CALLBACK_SECRET`: on the address each job calls back, and on notifications that go out.

Cloud Infinite signs nothing, so the address itself carries the proof: only who knows the secret can name an address
whose signature fits the job's token. Whoever sees one address can repeat that one message, and no other; it makes
the function read the job again and nothing else. The signed texts cannot be taken for one another: a token starts
with `cosconcat/`, a topic with `topic/`, a notification with a number.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit, urlunsplit

from cosconcat.model import Token

if TYPE_CHECKING:
    from cosconcat.config import Config


def callback_url(config: Config, token: Token) -> str:
    """`CONCAT_CALLBACK_URL` with `token` and its `signature` added to whatever query it has."""
    return _signed(config, config.callback_url, {"token": str(token)}, str(token))


def topic_url(config: Config, address: str, topic: str) -> str:
    """`address` signed for an HTTP subscription of a CMQ topic: for the topic's name, as it has no job of its own."""
    return _signed(config, address, {}, _topic_text(topic))


def signed_by_us(config: Config, token: Token, signature: str) -> bool:
    """Whether `signature` is ours over this token, by the current secret or the old one; in constant time."""
    return _fits(config, str(token), signature)


def topic_signed_by_us(config: Config, topic: str, signature: str) -> bool:
    """Whether `signature` is ours over a CMQ topic's name, by the current secret or the old one; in constant time."""
    return _fits(config, _topic_text(topic), signature)


def sign_body(secret: str, timestamp: int, body: bytes) -> str:
    """Signature (64 hex) of a notification: over `<timestamp>.<body>`, the timestamp in whole epoch seconds."""
    return _hmac(secret, b"%d." % timestamp + body)


def _signed(config: Config, address: str, query: dict[str, str], text: str) -> str:
    parts = urlsplit(address)
    added = urlencode({**query, "signature": _hmac(config.callback_secret, text.encode())}, safe="/")
    return urlunsplit(parts._replace(query=f"{parts.query}&{added}" if parts.query else added, fragment=""))


def _fits(config: Config, text: str, signature: str) -> bool:
    """Every secret is tried whether or not an earlier one fits, so that the time tells nothing."""
    offered = signature.encode(errors="replace")
    fits = [
        hmac.compare_digest(_hmac(secret, text.encode()).encode(), offered)
        for secret in (config.callback_secret, config.callback_secret_old)
        if secret
    ]
    return any(fits)


def _topic_text(topic: str) -> str:
    return f"topic/{topic}"


def _hmac(secret: str, text: bytes) -> str:
    if not secret:
        raise ValueError("CONCAT_CALLBACK_SECRET is empty: an HMAC without a key proves nothing")
    return hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
