"""What of a claim's objects is its group's own: a manifest may list others' pieces, which are joined and left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.naming.keys import FragmentName, ManifestName, MarkerName

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.records.records import Claim


def own_keys(config: Config, claim: Claim) -> list[str]:
    """The keys of the claim's fragments that belong to its own group: only these are tagged, untagged or removed."""
    keys = (fragment.object.key for fragment in claim.set.fragments)
    return [key for key in keys if not other_owner(config, claim, key)]


def other_owner(config: Config, claim: Claim, key: str) -> str:
    """Why a listed object is not the manifest's group's own, so that joining it does not remove it; empty when it is.

    Its own are what the convention gives to its group, and what begins like the manifest's key less `manifest.json` and
    is given to no group. Whoever may write one group's manifest must not be able to remove another's pieces.
    """
    marker = claim.set.marker
    manifest = config.convention.read(marker.key) if marker else None
    if not isinstance(manifest, ManifestName):
        return ""  # the convention itself said that the piece belongs to the group
    name = config.convention.read(key)
    if isinstance(name, MarkerName):  # CONCAT_MARKER may be named like a film
        return "joined, but it is a marker: not removed"
    if isinstance(name, (FragmentName, ManifestName)):
        return "" if name.group == manifest.group else f"joined, but it belongs to group {name.group}: not removed"
    if key.startswith(manifest.key.removesuffix("manifest.json")):
        return ""
    return f"joined, but it does not lie with {manifest.key}: not removed"
