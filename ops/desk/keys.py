"""The keys of the account, under the names by which a function finds them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.desk.dotenv import UNSET
from ops.desk.mistakes import Mistake

if TYPE_CHECKING:
    from collections.abc import Mapping

# The names under which the deployment tool keeps its keys in .env, and those that a function finds.
KEYS = {
    "TENCENT_SECRET_ID": "TENCENTCLOUD_SECRETID",
    "TENCENT_SECRET_KEY": "TENCENTCLOUD_SECRETKEY",
    "TENCENT_TOKEN": "TENCENTCLOUD_SESSIONTOKEN",
}


def with_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables, the keys under the names that a function finds them by.

    Raises:
        Mistake: when there are none.
    """
    known = {name: value.strip() for name, value in environ.items() if value.strip() not in ("", UNSET)}
    keys = {name: known[given] for given, name in KEYS.items() if given in known and name not in known}
    missing = [given for given, name in KEYS.items() if name not in {**known, **keys} and given != "TENCENT_TOKEN"]
    if missing:
        raise Mistake(f"no keys: set {' and '.join(missing)} in .env or the shell")
    return {**environ, **keys}
