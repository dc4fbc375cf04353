"""Every line of the table of a whole group, without a fake: what is seen, and the one step that follows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import pytest

from cosconcat.config import Config
from cosconcat.model import Bucket, Fragment, FragmentSet, ObjectInfo, Result
from cosconcat.protocol.content import (
    ClaimContent,
    HeadOutput,
    JoinLate,
    ReadJoined,
    ReadRecords,
    ReadStanding,
    ReadTags,
    RemoveReuploads,
    ResumeCleanup,
    RunContent,
    Step,
    WholeGroup,
    has_older_versions,
    is_subset_of_joined,
    next_step,
)
from cosconcat.records.records import Claim, Content, Done, Outcome, Stamped

DEMO = Bucket("demo-1250000000", "ap-guangzhou")
CONVENTION = Config(DEMO).convention
KEY = "output/cam.${ext}"


def group(*pieces: tuple[int, str, int]) -> FragmentSet:
    """A whole set: index, ETag and LastModified of each piece."""
    made = [
        Fragment(index, ObjectInfo(f"fragments/cam.part{index}-of-2.mp4", etag, 1, at)) for index, etag, at in pieces
    ]
    return FragmentSet("cam", tuple(made))


JOINED = group((1, "a", 100), (2, "b", 110))  # claimed at 150, done at 200
OTHER = group((1, "a", 100), (2, "c", 300))
UNSEEN = group((1, "a", 100), (2, "c", 190))  # came while the others were joined
OLDER = group((1, "x", 40), (2, "b", 110))
REST = group((2, "b", 110))
MORE = group((1, "a", 100), (2, "b", 110), (3, "d", 300))
LATE = group((3, "d", 300))
AROUND = group((0, "e", 300), (1, "a", 100), (2, "b", 110), (3, "d", 300))
CORRECTED = group((1, "a", 100), (2, "c", 300), (3, "d", 300))
EARLIER = group((9, "z", 20))
EARLIER_AGAIN = group((9, "z", 300))
BOTH = group((1, "a", 100), (2, "b", 110), (9, "z", 20))
REST_OF_BOTH = group((2, "b", 110), (9, "z", 20))
BOTH_AGAIN = group((1, "a", 300), (2, "b", 310), (9, "z", 320))
CORRECTION = group((1, "x", 120))  # joined alone, before the others came
CORRECTED_AGAIN = group((1, "x", 120), (2, "b", 310))
AGAIN = group((1, "a", 300), (2, "b", 310))  # the same bytes, uploaded once more


def content(outcome: Outcome | None = None, rev: int = 5, age: int = 0, joined: FragmentSet = JOINED) -> Content:
    """The newest content; in flight without an outcome."""
    claim = Claim("cam", rev, 1, "a" * 32, 1200, joined, joined.fingerprint, DEMO, KEY, "mp4")
    closed = Stamped(Done(outcome, "why", "output/cam.mp4", "j1"), 200, 999) if outcome else None
    return Content(rev, Stamped(claim, 150, 150 + age), closed)


def over(
    outcome: Outcome,
    seen: FragmentSet = JOINED,
    *,
    forced: bool = False,
    still_proven: bool | None = None,
    occupied: bool | None = None,
) -> WholeGroup:
    """A group whose newest content is done, and stands."""
    newest = content(outcome)
    return WholeGroup(seen, KEY, forced, newest=newest, standing=newest, still_proven=still_proven, occupied=occupied)


def claim_of(joined: FragmentSet) -> Claim:
    """The claim of a content that holds this set."""
    return content(joined=joined).claim.record


def quiet(seen: FragmentSet, *joined: FragmentSet, last: Outcome = "joined", **known: Any) -> WholeGroup:
    """A group that quiet time called whole when these sets were joined; none: not looked at yet."""
    claims = tuple(map(claim_of, joined)) or None
    return over(last, seen, **known)._replace(late_apart=True, joined=claims)


CLAIM = content().claim.record
FRESH = WholeGroup(JOINED, KEY)


class Row(NamedTuple):
    """One line of the table: in words, and as values; a result is given by its action."""

    seen: str
    then: str
    state: WholeGroup
    step: Step | str


ROWS = [
    Row("no record known", "look at the output's key", FRESH, HeadOutput()),
    Row("… nothing lies there", "claim rev 1, submit", FRESH._replace(occupied=False), ClaimContent(1)),
    Row("… something lies there", "look for the group's records", FRESH._replace(occupied=True), ReadRecords()),
    Row("… there are none", "read its tags", FRESH._replace(occupied=True, no_records=True), ReadTags()),
    Row("… it bears this set's fingerprint", "already-finished",
        FRESH._replace(occupied=True, no_records=True, ours=True), "already-finished"),
    Row("… it does not", "claim rev 1 under another key, submit",
        FRESH._replace(occupied=True, no_records=True, ours=False), ClaimContent(1)),
    Row("newest content in flight, its lease over", "help it one step further",
        WholeGroup(JOINED, KEY, newest=content(age=1201)), RunContent(5, final=True)),
    Row("in flight, this very set", "already-submitted", WholeGroup(JOINED, KEY, newest=content()),
        "already-submitted"),
    Row("in flight, another set", "deferred", WholeGroup(OTHER, KEY, newest=content()), "deferred"),
    Row("newest content done", "read back to the one that did not end superseded",
        WholeGroup(JOINED, KEY, newest=content("superseded")), ReadStanding(content("superseded"))),
    Row("joined; new content since the claim", "new content", over("joined", OTHER, occupied=False), ClaimContent(6)),
    Row("joined; what is there is older, or a version that came back", "kept", over("joined", OLDER), "kept"),
    Row("… a person said retry", "new content", over("joined", OLDER, forced=True, occupied=False), ClaimContent(6)),
    Row("joined by quiet time; another set", "read all that was joined of the group", quiet(MORE), ReadJoined(5)),
    Row("… pieces that were joined, and late ones", "go on with the late ones alone",
        quiet(MORE, JOINED), JoinLate(group((3, "d", 300)))),
    Row("… late ones with what was joined between them", "go on with all late ones",
        quiet(AROUND, JOINED), JoinLate(group((0, "e", 300), (3, "d", 300)))),
    Row("… only late ones", "new content", quiet(LATE, JOINED, occupied=False), ClaimContent(6)),
    Row("… other content in the place of what was joined", "new content, all that is there",
        quiet(CORRECTED, JOINED, occupied=False), ClaimContent(6)),
    Row("… all of it was joined, by one earlier content", "remove them, if the output is still the proven one",
        quiet(EARLIER, JOINED, EARLIER), RemoveReuploads((claim_of(EARLIER),))),
    Row("… it is not, and they were uploaded since", "new content",
        quiet(EARLIER_AGAIN, JOINED, EARLIER, still_proven=False, occupied=False), ClaimContent(6)),
    Row("… it is not", "kept", quiet(EARLIER, JOINED, EARLIER, still_proven=False), "kept"),
    Row("… by several, each piece by one", "remove them, if all their outputs are still the proven ones",
        quiet(BOTH, JOINED, EARLIER), RemoveReuploads((CLAIM, claim_of(EARLIER)))),
    Row("… one is not, and they were uploaded since", "new content",
        quiet(BOTH_AGAIN, JOINED, EARLIER, still_proven=False, occupied=False), ClaimContent(6)),
    Row("… one is not", "kept", quiet(BOTH, JOINED, EARLIER, still_proven=False), "kept"),
    Row("… one of them was corrected since, and they were uploaded since its claim", "new content, all that is there",
        quiet(CORRECTED_AGAIN, CORRECTION, JOINED, occupied=False), ClaimContent(6)),
    Row("… one of them was corrected since", "kept", quiet(REST_OF_BOTH, CORRECTION, JOINED, EARLIER), "kept"),
    Row("joined; the same bytes again, or a rest of them", "remove them, if the output is still the proven one",
        over("joined", REST), RemoveReuploads((CLAIM,))),
    Row("… it is not, and they were uploaded since", "new content",
        over("joined", AGAIN, still_proven=False, occupied=False), ClaimContent(6)),
    Row("… it is not, and a person said retry", "new content",
        over("joined", forced=True, still_proven=False, occupied=False), ClaimContent(6)),
    Row("… it is not", "kept", over("joined", still_proven=False), "kept"),
    Row("not joined, by quiet time, not the first rev; another set", "read all that was joined of the group",
        quiet(MORE, last="gave-up"), ReadJoined(5)),
    Row("… pieces that were joined, and late ones", "go on with the late ones alone",
        quiet(MORE, REST, last="gave-up"), JoinLate(group((1, "a", 100), (3, "d", 300)))),
    Row("… all of it was joined", "as after a join", quiet(REST, JOINED, last="gave-up"), RemoveReuploads((CLAIM,))),
    Row("… otherwise", "new content", quiet(UNSEEN, EARLIER, last="gave-up", occupied=False), ClaimContent(6)),
    Row("kept, the same set, a person said retry", "carry out the clean-up, if the output is still the proven one",
        over("kept", forced=True), ResumeCleanup(CLAIM)),
    Row("… it is not", "new content", over("kept", forced=True, still_proven=False, occupied=False), ClaimContent(6)),
    Row("not joined; another set", "new content", over("gave-up", UNSEEN, occupied=False), ClaimContent(6)),
    Row("not joined; uploaded since", "new content", over("gave-up", AGAIN, occupied=False), ClaimContent(6)),
    Row("not joined; a person said retry", "new content", over("gave-up", forced=True, occupied=False),
        ClaimContent(6)),
    Row("not joined, otherwise", "as it ended", over("gave-up"), "gave-up"),
    Row("new content, output's key not looked at", "look at it", over("gave-up", OTHER), HeadOutput()),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=[f"{row.seen}, {row.then}" for row in ROWS])
def test_a_whole_group(row: Row) -> None:
    """The line's step, and no other; steps without fields are told apart by their kind alone."""
    step = next_step(row.state, CONVENTION)
    if isinstance(row.step, str):
        assert isinstance(step, Result)
        assert step.action == row.step
    else:
        assert (type(step), step) == (type(row.step), row.step)


def test_a_middle_piece_after_the_end_is_kept_where_numbers_are_only_an_order() -> None:
    """With CONCAT_FIRST=any nobody missed it; a person may insist, and what goes on beyond the end is joined."""
    any_start = replace(CONVENTION, first="any")
    joined = group((3, "a", 100), (7, "b", 110))
    last = content("joined", joined=joined)

    def step(seen: FragmentSet, *, forced: bool = False) -> Step:
        state = WholeGroup(seen, KEY, forced, newest=last, standing=last, occupied=False)
        return next_step(state, any_start)

    middle = step(group((5, "c", 300)))
    assert isinstance(middle, Result)
    assert (middle.action, "in the middle" in middle.reason) == ("kept", True)
    assert step(group((5, "c", 300)), forced=True) == ClaimContent(6)
    assert step(group((8, "c", 300))) == ClaimContent(6)
    assert step(group((3, "A", 300), (5, "c", 300), (7, "B", 300))) == ClaimContent(6), "another recording of the name"
    assert next_step(WholeGroup(group((5, "c", 300)), KEY, newest=last, standing=last, occupied=False), CONVENTION) == (
        ClaimContent(6)
    )


def test_a_version_that_shows_again_is_compared_with_all_that_was_joined() -> None:
    """The last join does not hold its key: with versions it shows once an earlier one is removed."""
    last = content("joined", joined=group((3, "d", 250)))
    seen = quiet(group((1, "x", 40), (4, "e", 300)), last.claim.record.set, JOINED)
    step = next_step(seen._replace(newest=last, standing=last), CONVENTION)
    assert isinstance(step, Result)
    assert step.action == "kept"


def test_help_for_another_set_is_not_the_answer() -> None:
    """The content in flight goes one step further, and the set that was seen is deferred all the same."""
    seen = WholeGroup(OTHER, KEY, newest=content(age=1201))
    assert next_step(seen, CONVENTION) == RunContent(5, final=False)
    step = next_step(seen._replace(helped=True), CONVENTION)
    assert isinstance(step, Result)
    assert step.action == "deferred"


def test_a_chain_of_superseded_contents_is_read_back() -> None:
    """The rev that follows is the newest one's, what decides is the content that stands."""
    seen = WholeGroup(JOINED, KEY, newest=content("superseded", 7), standing=content("gave-up", 5))
    step = next_step(seen, CONVENTION)
    assert isinstance(step, Result)
    assert step.action == "gave-up"
    assert next_step(seen._replace(forced=True, occupied=False), CONVENTION) == ClaimContent(8)


def test_a_superseded_content_that_stands_makes_way() -> None:
    """Only where the records before it were deleted by hand."""
    assert next_step(over("superseded", occupied=False), CONVENTION) == ClaimContent(6)


@pytest.mark.parametrize(("some", "rest"), [(JOINED, True), (REST, True), (AGAIN, True), (OTHER, False)])
def test_a_rest_is_what_the_output_holds(some: FragmentSet, rest: bool) -> None:
    """By place, key, ETag and size; when it was uploaded says nothing of that."""
    assert is_subset_of_joined(some, JOINED, CONVENTION) is rest


def test_a_manifest_says_itself_what_it_wants() -> None:
    """Fewer pieces in another manifest are another wish, not a rest."""
    convention = Config(DEMO, naming="folder", completion="manifest").convention
    marker = ObjectInfo("fragments/cam/manifest.json", "m", 1, 100)
    assert not is_subset_of_joined(FragmentSet("cam", REST.fragments, marker), JOINED, convention)


def test_an_older_version_is_told_by_its_time() -> None:
    """Under a key that was joined; a key that was not says nothing."""
    assert has_older_versions(OLDER, JOINED)
    assert not has_older_versions(AGAIN, JOINED)
