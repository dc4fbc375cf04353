"""What earlier joins of a group hold, and what that makes of the pieces that lie there now. Pure.

Only quiet time asks: it is a guess, so that pieces may come after it called their group whole.

    not held                                late: a recording of its own, together with all other late ones
    held, the same bytes                    in an output: may be removed, is never joined again beside late ones
    other bytes in a place that is held     a correction: all that is there is joined anew
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from cosconcat.groups.verdicts import FoundFragment, Waiting, Whole
from cosconcat.model import Fragment, FragmentSet, ObjectInfo
from cosconcat.naming.keys import UNNUMBERED

if TYPE_CHECKING:
    from cosconcat.naming.convention import Convention
    from cosconcat.records.records import Claim

Place = int | str


class Placed(NamedTuple):
    """A piece and its place in its group. Where time orders, the key is the place: counted places change when pieces
    are gone.
    """

    place: Place
    object: ObjectInfo


def placed(fragments: FragmentSet, convention: Convention) -> list[Placed]:
    """The pieces of a set."""
    return [Placed(f.object.key if convention.timed else f.index, f.object) for f in fragments.fragments]


def found_placed(found: Iterable[FoundFragment], convention: Convention) -> list[Placed]:
    """Pieces as they were found."""
    return [Placed(f.object.key if convention.timed else f.name.number, f.object) for f in found]


def held_by_place(joined: Iterable[FragmentSet], convention: Convention) -> dict[Place, ObjectInfo]:
    """What was joined last from each place; `joined`: the newest first."""
    held: dict[Place, ObjectInfo] = {}
    for piece in (piece for one in joined for piece in placed(one, convention)):
        held.setdefault(piece.place, piece.object)
    return held


def is_correction(fragments: FragmentSet, joined: Sequence[FragmentSet], convention: Convention) -> bool:
    """Whether other content stands in the place of what was joined last."""
    held = held_by_place(joined, convention)
    return not _are_held((piece for piece in placed(fragments, convention) if piece.place in held), held)


def late_fragments(fragments: FragmentSet, joined: Sequence[FragmentSet], convention: Convention) -> FragmentSet | None:
    """The pieces to join now of a group of which some were joined before, None when all of them were.

    What came after quiet time becomes a recording of its own in every mode of CONCAT_CLEANUP: also where the pieces
    that were joined are kept and still lie there, they are never joined a second time. All late ones are one recording,
    also where joined ones lie between them. A correction is no late piece: everything that is there is joined anew.

    Args:
        fragments: the whole group as it lies there.
        joined: what was joined of it, the newest first.
        convention: whether time or numbers order.
    """
    if is_correction(fragments, joined, convention):
        return fragments
    held = held_by_place(joined, convention)
    places = [piece.place for piece in placed(fragments, convention)]
    late = [fragment for fragment, place in zip(fragments.fragments, places, strict=True) if place not in held]
    if convention.timed:
        late = [replace(fragment, index=at) for at, fragment in enumerate(late)]
    return replace(fragments, fragments=tuple(late)) if late else None


def new_among(
    found: Iterable[ObjectInfo], fragments: FragmentSet, joined: Sequence[FragmentSet], convention: Convention
) -> list[ObjectInfo]:
    """What lies beside a set that is being joined and is not what earlier joins hold and may still lie there.

    The same bytes uploaded again are nothing new beside late pieces. Beside a correction they are: they belong to the
    corrected recording, whose first piece quiet time took for all of it.
    """
    held = [fragment.object for one in joined for fragment in one.fragments]
    corrects = is_correction(fragments, joined, convention)
    return [one for one in found if not any(one == was if corrects else one.same_content(was) for was in held)]


def holders(pieces: Sequence[Placed], claims: Sequence[Claim], convention: Convention) -> list[Claim]:
    """The joins by whose outputs these pieces may go: the newest that holds all of them, otherwise for each piece the
    one that joined its place last.

    None where a piece is new, and none where one of these joins was corrected since, if only in another place: then the
    pieces were perhaps uploaded with that correction, and no output holds the corrected recording as a whole.

    Args:
        pieces: what lies there.
        claims: what was joined of the group, the newest first.
        convention: whether time or numbers order.
    """
    last = held_by_place((claim.set for claim in claims), convention)
    if not _are_held(pieces, last):
        return []
    contents = [held_by_place([claim.set], convention) for claim in claims]
    alone = next((at for at, content in enumerate(contents) if _are_held(pieces, content)), None)
    each = {next(at for at, content in enumerate(contents) if piece.place in content) for piece in pieces}
    chosen = sorted(each) if alone is None else [alone]
    stand = all(_are_held(placed(claims[at].set, convention), last) for at in chosen)
    return [claims[at] for at in chosen] if stand else []


def _are_held(pieces: Iterable[Placed], held: Mapping[Place, ObjectInfo]) -> bool:
    return all(piece.place in held and piece.object.same_content(held[piece.place]) for piece in pieces)


def after_joined(waiting: Waiting, pieces: Sequence[FoundFragment], joined: Sequence[FragmentSet]) -> Waiting | Whole:
    """The verdict under quiet time when all that is missing has been joined before.

    Quiet time was wrong about the end: what came after it is one more recording of the group, instead of waiting for
    ever for what is gone. Other content under a number that was joined is a correction, and waits for the rest of it.
    """
    held = [fragment for one in joined for fragment in one.fragments]
    numbers = {fragment.index for fragment in held}
    if UNNUMBERED in numbers and 2 in numbers:
        numbers.add(1)  # behind a piece without a number the counting began with 2
    late = [p for p in pieces if not any(p.object.same_content(fragment.object) for fragment in held)]
    if not late or any(p.name.number in numbers for p in late) or not numbers >= {*waiting.missing}:
        return waiting
    return Whole(FragmentSet(waiting.group, tuple(Fragment(piece.name.number, piece.object) for piece in late)))
