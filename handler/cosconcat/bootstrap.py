"""Wires a function together: the environment in, `Services` out. Adapters import the SDK when first used."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Mapping

from cosconcat import log
from cosconcat.ci import CiOverHttp
from cosconcat.config import check_lease, read_config, read_credentials
from cosconcat.cos import CosOverHttp
from cosconcat.services import Services


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


def bootstrap(context: Mapping[str, object], environ: Mapping[str, str] = os.environ) -> Services:
    """Everything a function needs for one invocation; credentials are read anew, for they are temporary.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    config = read_config(environ)
    limit = _seconds(context.get("time_limit_in_ms"))
    if limit:
        check_lease(config, int(limit * 1000))
    credentials = read_credentials(environ)
    log.configure(config, credentials)
    return Services(
        config=config,
        cos=CosOverHttp(config, credentials),
        ci=CiOverHttp(config, credentials),
        clock=SystemClock(),
        nonce=lambda: secrets.token_hex(16),
        deadline=time.time() + limit if limit else float("inf"),
    )


def _seconds(limit: object) -> float:
    return limit / 1000 if isinstance(limit, int | float) and limit > 0 else 0.0
