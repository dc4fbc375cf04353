"""Bucket configurations that the local cloud does not have, so that no bucket has one.

Reading one is answered as the service answers where none was made, removing it does nothing, making one is refused:
nothing here would act on it. Codes: 436/7730 and the page of each call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cos import xml
from local.cos.operations import ABSENT
from local.network.http import Refusal, Response

if TYPE_CHECKING:
    from local.cos.call import Call


def get(call: Call) -> Response:
    """There is none."""
    absent = ABSENT[call.operation.flag]
    if absent.code:
        raise Refusal(404, absent.code, f"The bucket {call.bucket} has no {call.operation.flag} configuration.")
    return Response(200, {"Content-Type": "application/xml"}, xml.write(absent.root, {}))


def put(call: Call) -> Response:
    """Refused, so that nobody believes in it."""
    raise Refusal(501, "NotImplemented", f"PUT ?{call.operation.flag} is not served here: nothing would act on it")


def delete(_: Call) -> Response:
    """There is none to remove."""
    return Response(204)
