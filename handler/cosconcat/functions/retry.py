"""A person says: go on with this group now."""

from __future__ import annotations

from cosconcat import log
from cosconcat.cleanup.finish import resume
from cosconcat.errors import NeverAgain
from cosconcat.functions.upload import survey_and_reconcile
from cosconcat.model import Result, gid_of
from cosconcat.protocol.advance import reconcile_content
from cosconcat.services import Services


def handle_retry(services: Services, group: str) -> dict[str, object]:
    """A person says: go on with this group now, whatever was given up or is waiting for its next try.

    Raises TryAgain when it fails for now.
    """
    gid = gid_of(group)
    try:
        content = services.ledger.newest_content(gid)
        result = None
        if content is not None and content.done is None:
            result = reconcile_content(services, gid, content.rev, forced=True)
        if result is None or result.action in ("gave-up", "kept", "superseded"):  # closed only now: begin anew
            result = survey_and_reconcile(services, group, forced=True)
        if content is not None and content.done is not None and result.action in ("waiting", "ignored"):
            result = resume(services, content.claim.record) or result  # a clean-up that was cut off, perhaps
    except NeverAgain as mistake:
        result = Result(group, "invalid", str(mistake))
    log.info("retry", **result.as_dict())
    return {"results": [result.as_dict()]}
