"""Wires a function together: the environment in, `Services` out.

Whatever an event that is ignored does not need is imported when it is first used: most of a cold start is imports.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from cosconcat import log
from cosconcat.config import check_lease
from cosconcat.environment.reading import read_config, read_credentials
from cosconcat.services import Services, no_notification

if TYPE_CHECKING:
    from cosconcat.cloud.bucket_settings import Settings
    from cosconcat.cloud.notify import Notifier
    from cosconcat.cloud.ports import Ci, Cos
    from cosconcat.config import Config, Credentials


_CONFIGURES = ("CONCAT_", "LOG_LEVEL", "TENCENTCLOUD_REGION")  # how variables begin that read_config looks at


class SystemClock:
    """The machine's clock."""

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time()


class LazyAdapter:
    """Stands before an adapter and makes it at the first call."""

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make

    def __getattr__(self, method: str) -> Any:
        if "_adapter" not in self.__dict__:
            self._adapter = self._make()
        return getattr(self._adapter, method)


def bootstrap(context: Mapping[str, object], environ: Mapping[str, str] = os.environ) -> Services:
    """Everything a function needs for one invocation; credentials are read anew, for they are temporary.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    config = _config(tuple(item for item in environ.items() if item[0].startswith(_CONFIGURES)))
    limit = _seconds(context.get("time_limit_in_ms"))
    if limit:
        check_lease(config, int(limit * 1000))
    credentials = read_credentials(environ)
    secrets = (credentials.secret_id, credentials.secret_key, credentials.token)
    log.configure(config.log_level, (*secrets, config.callback_secret, config.callback_secret_old))
    began = time.time()
    deadline = began + limit if limit else float("inf")
    return Services(
        config=config,
        cos=cast("Cos", LazyAdapter(lambda: _cos(config, credentials, deadline, began))),
        ci=cast("Ci", LazyAdapter(lambda: _ci(config, credentials, deadline, began))),
        clock=SystemClock(),
        nonce=_nonce,
        deadline=deadline,
        notify=_notifier(config, deadline) if config.notify_url else no_notification,
    )


def bucket_settings(config: Config, environ: Mapping[str, str] = os.environ) -> Settings:
    """What only the doctor looks at: settings of buckets and queues.

    Raises:
        ConfigurationError: when a key is missing (no execution role is set).
    """
    from cosconcat.cloud.bucket_settings import SettingsOverHttp

    return SettingsOverHttp(config, read_credentials(environ))


@lru_cache(1)
def _config(environ: tuple[tuple[str, str], ...]) -> Config:
    """The configuration, read again only when a variable has changed."""
    config = read_config(dict(environ))
    for name in config.unknown:
        log.warning("configuration", reason=f"{name} is no variable of this release: it is ignored")
    return config


def _cos(config: Config, credentials: Credentials, deadline: float, began: float) -> Cos:
    from cosconcat.cloud.cos import CosOverHttp

    return CosOverHttp(config, credentials, deadline, began)


def _ci(config: Config, credentials: Credentials, deadline: float, began: float) -> Ci:
    from cosconcat.cloud.ci import CiOverHttp

    return CiOverHttp(config, credentials, deadline=deadline, began=began)


def _notifier(config: Config, deadline: float) -> Notifier:
    from cosconcat.cloud.notify import Notifier

    return Notifier(config, deadline)


def _nonce() -> str:
    """128 random bits, 32 hex."""
    import secrets

    return secrets.token_hex(16)


def _seconds(limit: object) -> float:
    return limit / 1000 if isinstance(limit, int | float) and limit > 0 else 0.0
