"""Posts a signed notification when a group ends: a small JSON, to `CONCAT_NOTIFY_URL`.

At least once, never in the way: a receiver that is slow or down costs five seconds and one line in the log.
Receivers find how to check the signature in `docs/notifications.md`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosconcat.config import Config

TIMEOUT_SECONDS = 5
RESERVE_SECONDS = 2  # of the invocation, for what comes after
TIMESTAMP_HEADER = "X-Concat-Timestamp"
SIGNATURE_HEADER = "X-Concat-Signature"


class Notifier:
    """Tells of ends during one invocation; after a failure no more, so that a dead receiver costs one time-out.

    Nor is one told when the invocation ends (`deadline`, epoch seconds) before the receiver may have answered.
    """

    def __init__(self, config: Config, deadline: float = float("inf")) -> None:
        self._config = config
        self._deadline = deadline
        self._failure = ""

    def __call__(self, end: Mapping[str, object]) -> str:
        """Returns the error; empty on success, or when nobody asked for it."""
        if self._deadline - time.time() < TIMEOUT_SECONDS + RESERVE_SECONDS:
            return "CONCAT_NOTIFY_URL: not enough time left to tell it"
        self._failure = self._failure or notify(self._config, end)
        return self._failure


def notify(config: Config, end: Mapping[str, object]) -> str:
    """Post `end`; returns the error for the log, empty when the receiver took it (2xx) or nobody asked for it.

    Never raises. A redirect is a failure: what is signed goes to the configured address and nowhere else.
    """
    if not config.notify_url:
        return ""
    if not config.callback_secret:
        return "CONCAT_NOTIFY_URL: not notified, CONCAT_CALLBACK_SECRET is needed to sign"
    from requests import RequestException
    from urllib3.util import Timeout

    from cosconcat import signing
    from cosconcat.cloud.session import SteadySession

    timestamp = int(time.time())
    try:
        body = json.dumps(end, sort_keys=True).encode()
        headers = {
            "Content-Type": "application/json",
            TIMESTAMP_HEADER: str(timestamp),
            SIGNATURE_HEADER: signing.sign_body(config.callback_secret, timestamp, body),
        }
        with SteadySession() as session:
            answer = session.post(
                config.notify_url,
                data=body,
                headers=headers,
                timeout=Timeout(total=TIMEOUT_SECONDS),  # type: ignore[arg-type]  # requests passes it on
                allow_redirects=False,
                stream=True,  # the status is enough; an endless answer is not read
            )
            taken = 200 <= answer.status_code < 300
            return "" if taken else f"CONCAT_NOTIFY_URL answered {answer.status_code}"
    except (RequestException, OSError, ValueError, TypeError) as error:
        return f"CONCAT_NOTIFY_URL: {type(error).__name__}"
