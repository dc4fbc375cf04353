"""Is everything of the pieces in the output? Every rule broken once, and honest joins beside each."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosconcat.model import Media, ProbeError, Stream
from cosconcat.verification.join import JoinOptions, ProbedFragment
from cosconcat.verification.rules import table
from cosconcat.verification.rules.table import RULES, Rule, verify_streams
from cosconcat.verification.verdict import Unverified, Verified
from tests.support.joins import DIRECT, joined, media, picture, pieces, sound, subtitle
from tools.pages import verification as page_of_rules

THREE = pieces(10, 10, 10)
LONG = pieces(60, 60, 60)
PLAIN = JoinOptions()
BLENDED = JoinOptions(transition=3.0)
COVER = Stream("video", "mjpeg", start=0.0, frames=1, fps=90000.0, width=300, height=300)
MJPEG_IN_MKV = Stream("video", "mjpeg", start=0.0, fps=25.0, avg_fps=25.0, width=1280, height=720)
FLV = "flv"


def part(
    *streams: Stream, seconds: float = 10.0, format_: str = "mov,mp4,m4a,3gp,3g2,mj2", **changed: object
) -> ProbedFragment:
    """A piece of these streams."""
    return ProbedFragment("odd.mp4", media(seconds, *streams, format_=format_)._replace(**changed))  # type: ignore[arg-type]


def both(seconds: float, **pictures: object) -> tuple[Stream, Stream]:
    """Picture and sound."""
    return picture(seconds, **pictures), sound(seconds)  # type: ignore[arg-type]


def uneven(seconds: float, frames: int, average: float) -> tuple[Stream, Stream]:
    """Pictures as a phone records them: their nominal rate is a time base."""
    return picture(seconds, frames=frames)._replace(fps=90_000.0, avg_fps=average), sound(seconds)


# rule, pieces, output, options, what the sentence names
BROKEN = [
    ("no-length", [], media(30), PLAIN, "no fragments"),
    ("no-length", [*THREE, ProbedFragment("b", ProbeError("NoMediaInfo", "t"))], media(30), PLAIN, "cannot be probed"),
    ("no-length", [*THREE, ProbedFragment("b", media(None))], media(30), PLAIN, "b has no duration"),
    ("no-length", [*THREE, ProbedFragment("b", media(9), start="9")], media(30), PLAIN, "b has no duration"),
    ("no-length", [*THREE, ProbedFragment("b", media(1, format_="image2"))], media(30), PLAIN, "b is a picture"),
    ("no-length", THREE, media(None), PLAIN, "output's length"),
    ("no-streams", [*THREE, ProbedFragment("b", Media(10, 1_250_000))], media(40), PLAIN, "b: its probe shows no"),
    ("no-streams", [*THREE, part(sound(10))], media(30, picture(30)), JoinOptions(may_lose=frozenset({"audio"})),
     "odd.mp4: each of its streams may be missing"),
    ("no-streams", THREE, media(30), JoinOptions(may_lose=frozenset({"video", "audio"})), "nothing is left"),
    ("edit-list", [*THREE, part(*both(10, frames=267))], media(40), PLAIN, "odd.mp4 hides 0.680 s"),
    ("header-of-piece", [*THREE, part(*both(6))], media(40), PLAIN, "odd.mp4 lasts 10.000 s as a whole"),
    ("header-of-piece", [*THREE, part(*both(10, frames=200))], media(40), PLAIN, "claims 10.000 s of pictures"),
    ("header-of-piece", [*THREE, part(*both(10), size=5_000_000)], media(40), PLAIN, "its bytes in 10.000 s are 3993"),
    ("header-of-piece",
     [part(sound(10, bitrate=128.0), format_="wav", size=224_078)] * 3, media(30, sound(30)), JoinOptions("mp3"),
     "its bytes in 10.000 s are 179 kbps"),
    ("header-of-piece", [*THREE, part(*both(10), size=400_000)], media(40), PLAIN, "are only 320 kbps"),
    ("header-of-output", THREE, media(30, *both(25)), PLAIN, "the output lasts 30.000 s"),
    ("header-of-output", THREE, media(30)._replace(size=400_000), PLAIN, "are only 107 kbps"),
    ("header-of-output", THREE, media(30)._replace(size=3_000_000), PLAIN, "its streams 3750000: it is cut off"),
    ("header-of-output", THREE, media(30)._replace(size=3_700_000), PLAIN, "3700000 bytes, but its streams 3750000"),
    ("header-of-output",  # half of an mp3, whose header tells of all of it
     [part(sound(10))] * 3, media(30, sound(30, bitrate=128.0), format_="mp3")._replace(size=250_000),
     JoinOptions("mp3"), "has 250000 bytes, but its streams 480000"),
    ("clock", [*THREE, THREE[0]._replace(key="b", clock="jumps")], media(40), PLAIN, "time stamps of b jump"),
    ("clock",
        [ProbedFragment(k, media(10, *(s._replace(bitrate=None) for s in both(10)), format_="mpegts")._replace(size=n))
         for k, n in (("a", 100_000), ("b", 110_000), ("c", 200_000))],
        media(30), PLAIN, "c has 1.8 times",
    ),
    ("order", [*THREE, part(*reversed(both(10)))], media(40), PLAIN, "audio first in odd.mp4"),
    ("cover-first", [*THREE, part(COVER, *both(10))], media(40), PLAIN, "odd.mp4 is a still"),
    ("lost-stream", THREE, media(30, picture(30)), PLAIN, "audio 1 is missing: part1.mp4 has 1"),
    ("lost-stream", THREE, media(30, sound(30)), JoinOptions("mp3"), "video 1 is missing"),
    ("lost-stream",
     [part(MJPEG_IN_MKV, sound(None), format_="matroska,webm")], media(10, sound(10)), JoinOptions("mp3"),
     "video 1 is missing"),
    ("lost-stream", [part(*both(10), sound(10))], media(10), PLAIN, "extra-audio would allow"),
    ("lost-stream", [part(*both(10), subtitle(10))], media(10), PLAIN, "subtitle 1 is missing"),
    ("lost-stream", THREE, media(30, picture(30)), JoinOptions(may_lose=frozenset({"video"})), "audio 1 is missing"),
    ("other-stream",
     [part(*both(10), sound(10, language="eng"))._replace(key="a")] * 3,
     media(30, *both(30), sound(30, language="chi")), PLAIN, "audio 2 of a is eng, that of the output chi"),
    ("no-evidence", THREE, media(30, picture(None), sound(None), format_=FLV), JoinOptions("flv"), "its video 1"),
    ("no-evidence", [part(picture(10))] * 3, media(30, picture(None, frames=None), format_=FLV), JoinOptions("flv"),
     "how long its video 1 is"),
    ("ambiguous", pieces(6, 60, 60), media(120), BLENDED, "looks the same"),
    ("length", THREE, media(29.85), PLAIN, "0.150 s are missing (allowed 0.100 s)"),
    ("length", LONG, media(175), BLENDED, "or 174.000 s if 2 transition(s) of 3 s overlap: 5.000"),
    ("length", LONG, media(173.5), BLENDED, "0.500 s are missing (allowed 0.180 s)"),
    ("length", LONG, media(117), BLENDED, "57.000 s are missing (allowed 0.180 s)"),
    ("length", LONG, media(179.5), BLENDED, "overlap: 0.500 s are missing"),
    ("long", THREE, media(30.5), PLAIN, "0.500 s after the pieces together"),
    ("long", THREE, media(40), PLAIN, "10.000 s after"),
    ("late", THREE, media(30, picture(30), sound(27, start=3.0)), PLAIN, "audio 1 begins at 3.000 s"),
    ("length",  # of 60 pieces each loses a part of a picture, or none does
     [part(picture(10), sound(10.019), seconds=10.019)] * 60, media(600.54, picture(600), sound(600.54)), PLAIN,
     "0.600 s are missing"),
    ("late", [part(picture(60), seconds=60.0), *pieces(60, 60)],
     media(174, picture(174), sound(113.5, start=60.5)), BLENDED, "it should at 57.000 s"),
    ("short", THREE, media(30, picture(30), sound(10)), PLAIN, "audio 1 ends at 10.000 s"),
    ("short", THREE, media(30, picture(10), sound(30)), PLAIN, "video 1 ends at 10.000 s"),
    ("short", LONG, media(180, picture(180), sound(174)), BLENDED, "audio 1 ends"),
    ("short", LONG, media(174, picture(174), sound(171)), BLENDED, "at 174.000 s"),
    ("short", [*THREE, part(picture(10))], media(40, picture(40), sound(20)), PLAIN, "with part3.mp4"),
    ("untold-end", [part(picture(None), sound(None), format_=FLV)], media(10, picture(10), sound(8)), PLAIN, "audio 1"),
    ("frames", THREE, media(30, picture(30, fps=1.0), sound(30)), PLAIN, "shows 1 pictures a second"),
    ("frames", THREE, media(30, picture(30, frames=735), sound(30)), PLAIN, "has 735 pictures, its pieces 750"),
    ("frames",  # at uneven times: the average is not held against itself
     [part(*uneven(10, 300, 30.0))] * 3, media(30, *uneven(30, 720, 24.0)), PLAIN, "has 720 pictures, its pieces 900",
    ),
    ("frames",  # pieces of two rates: more pictures than the nominal rate are another rate, not enough of them
     [*pieces(10), part(*both(10, fps=60.0)), *pieces(10)], media(30, picture(30, frames=850), sound(30)), PLAIN,
     "has 850 pictures, its pieces 1100"),
    ("frames",  # a piece of so few pictures that all of them would be allowed to be missing
     [part(*both(8, fps=fps), seconds=8.0) for fps in (60.0, 1.0, 60.0)],
     media(24, picture(24, fps=60.0, frames=960, avg_fps=40.0), sound(24)), PLAIN, "has 960 pictures, its pieces 968"),
    ("rate", THREE, media(30, picture(30, fps=1.0, frames=None), sound(30)), PLAIN, "shows 1 pictures a second"),
    ("size", THREE, media(30, picture(30, width=16, height=16), sound(30)), PLAIN, "16x16"),
    ("tiny", [*THREE, part(*both(0.16), seconds=0.16)], media(30.16, picture(30.16, frames=752), sound(30.16)), PLAIN,
     "odd.mp4 lasts 0.160 s, and there are 752"),
    ("tiny", [*THREE, part(sound(0.16), seconds=0.16)], media(30.16), PLAIN, "not counted"),
    ("tiny",  # what is joined of it, not what is in its file
     [*THREE, ProbedFragment("odd.mp4", media(10), start="1", end="1.16")],
     media(30.16, picture(30.16, frames=752), sound(30.16)), PLAIN, "odd.mp4 lasts 0.160 s, and there are 752"),
    ("copied", THREE, media(30, picture(30, bitrate=500.0), sound(30)), DIRECT, "the output carries"),
    ("copied",  # sound is a small part of the bytes, and half of it is missing
     THREE, media(30, picture(30), sound(30, bitrate=50.0)), DIRECT, "audio 1 of the output has 187500 bytes"),
    ("unlike", [*THREE, part(picture(10, width=640), sound(10))], media(40), DIRECT, "video width is 640"),
    ("configurations", THREE, media(30), DIRECT._replace(configurations="unread"), "were not compared"),
    ("configurations", THREE, media(30), DIRECT._replace(configurations=""), "were not compared"),
    ("configurations", THREE, media(30), DIRECT._replace(configurations="unlike"), "differ"),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "parts", "output", "options", "words"), BROKEN)
def test_a_broken_rule_names_stream_piece_and_figures(
    rule: str, parts: list[ProbedFragment], output: Media, options: JoinOptions, words: str
) -> None:
    """And is the first that is broken, so each of them is needed."""
    verdict = verify_streams(parts, output, options)
    assert isinstance(verdict, Unverified)
    assert verdict.rule == rule, verdict
    assert words in verdict.reason
    assert json.dumps(verdict.figures)


def test_every_rule_is_broken_by_a_row() -> None:
    """A rule without one would be a sentence that nobody has seen."""
    assert [rule.name for rule in RULES] == list(dict.fromkeys(row[0] for row in BROKEN))


WHOLE = {
    "plain": (THREE, media(30), PLAIN),
    "rounded at the end": (THREE, media(29.92), PLAIN),
    "a hundred seams": (pieces(*[10.0] * 100), media(1000), PLAIN),
    "padding at every seam": (pieces(*[10.0] * 100), media(1002, picture(1000), sound(1002.0)), PLAIN),
    "trimmed": (
        [ProbedFragment("a", media(60.0), "10", "30.52"), ProbedFragment("b", media(60.0), "50"),
         ProbedFragment("c", media(60.0), end="90")],
        media(90.52), PLAIN,
    ),
    "a piece without sound, filled": ([*THREE, part(picture(10))], media(40), PLAIN),
    "a piece without sound, last": ([*THREE, part(picture(10))], media(40, picture(40), sound(30)), PLAIN),
    "sound that starts late": (
        [part(picture(10), sound(8, start=2.0)), *THREE], media(40, picture(40), sound(38, start=2.0)), PLAIN,
    ),
    "a clock that begins at 100 s": (
        [part(*(s._replace(start=100.0) for s in both(10)), start=100.0), *THREE], media(40), PLAIN,
    ),
    "pictures at uneven times": ([part(*uneven(10, 300, 30.0))] * 3, media(30, *uneven(30, 900, 30.0)), PLAIN),
    "pictures at uneven times, made even": (
        [part(*uneven(10, 300, 30.0))] * 3, media(30, picture(30, fps=25.0), sound(30)), PLAIN,
    ),
    "pictures at uneven times, with Video.Fps": (
        [part(*uneven(10, 600, 60.0))] * 3, media(30, *uneven(30, 900, 30.0)), JoinOptions(fps=30.0),
    ),
    "a calm and a busy piece of avi": (
        [part(picture(4, bitrate=kbps), seconds=4.0, format_="avi")._replace(key=str(kbps))
         for kbps in (800.0, 1800.0, 800.0)], media(12, picture(12)), PLAIN,
    ),
    "pictures whose rate is told as a time base alone": (
        [part(*both(10, fps=1000.0, avg_fps=None, frames=None))] * 3, media(30, picture(30, fps=15.0), sound(30)),
        PLAIN,
    ),
    "cover behind the sound": ([part(*both(10), COVER), *THREE], media(40), PLAIN),
    "sound with a cover": ([part(sound(10), COVER)], media(10, sound(10)), JoinOptions("mp3")),
    "mp3 of pictures, allowed": (THREE, media(30, sound(30)), JoinOptions("mp3", may_lose=frozenset({"video"}))),
    "sound removed": (THREE, media(30, picture(30)), JoinOptions(removed=frozenset({"audio"}))),
    "second track may be lost": (
        [part(*both(10), sound(10))], media(10), JoinOptions(may_lose=frozenset({"extra-audio"})),
    ),
    "all sound may be lost": (
        [part(*both(10), sound(10))], media(10, picture(10)), JoinOptions(may_lose=frozenset({"audio"})),
    ),
    "two tracks": ([part(*both(10), sound(10)), *THREE], media(40, *both(40), sound(10)), PLAIN),
    "data is not counted": ([part(*both(10), num_streams=3)], media(10), PLAIN),
    "transitions that shorten": (LONG, media(174), BLENDED),
    "transitions that do not": (LONG, media(180), BLENDED),
    "sound in the first alone, moved ahead": (
        [*pieces(60, 60), part(picture(60), seconds=60.0)], media(174, picture(174), sound(117)),
        BLENDED,
    ),
    "trimmed between two pictures": (
        [ProbedFragment(str(n), media(10, *both(10, fps=5.0)), end="9.31") for n in range(12)],
        media(12 * 9.4, *both(12 * 9.4, fps=5.0)), PLAIN,
    ),
    "brought to 24 pictures": (pieces(10, 10), media(20, picture(20, fps=24.0), sound(20)), PLAIN),
    "brought to Video.Fps": (THREE, media(30, picture(30, fps=5.0), sound(30)), JoinOptions(fps=5.0)),
    "brought to a size": (
        THREE, media(30, picture(30, width=160, height=90), sound(30)), JoinOptions(resized=True),
    ),
    "a tiny piece, counted": (
        [*THREE, part(*both(0.16), seconds=0.16)], media(30.16), PLAIN,
    ),
    "flv of one stream": (THREE[:1], media(10, *both(10), format_=FLV), JoinOptions("flv")),
    "time stamps were read": ([*THREE, part(*both(10), size=5_000_000)._replace(clock="steady")], media(40), PLAIN),
    "mpegts stops at the last packet": (THREE, media(29.7, format_="mpegts"), JoinOptions("ts")),
    "direct, alike": (THREE, media(30), DIRECT),
    "direct, one piece": (THREE[:1], media(10), JoinOptions(direct=True)),
}  # fmt: skip


@pytest.mark.parametrize(("parts", "output", "options"), WHOLE.values(), ids=list(WHOLE))
def test_a_whole_join_is_verified(parts: list[ProbedFragment], output: Media, options: JoinOptions) -> None:
    """Each in a shape that differs from its pieces without any loss."""
    verdict = verify_streams(parts, output, options)
    assert isinstance(verdict, Verified), verdict
    assert json.dumps(verdict.figures)


def test_with_a_template_a_lower_rate_is_a_doubt_as_well() -> None:
    """Its nodes are not known here."""
    output = media(30, picture(30, fps=5.0), sound(30))
    verdict = verify_streams(THREE, output, JoinOptions(template=True))
    assert isinstance(verdict, Unverified)
    assert (verdict.rule, bool(verdict.doubt)) == ("frames", True)


def test_with_a_template_a_difference_is_a_doubt() -> None:
    """It may cut, and nobody here knows its nodes; without one the output is given up."""
    output = media(20)
    plain, template = (verify_streams(THREE, output, JoinOptions(template=t)) for t in (False, True))
    assert isinstance(plain, Unverified)
    assert isinstance(template, Unverified)
    assert not plain.doubt
    assert "template" in template.doubt


def test_what_is_not_compared_is_named() -> None:
    """Data streams and covers."""
    verdict = verify_streams([part(*both(10), COVER, num_streams=5)], media(10), PLAIN)
    assert (verdict.figures["data_streams_not_compared"], verdict.figures["covers_not_compared"]) == (2, 1)


@settings(deadline=None)
@given(seconds=st.lists(st.floats(1.0, 7200.0), min_size=1, max_size=60))
def test_a_join_as_long_as_its_pieces_is_whole(seconds: list[float]) -> None:
    """Whatever their lengths."""
    parts = pieces(*seconds)
    verdict = verify_streams(parts, joined(parts), PLAIN)
    assert isinstance(verdict, Verified), verdict


@settings(deadline=None)
@given(seconds=st.lists(st.floats(0.5, 7200.0), min_size=2, max_size=60), data=st.data())
def test_a_lost_piece_is_always_seen(seconds: list[float], data: st.DataObject) -> None:
    """Any one, of pictures, of sound or of both, even if padding hides up to a third of it."""
    lost = data.draw(st.sampled_from(seconds))
    hidden = data.draw(st.floats(0, 0.33)) * min(seconds)
    whole = sum(seconds)
    rest = whole - lost + hidden
    kind = data.draw(st.sampled_from(["both", "video", "audio"]))
    output = media(
        rest if kind == "both" else whole,
        picture(whole if kind == "audio" else rest),
        sound(whole if kind == "video" else rest),
    )
    assert isinstance(verify_streams(pieces(*seconds), output, PLAIN), Unverified)


@settings(deadline=None)
@given(
    seconds=st.lists(st.floats(1.0, 600.0), min_size=2, max_size=30),
    transition=st.floats(0.1, 5.0),
    data=st.data(),
)
def test_with_transitions_too_a_lost_piece_is_always_seen(
    seconds: list[float], transition: float, data: st.DataObject
) -> None:
    """Whether the service shortens by transitions or not, any set of lost pieces."""
    lost = data.draw(st.sets(st.integers(0, len(seconds) - 1), min_size=1, max_size=len(seconds) - 1))
    kept = [each for n, each in enumerate(seconds) if n not in lost]
    overlaps = data.draw(st.booleans()) and min(seconds) > transition
    result = sum(kept) - (transition * (len(kept) - 1) if overlaps else 0.0)
    if result > 0:
        options = JoinOptions(transition=transition)
        assert isinstance(verify_streams(pieces(*seconds), media(result), options), Unverified)


@settings(deadline=None)
@given(
    fps=st.sampled_from([5.0, 10.0, 24000 / 1001, 25.0, 30000 / 1001, 60.0]),
    seconds=st.lists(st.integers(30_000, 600_000).map(lambda each: each / 1000), min_size=2, max_size=20),
    transition=st.floats(0.1, 5.0),
    overlapping=st.booleans(),
    lost=st.floats(0.0, 20.0),
    data=st.data(),
)
def test_transitions_between_whole_pictures_are_no_loss(
    fps: float, seconds: list[float], transition: float, overlapping: bool, lost: float, data: st.DataObject
) -> None:
    """Each piece is filled up to whole pictures, and each transition a picture more or less; a tail that is cut off by
    more than that is missed, unless it is as long as all that might overlap.
    """
    seams = len(seconds) - 1
    near = [n for n in range(int(transition * fps) + 3) if abs(n - transition * fps) <= 1]  # whole pictures
    made = data.draw(st.lists(st.sampled_from(near), min_size=seams, max_size=seams))
    whole = sum(math.ceil(each * fps - 1e-6) / fps for each in seconds)
    if overlapping:
        whole -= sum(made) / fps
    parts = [ProbedFragment(str(n), media(each, *both(each, fps=fps))) for n, each in enumerate(seconds)]
    options = JoinOptions(transition=transition)
    verdict = verify_streams(parts, media(whole, *both(whole, fps=fps)), options)
    assert isinstance(verdict, Verified) or verdict.rule == "ambiguous", verdict
    cut = max(whole - lost, 1.0)
    shorter = verify_streams(parts, media(cut, *both(cut, fps=fps)), options)
    most = 0.2 + (seams * 2.5 + len(seconds)) / fps
    alike = not overlapping and abs(lost - seams * transition) <= most
    assert lost <= most or alike or isinstance(shorter, Unverified), (lost, most)


@settings(deadline=None)
@given(fps=st.floats(1.0, 60.0), length=st.floats(0.5, 3.0), count=st.integers(2, 100), lost=st.integers(1, 3))
def test_bringing_pieces_to_whole_pictures_hides_none_of_them(fps: float, length: float, count: int, lost: int) -> None:
    """A hundred pieces, each half a picture shorter, would else make room for some that are missing."""
    parts = [ProbedFragment(str(n), media(length, picture(length, fps=fps), sound(length))) for n in range(count)]
    rest = length * (count - min(lost, count - 1))
    output = media(rest, picture(rest, fps=fps), sound(rest))
    assert isinstance(verify_streams(parts, output, PLAIN), Unverified)


def test_the_page_holds_the_table() -> None:
    """docs/verification.md is written by `make pages`."""
    page = page_of_rules.PAGE.read_text("utf-8")
    assert page == page_of_rules.with_tables(page)


@pytest.mark.parametrize("rule", RULES, ids=[rule.name for rule in RULES])
def test_each_rule_is_needed(rule: Rule, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, at least one join that lost something, or may have, would be verified; only what is too short as a
    whole would still be kept.
    """
    monkeypatch.setattr(table, "RULES", tuple(other for other in RULES if other is not rule))
    rows = [row for row in BROKEN if row[0] == rule.name]
    verdicts = [verify_streams(parts, output, options) for _, parts, output, options, _ in rows]
    assert any(isinstance(verdict, Verified) or rule.name == "length" for verdict in verdicts), verdicts
    assert all(not isinstance(verdict, Unverified) or verdict.rule != rule.name for verdict in verdicts)


@pytest.mark.parametrize(("form", "doubted"), [("aac", True), ("mp3", True), ("wav", False)])
@pytest.mark.parametrize("seconds", [28.0, 34.0])
def test_what_is_too_short_or_too_long_is_no_fact_where_a_probe_guesses(
    form: str, doubted: bool, seconds: float
) -> None:
    """Raw AAC and mp3 without a header have no length of their own: a person has to listen."""
    parts = [part(sound(10), format_=form)] * 3
    verdict = verify_streams(parts, media(seconds, sound(seconds), format_="mp3"), JoinOptions("mp3"))
    assert isinstance(verdict, Unverified)
    assert verdict.rule in ("length", "long")
    assert ("odd.mp4 is may be a guess" in verdict.doubt) is doubted
