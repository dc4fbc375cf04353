"""Function `callback`: called by CI when a job has ended, over its URL or through a topic."""

from __future__ import annotations

from cosconcat import log
from cosconcat.bootstrap import bootstrap
from cosconcat.errors import Refused
from cosconcat.events.callback import read_messages
from cosconcat.events.http import http_response, is_http, refused_result
from cosconcat.functions.callback import handle_messages, handle_request


def main_handler(event: dict[str, object], context: dict[str, object]) -> dict[str, object]:
    """A message in, one result out; over HTTP never an exception, and no more than needed in the answer."""
    if is_http(event):
        return http_response(lambda: handle_request(bootstrap(context), event))
    services = bootstrap(context)
    try:
        results = handle_messages(services, read_messages(event))
    except Refused as refusal:
        return refused_result(refusal)
    return {"results": [log.printed(result.as_dict()) for result in results]}
