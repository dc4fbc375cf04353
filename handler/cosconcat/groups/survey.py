"""Is this group whole? Asks COS no more than it takes to know.

declared size beyond the limit ─► Invalid, no call
manifest's own event ─► GET it, HEAD what it lists
otherwise LIST ─► join the event's own key ─► HEAD what is missing, if that is at most two ─► Whole | Waiting | …
"""

from __future__ import annotations

from collections.abc import Sequence

from cosconcat.config import Config
from cosconcat.errors import InvalidInput
from cosconcat.groups import rules
from cosconcat.groups.listing import CROWD, FEW, PAGE, SMALL, GroupListing
from cosconcat.groups.verdicts import FoundFragment, Invalid, Marker, NoFragments, Verdict, Waiting, Whole
from cosconcat.model import FragmentSet, ObjectInfo, gid_of
from cosconcat.naming.keys import FragmentName, ManifestName, MarkerName, numbered
from cosconcat.output.key import impossible_key
from cosconcat.services import Services

_MARKER_BYTES = 64  # a marker holds a count or nothing
_PLAYLIST_BYTES = 4 * 1024 * 1024  # some 40,000 segments


def survey(services: Services, group: str, own: str = "") -> Verdict:
    """Whether the group is whole, judged by its own listing.

    Args:
        services: configuration and ports.
        group: the group's id.
        own: key of the event that brought us here, which LIST may not show yet; empty for a look without one.

    Raises:
        ServiceUnavailable, Rejected: as the port does.
    """
    config = services.config
    name = config.convention.read(own) if own else None
    fragment = name if isinstance(name, FragmentName) and name.group == group else None
    if fragment and fragment.total and config.completion != "manifest":
        reason = rules.too_many(fragment.total, config)
        if reason:
            return Invalid(group, reason)
    listing = GroupListing(services, group)
    try:
        if isinstance(name, ManifestName) and listing.head(own) and listing.manifest:
            return _with_room(config, _by_manifest(listing, listing.manifest))
        gap = _look(listing, fragment, event=bool(own))
        if own and not listing.shows(own) and not ((gap or listing.partial) and listing.pieces):
            listing.head(own)
        verdict = _judge(listing, gap)
        return _with_room(config, verdict if listing.manifest else _readable(listing, verdict))
    except InvalidInput as mistake:
        return Invalid(group, str(mistake))


def newcomers(services: Services, fragments: FragmentSet) -> tuple[str, ...]:
    """Keys that belong to the set's group by convention but are not in it.

    A declared total leaves no room for them, and a manifest says itself what belongs to the group: no call then.
    """
    config = services.config
    marker = config.convention.read(fragments.marker.key) if fragments.marker else None
    first = config.convention.read(fragments.fragments[0].object.key)
    if isinstance(marker, ManifestName) or not isinstance(first, FragmentName) or first.total is not None:
        return ()
    listing = GroupListing(services, fragments.group)
    late = _beside(listing, fragments)
    if not late and not config.convention.timed and config.convention.first != "any":
        highest = max(fragment.index for fragment in fragments.fragments)
        late = [key for key in listing.keys([highest + 1], first) if listing.head(key)]
    if late and config.late_apart:  # what earlier joins hold may lie there still, and is nothing new
        from cosconcat.groups.joined import new_among

        found = [listing.pieces[key].object for key in late]
        late = [one.key for one in new_among(found, fragments, _joined_before(listing), config.convention)]
    return tuple(sorted(late))


def fragments_there(services: Services, group: str) -> list[FoundFragment]:
    """All pieces of the group that LIST shows, whatever their spelling or folder."""
    listing = GroupListing(services, group)
    listing.refresh(services.config.convention.spans(group))
    return [*listing.pieces.values()]


def _beside(listing: GroupListing, fragments: FragmentSet) -> list[str]:
    """Keys that LIST shows in the set's group and that are not in the set, whatever would make them part of another."""
    convention = listing.services.config.convention
    listing.refresh(convention.spans(fragments.group))  # whatever its spelling or folder
    known = {fragment.object.key for fragment in fragments.fragments}
    return [key for key in listing.pieces if key not in known]


def _readable(listing: GroupListing, verdict: Verdict) -> Verdict:
    """The verdict, unless a piece that LIST shows is archived and nobody restored it: the job would be paid for and
    fail.
    """
    if not isinstance(verdict, Whole) or not listing.archived:
        return verdict
    from cosconcat.inputs.heads import still_archived

    reason = still_archived(listing.services, verdict.set, listing.archived)
    return Invalid(verdict.set.group, reason) if reason else verdict


def _with_room(config: Config, verdict: Verdict) -> Verdict:
    """The verdict, unless the result's key would be longer than COS allows, or lead out of its folder."""
    if isinstance(verdict, Whole):
        reason = impossible_key(config, verdict.set)
        if reason:
            return Invalid(verdict.set.group, reason)
    return verdict


def _look(listing: GroupListing, own: FragmentName | None, *, event: bool) -> tuple[int, ...]:
    """List the group; the numbers of a gap at which it was not worth to go on. The look for an `event` is bounded.

    Without a total only a marker or the passing of time makes a group whole: a fragment's own event cannot, so it does
    not pay for more than a page.
    """
    spans = listing.services.config.convention.spans(listing.group, own)
    listing.narrowed = own is not None and spans != listing.services.config.convention.spans(listing.group)
    declared = listing.services.config.completion == "total"
    if own and own.total and own.total > SMALL and declared and len(spans) == 1:
        return listing.list_until_gap(numbered(own.key[: own.span[0]]) if own.digits else spans[0], own)
    most = CROWD + listing.services.config.max_fragments // PAGE if event else None
    listing.refresh(spans, one_page=own is not None and not declared, own=own if declared else None, most_pages=most)
    if listing.partial and own is None and listing.services.config.convention.signal:
        listing.head(listing.services.config.convention.manifest_key(listing.group))
    return ()


def _judge(listing: GroupListing, gap: tuple[int, ...] = ()) -> Verdict:
    """The verdict on what is in sight; looks for what LIST may have hidden until nothing more turns up."""
    config = listing.services.config
    if listing.manifest:
        return _by_manifest(listing, listing.manifest)
    marker = _marker(listing) if config.completion == "marker" else None
    if not listing.pieces and marker:
        reason = f"{marker.object.key} is there, but no fragment"
        return Waiting(listing.group, reason, since=marker.object.last_modified)
    while listing.pieces:
        pieces = rules.in_order(listing.pieces.values())
        if gap:
            reason = rules.inconsistent(pieces, rules.declared_total(pieces), config)
            return Invalid(listing.group, reason) if reason else _half_seen(listing, pieces, gap)
        if config.convention.timed:
            end = config.convention.bounds(listing.group)[1]
            verdict = rules.judge_times(config, listing.group, pieces, marker, listing.now, end)
        else:
            verdict = rules.judge_numbers(config, listing.group, pieces, marker, listing.now)
            if config.completion == "quiet" and isinstance(verdict, Waiting) and verdict.awaits == "fragments":
                from cosconcat.groups.joined import after_joined

                verdict = after_joined(verdict, pieces, _joined_before(listing))
        if isinstance(verdict, Invalid):
            return verdict
        if isinstance(verdict, Waiting) and verdict.awaits != "fragments" and listing.partial:
            return verdict._replace(missing=())
        if listing.partial:
            return _half_seen(listing, pieces, ())
        total = rules.declared_total(pieces)  # whoever says how many there are needs no other spelling
        if isinstance(verdict, Whole) and listing.narrowed and total is None:
            return _narrowly_seen(listing, pieces)
        if not _more_turns_up(listing, pieces, verdict, marker):
            return verdict
    return NoFragments(listing.group)


def _joined_before(listing: GroupListing) -> list[FragmentSet]:
    """What was joined of the group, the newest first."""
    ledger, gid = listing.services.ledger, gid_of(listing.group)
    newest = ledger.newest_content(gid)
    return [claim.set for claim in ledger.joined(gid, newest.rev)] if newest else []


def _narrowly_seen(listing: GroupListing, pieces: Sequence[FoundFragment]) -> Waiting:
    """The verdict on what seems whole when only keys written like the event's own were listed: pieces in other folders
    or in another spelling may belong to it. The marker's event and the sweep look at all of them.
    """
    reason = "only pieces written like this one were looked at; the sweep looks at every spelling"
    return Waiting(listing.group, reason, since=rules.newest(pieces), awaits="quiet")


def _half_seen(listing: GroupListing, pieces: Sequence[FoundFragment], gap: tuple[int, ...]) -> Waiting:
    """The verdict when looking further was not worth its price."""
    since = rules.newest(pieces)
    if gap:
        return Waiting(listing.group, f"missing, at least: {rules.in_words(gap)}", gap, since)
    reason = "more than one listing page: judged at the event of its marker or manifest, and by the sweep"
    if listing.crowded:
        reason = "thousands of other groups' keys begin like this group's: judged by the sweep, page by page"
    return Waiting(listing.group, reason, since=since, awaits="marker")


def _more_turns_up(
    listing: GroupListing, pieces: Sequence[FoundFragment], verdict: Verdict, marker: Marker | None
) -> bool:
    """Whether a HEAD finds fragments that would change the verdict and that LIST did not show."""
    if listing.services.config.convention.timed:
        return False
    if isinstance(verdict, Waiting) and verdict.awaits == "fragments" and len(verdict.missing) <= FEW:
        keys = listing.keys(verdict.missing, pieces[0].name)
        return bool(keys) and all(listing.head(key) for key in keys)
    if isinstance(verdict, Whole) and pieces[0].name.total is None:
        lowest, highest = pieces[0].name.number, pieces[-1].name.number
        counted = marker is not None and marker.count is not None
        first = listing.services.config.convention.first
        if first == "any":
            return False
        beside = [highest + 1, 0] if first == "auto" and lowest > 0 and not counted else [highest + 1]
        return any(listing.head(key) for key in listing.keys(beside, pieces[0].name))
    return False


def _marker(listing: GroupListing) -> Marker | None:
    """The newest marker in sight, with its count: from its name, or from its content. CONCAT_MARKER has none."""
    newest = sorted(listing.markers.values(), key=lambda marker: (marker[1].last_modified, marker[1].key), reverse=True)
    if listing.services.config.marker:
        return next((Marker(found) for _, found in newest if _has_ended(listing, found)), None)
    if not newest:
        return None
    name, found = newest[0]
    if name.count is not None or found.size == 0:
        return Marker(found, name.count)
    too_long = found.size > _MARKER_BYTES
    stored = None if too_long else listing.services.cos.get(listing.services.config.bucket, found.key)
    if stored is None and not too_long:
        return None  # LIST shows what is no longer there
    text = stored.body.strip() if stored else b"too long"
    if text and not (text.isdigit() and len(text) <= 6):
        raise InvalidInput([f"{found.key} must be empty or hold the number of fragments, and nothing else"])
    return Marker(stored.head.object if stored else found, int(text) if text else None)


def _has_ended(listing: GroupListing, found: ObjectInfo) -> bool:
    """Whether an end sign is one: a playlist is only once it says that nothing more comes (RFC 8216, 4.3.3.4)."""
    if not found.key.lower().endswith(".m3u8"):
        return True
    if found.size > _PLAYLIST_BYTES:
        raise InvalidInput([f"{found.key} has {found.size} bytes; a playlist that ends a group has {_PLAYLIST_BYTES}"])
    stored = listing.services.cos.get(listing.services.config.bucket, found.key)
    return stored is not None and b"#EXT-X-ENDLIST" in stored.body


def closed_by(services: Services, marker: MarkerName) -> list[str]:
    """The groups that a marker without a window closes: those of its source that LIST shows on a page."""
    config = services.config
    found = []
    for span in config.convention.fragment_spans(marker.group, None):
        page = services.cos.list(config.bucket, span.prefix)
        found += [config.convention.read(one.key) for one in page.objects]
    return list(dict.fromkeys(n.group for n in found if isinstance(n, FragmentName) and n.source == marker.group))


def _by_manifest(listing: GroupListing, found: ObjectInfo) -> Verdict:
    """The verdict on a group whose manifest is there: everything it lists must be, in a class that CI can read."""
    from cosconcat.groups import manifest as manifests
    from cosconcat.inputs.heads import archived

    services, group, config = listing.services, listing.group, listing.services.config
    if found.size > manifests.LARGEST:
        return Invalid(group, f"{found.key} has {found.size} bytes; a manifest has at most {manifests.LARGEST}")
    since = max(found.last_modified, rules.newest(listing.pieces.values()))
    stored = services.cos.get(config.bucket, found.key)
    if stored is None:
        return Waiting(group, "waiting for the manifest", since=since, awaits="marker")
    try:
        manifest = manifests.read_manifest(stored.body, config)
    except InvalidInput as mistake:
        return Invalid(group, f"{found.key}: {mistake}")
    hidden = [at for at, entry in enumerate(manifest.fragments) if listing.misses(entry.key)]
    if len(hidden) > FEW:
        return rules.waiting_for_listed(group, manifest, hidden, since)
    keys = [entry.key for entry in manifest.fragments] + [key for key in (manifest.intro, manifest.outro) if key]
    heads = services.cos.heads(config.bucket, keys)
    there = {key: head.object for key, head in heads.items() if head is not None}
    verdict = rules.judge_manifest(config, group, manifest, stored.head.object, there)
    unreadable = archived(heads[key] for key in keys) if isinstance(verdict, Whole) else ""
    return Invalid(group, unreadable) if unreadable else verdict
