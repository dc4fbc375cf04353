"""The request signature of COS and CI (document 436/7778), checked from its description and not from any client.

sign key       = hex(HMAC-SHA1(secret key, key time))
request text   = method, decoded path, parameters, headers, each followed by a line feed
text to sign   = "sha1", key time, hex(SHA1(request text)), likewise
signature      = hex(HMAC-SHA1(sign key, text to sign))
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from local.network.http import Request

FIELDS = (
    "q-sign-algorithm",
    "q-ak",
    "q-sign-time",
    "q-key-time",
    "q-header-list",
    "q-url-param-list",
    "q-signature",
)
_TIME = re.compile(r"(\d{1,12});(\d{1,12})", re.ASCII)


class Malformed(ValueError):  # noqa: N818 -- says what is the matter with a signature
    """The signature cannot be read, or names what the request does not have; the message says which part."""


@dataclass(frozen=True)
class Signature:
    """What an Authorization header (or the same fields as URL parameters) claims; times are epoch seconds."""

    secret_id: str
    sign_time: str
    key_time: str
    headers: tuple[str, ...]
    parameters: tuple[str, ...]
    digest: str

    @property
    def window(self) -> tuple[int, int]:
        """First and last second at which both times hold."""
        spans = [_span(self.sign_time), _span(self.key_time)]
        return max(start for start, _ in spans), min(end for _, end in spans)


def is_signed(request: Request) -> bool:
    """Whether the request carries any signature, good or bad."""
    return bool(request.headers.get("authorization")) or any(name in (*FIELDS, "sign") for name, _ in request.query)


def read(request: Request) -> Signature | None:
    """The signature of a request from its header, or from its URL: field by field or whole in the parameter `sign`.

    Raises:
        Malformed: a field is missing, doubled, unknown or not of its form.
    """
    header = request.headers.get("authorization") or request.parameter("sign") or ""
    if header:
        pairs = [part.partition("=") for part in header.split("&")]
        fields = [(name.strip(), value) for name, _, value in pairs]
    else:
        fields = [(name, value) for name, value in request.query if name in FIELDS]
    return _signature(fields) if fields else None


def _signature(fields: Iterable[tuple[str, str]]) -> Signature:
    found: dict[str, str] = {}
    for name, value in fields:
        if name not in FIELDS:
            raise Malformed(f"{name[:40]!r} is not a field of a signature")
        if name in found:
            raise Malformed(f"{name} is given twice")
        found[name] = value
    missing = [name for name in FIELDS if name not in found]
    if missing:
        raise Malformed(f"{', '.join(missing)} is missing")
    if found["q-sign-algorithm"] != "sha1":
        raise Malformed(f"q-sign-algorithm is {found['q-sign-algorithm'][:40]!r}, only sha1 is defined")
    for name in ("q-sign-time", "q-key-time"):
        _span(found[name], name)
    return Signature(
        secret_id=found["q-ak"],
        sign_time=found["q-sign-time"],
        key_time=found["q-key-time"],
        headers=_names(found["q-header-list"], "q-header-list"),
        parameters=_names(found["q-url-param-list"], "q-url-param-list"),
        digest=found["q-signature"],
    )


def _span(text: str, name: str = "time") -> tuple[int, int]:
    match = _TIME.fullmatch(text)
    if match is None or int(match[1]) > int(match[2]):
        raise Malformed(f"{name} is {text[:40]!r}, expected <start>;<end> in epoch seconds")
    return int(match[1]), int(match[2])


def _names(text: str, field: str) -> tuple[str, ...]:
    """The names in a list, each encoded and then lower-cased, as the description has it: `a/b` is `a%2fb`."""
    names = tuple(text.split(";")) if text else ()
    if any(name != name.lower() or not name for name in names):
        raise Malformed(f"{field} must hold lower-case names joined by ';'")
    names = tuple(_encoded_name(unquote(name)) for name in names)
    if len(set(names)) < len(names):
        raise Malformed(f"{field} names something twice")
    return names


def expected(signature: Signature, request: Request, secret_key: str) -> str:
    """The digest that this request must carry if it was signed with `secret_key`.

    Raises:
        Malformed: a list names a header or parameter that the request does not have.
    """
    headers = _listed(signature.headers, request.headers, "header")
    parameters = _listed(signature.parameters, _first_values(request.query), "URL parameter")
    text = f"{request.method.lower()}\n{request.decoded_path}\n{parameters}\n{headers}\n"
    hashed = hashlib.sha1(text.encode("utf-8", "surrogateescape")).hexdigest()
    sign_key = _hmac(secret_key, signature.key_time)
    return _hmac(sign_key, f"sha1\n{signature.sign_time}\n{hashed}\n")


def _listed(names: Iterable[str], values: Mapping[str, str], what: str) -> str:
    """`name=value&...` over the listed names in order of name, both encoded, the name lower-cased after that."""
    given = {_encoded_name(name): value for name, value in values.items()}
    pairs = []
    for name in sorted(_encoded_name(unquote(name)) for name in names):
        if name not in given:
            raise Malformed(f"the signature names the {what} {unquote(name)!r}, which the request does not have")
        pairs.append(f"{name}={_encoded(given[name])}")
    return "&".join(pairs)


def _first_values(query: Iterable[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in query:
        values.setdefault(name.lower(), value)
    return values


def _encoded_name(name: str) -> str:
    return _encoded(name).lower()


@lru_cache(maxsize=4096)  # names, tokens and types are the same in call after call
def _encoded(text: str) -> str:
    """Percent-encoding of everything but letters, digits and `-_.~`."""
    return quote(text, safe="-_.~", errors="surrogateescape")


def _hmac(key: str, message: str) -> str:
    return hmac.new(key.encode(), message.encode(), hashlib.sha1).hexdigest()
