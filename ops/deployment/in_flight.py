"""Which groups are under way: those whose contents are in the ledger's open index."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cosconcat.config import Credentials
from cosconcat.records.ledger import Ledger

if TYPE_CHECKING:
    from ops.deployment.settings import Settings

NAMED = 20  # groups whose names are read; of more only the number is told


def in_flight(settings: Settings) -> tuple[int, list[str]]:
    """How many contents are under way, and the groups of the first of them."""
    from cosconcat.cloud.cos import CosOverHttp

    config, keys = settings.config, settings.keys
    cos = CosOverHttp(config, Credentials(keys.secret_id, keys.secret_key, keys.token))
    ledger = Ledger(cos, config.state_bucket, config.state_prefix)
    opened = ledger.opened()
    groups = []
    for gid, rev in islice(opened, NAMED):
        attempt = ledger.newest_attempt(gid, rev)
        groups.append(attempt.claim.record.group if attempt else gid)
    return len(groups) + sum(1 for _ in opened), groups
