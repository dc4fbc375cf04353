"""Answers to what comes from outside: over HTTP a status CI understands and no word more than needed, otherwise the
result that says why an event was refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from cosconcat import log
from cosconcat.errors import ConcatError, Refused, TryAgain
from cosconcat.model import Result


def is_http(event: object) -> bool:
    """Whether the event is an HTTP request (function URL or API gateway) and wants an HTTP answer."""
    if not isinstance(event, Mapping) or "Records" in event:
        return False
    return "httpMethod" in event or "requestContext" in event or ("headers" in event and "body" in event)


def http_response(work: Callable[[], Sequence[Result]]) -> dict[str, object]:
    """Run `work`; its outcome as the answer of a function URL. Never raises: SCF would answer with a stack trace.

    200 handled or not ours · 403 refused · 503 try again · 500 broken configuration or a fault of ours.
    """
    try:
        results = work()
    except Refused as refusal:
        log.warning("callback refused", reason=str(refusal))
        return _answer(403, "refused")
    except TryAgain as failure:
        log.warning("callback postponed", reason=str(failure))
        return _answer(503, "try again")
    except ConcatError as failure:
        log.error("callback failed", reason=str(failure))
        return _answer(500, "failed")
    except Exception as fault:  # noqa: BLE001 - the last line of defence: logged, answered, not leaked
        log.error("callback fault", reason=f"{type(fault).__name__}: {fault}")
        return _answer(500, "failed")
    return _answer(200, results[0].action if len(results) == 1 else "done")


def refused_result(refusal: Refused) -> dict[str, object]:
    """What a function returns for an event that it cannot accept: raising would make SCF repeat it for nothing."""
    log.warning("event refused", reason=str(refusal))
    return {"results": [log.printed(Result("", "invalid", str(refusal)).as_dict())]}


def _answer(status: int, word: str) -> dict[str, object]:
    body = json.dumps({"result": word})
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": body,
        "isBase64Encoded": False,
    }
