"""What people upload under any name neither leads a result elsewhere nor writes into the log."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Invalid
from cosconcat.log import printable
from cosconcat.model import Head, ObjectInfo, OutputFile
from cosconcat.output.key import with_rev
from cosconcat.verification.objects import check_object
from cosconcat.verification.verdict import Unverified, Verified
from tests.support.shelf import BUCKET, Shelf


def test_a_group_named_like_a_dot_segment_gets_no_result() -> None:
    """`output/../joined.mp4` is another folder to whoever resolves it."""
    shelf = Shelf().store("fragments/...part1-of-1.mp4")
    verdict = survey(shelf.services(Config(BUCKET, output_key="output/{group}/joined.{ext}")), "..")
    assert isinstance(verdict, Invalid)
    assert "dot segment" in verdict.reason


@pytest.mark.parametrize("character", ["\x9b", "\u202e", "\u2028", "\u2029", "\u200b", "\x7f"])
def test_characters_that_forge_a_line_are_written_out(character: str) -> None:
    """Those that JSON leaves as they are."""
    assert printable(f"a{character}b讲座") == f"a\\u{ord(character):04x}b讲座"


def test_names_after_the_first_that_is_taken_count_on() -> None:
    """Before the extension."""
    names = [with_rev("o/v.mp4", 2, count) for count in (1, 2, 3)]
    assert names == ["o/v.r0002.mp4", "o/v.r0002-2.mp4", "o/v.r0002-3.mp4"]


@pytest.mark.parametrize(("encrypted", "verdict"), [(True, Verified), (False, Unverified)])
def test_the_etag_of_an_encrypted_object_is_no_md5(encrypted: bool, verdict: type) -> None:
    """Document 436/7749."""
    head = Head(ObjectInfo("o", "a" * 32, 1, 0), 0, encrypted=encrypted)
    assert isinstance(check_object(OutputFile("o", "b" * 32), head, None), verdict)
