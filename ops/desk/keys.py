"""The keys of the account, under the names by which a function finds them."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from ops.desk.dotenv import UNSET
from ops.desk.mistakes import Mistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# The names under which the deployment tool keeps its keys in .env, and those that a function finds.
KEYS = {
    "TENCENT_SECRET_ID": "TENCENTCLOUD_SECRETID",
    "TENCENT_SECRET_KEY": "TENCENTCLOUD_SECRETKEY",
    "TENCENT_TOKEN": "TENCENTCLOUD_SESSIONTOKEN",
}
_PLAIN = re.compile(r"[!-~]+")  # what may stand in a header
_OF_AN_ID = "AKID"
_LOOPBACK = re.compile(r"localhost|127(?:\.[0-9]{1,3}){3}|::1")


def with_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables, the keys under the names that a function finds them by.

    Raises:
        Mistake: when there are none, when they cannot be any, or when they would travel in the clear.
    """
    known = {name: value.strip() for name, value in environ.items() if value.strip() not in ("", UNSET)}
    keys = {name: known[given] for given, name in KEYS.items() if given in known and name not in known}
    missing = [given for given, name in KEYS.items() if name not in {**known, **keys} and given != "TENCENT_TOKEN"]
    if missing:
        raise Mistake(no_keys(missing))
    found = {given: {**known, **keys}.get(name, "") for given, name in KEYS.items()}
    if problems := [*key_problems(*found.values()), *scheme_problems(known.get("CONCAT_SCHEME", ""), os.environ)]:
        raise Mistake("\n".join(problems))
    return {**environ, **keys}


def no_keys(missing: Sequence[str]) -> str:
    """What to say of keys that are not there, by the names of their variables."""
    return f"no keys: set {' and '.join(missing)} in .env or the shell"


def key_problems(secret_id: str, secret_key: str, token: str) -> Iterator[str]:
    """What is wrong with keys before anybody is asked about them; none of the sentences holds one."""
    for name, value in zip(KEYS, (secret_id, secret_key, token), strict=True):
        if value and not _PLAIN.fullmatch(value):
            yield f"{name} holds a blank, or a character that no key has: copy it from the console again"
    if secret_key.startswith(_OF_AN_ID) and not secret_id.startswith(_OF_AN_ID):
        yield "TENCENT_SECRET_ID and TENCENT_SECRET_KEY are exchanged: the one that begins with AKID is the id"


def scheme_problems(scheme: str, shell: Mapping[str, str]) -> Iterator[str]:
    """Plain http is refused unless a proxy on this machine answers: it would carry the keys' signatures in the clear.

    `shell` are the variables that libraries read a proxy from.
    """
    if scheme.lower() != "http":
        return
    proxies = [shell[name] for name in ("http_proxy", "HTTP_PROXY") if name in shell]  # libraries differ in which
    around = [shell[name] for name in ("no_proxy", "NO_PROXY") if shell.get(name)]
    if not proxies or around or not all(_LOOPBACK.fullmatch(_host(proxy)) for proxy in proxies):
        force = ", ".join(_host(proxy) or "none" for proxy in proxies) or "none"
        told = "is http, which is for the local cloud alone: http_proxy must name a proxy on this machine"
        besides = f", and NO_PROXY goes around it ({', '.join(around)})" if around else ""
        yield f"CONCAT_SCHEME {told}; the proxy in force is {force}{besides}"


def _host(proxy: str) -> str:
    """The host of a proxy's address, "" where it is none."""
    try:
        return urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname or ""
    except ValueError:
        return ""
