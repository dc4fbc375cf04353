"""What the next sweep would remove of groups that were joined while nothing was to be removed: nothing is changed."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

from cosconcat.cleanup.removable import NOTHING_REMOVED, Removal, removable
from cosconcat.config import Config
from cosconcat.errors import InvalidInput
from cosconcat.model import FragmentSet, ObjectInfo, gid_of
from cosconcat.records.records import Claim, Content
from cosconcat.services import Services

MOST_READ = 1000  # groups, a few calls each
_UNPROVEN = f"{NOTHING_REMOVED}CONCAT_VERIFY=none"  # how the record of a result says that it was not verified


class JoinedBefore(NamedTuple):
    """Objects that results of earlier joins hold. `unread` counts groups of which the records were not read, being too
    many.
    """

    pieces: tuple[ObjectInfo, ...] = ()
    unread: int = 0


def joined_before(
    services: Services, claimed: Mapping[str, FragmentSet], there: Mapping[str, ObjectInfo]
) -> JoinedBefore:
    """What would go of groups that have records, by the set that lies there of each; `there` is all that was listed.

    Nothing of a group whose output is gone: the sweep then leaves everything.
    """
    left: list[tuple[str, list[ObjectInfo]]] = []
    for group, fragments in islice(claimed.items(), MOST_READ):
        content = _joined(services, group)
        if content is not None and content.done is not None:
            pieces = _may_go(services.config, content.claim.record, fragments, there)
            left.append((content.done.record.output, pieces))
    outputs = services.cos.heads(services.config.output_bucket, [output for output, pieces in left if pieces])
    may_go = [piece for output, pieces in left if pieces and outputs[output] is not None for piece in pieces]
    return JoinedBefore(tuple(may_go), max(len(claimed) - MOST_READ, 0))


def _joined(services: Services, group: str) -> Content | None:
    """The group's newest content, if it was joined and proven; a record that cannot be read is for `status` to tell."""
    try:
        content = services.ledger.newest_content(gid_of(group))
    except InvalidInput:
        return None
    if content is None or content.done is None or content.done.record.outcome != "joined":
        return None
    return None if _UNPROVEN in content.done.record.reason else content


def _may_go(config: Config, claim: Claim, fragments: FragmentSet, there: Mapping[str, ObjectInfo]) -> list[ObjectInfo]:
    """What lies there of what was joined; nothing where any of it is other content by now, or is joined by no claim."""
    joined = {fragment.object.key: fragment.object for fragment in claim.set.fragments}
    keys = {*joined, *(fragment.object.key for fragment in fragments.fragments)}
    if not all(key in joined and there[key].same_content(joined[key]) for key in keys if key in there):
        return []
    removal, marker = Removal(), claim.set.marker
    wanted = removable(config, claim, removal)
    if marker is not None and not removal.kept and not config.convention.is_shared(marker.key):
        wanted.append(marker)
    return [there[one.key] for one in wanted if one.key in there and there[one.key].same_content(one)]
