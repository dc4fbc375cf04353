"""A group in flight as the functions leave it in the ledger: a claim and its entry in the open index."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.cloud.cos import CosOverHttp
from cosconcat.config import Credentials
from cosconcat.model import Fragment, FragmentSet, ObjectInfo
from cosconcat.records.ledger import Ledger
from cosconcat.records.records import Claim

if TYPE_CHECKING:
    from local.cloud import LocalCloud
    from ops.deployment.settings import Settings


def put_in_flight(cloud: LocalCloud, given: Settings, group: str) -> None:
    """Claim `group` for a content of one piece, with the account owner's keys."""
    config, key = given.config, cloud.account.root_key()
    cos = CosOverHttp(config, Credentials(key.secret_id, key.secret_key))
    ledger = Ledger(cos, config.state_bucket, config.state_prefix)
    piece = ObjectInfo(f"{config.input_prefix}{group}.part1-of-1.mp4", "e" * 32, 1000, 1_733_050_000)
    fragments = FragmentSet(group, (Fragment(1, piece),))
    claim = Claim(group, 1, 1, "0" * 32, 1200, fragments, "0" * 64, config.bucket, f"output/{group}.mp4", "mp4")
    ledger.create_claim(claim)
    ledger.open(claim.gid, 1)
