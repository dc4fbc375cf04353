"""Function `upload`: triggered by every object that arrives under the input prefix."""

from __future__ import annotations

from cosconcat import log
from cosconcat.bootstrap import bootstrap
from cosconcat.errors import Refused
from cosconcat.events.cos import read_uploads
from cosconcat.functions.upload import handle_uploads


def main_handler(event: dict[str, object], context: dict[str, object]) -> dict[str, object]:
    """A COS event in, one result for each group and each ignored record out; raises what SCF should repeat."""
    services = bootstrap(context)
    try:
        uploads = read_uploads(event)
    except Refused as refusal:
        from cosconcat.events.http import refused_result

        return refused_result(refusal)
    return {"results": [log.printed(result.as_dict()) for result in handle_uploads(services, uploads)]}
