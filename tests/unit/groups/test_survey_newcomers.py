"""Pieces that come after the others: seen at commit in whichever spelling, joined after what was joined too early."""

from __future__ import annotations

import pytest

from cosconcat.config import Config
from cosconcat.groups.survey import newcomers, survey
from cosconcat.groups.verdicts import Whole
from cosconcat.model import Media
from cosconcat.naming.keys import FragmentName
from cosconcat.records.records import Done
from cosconcat.submission.submit import first_claim
from tests.simulation.counted import in_memory
from tests.simulation.models.objects import Content
from tests.support.shelf import BUCKET, Shelf
from tests.support.verdicts import (
    FOLDER,
    IN,
    QUIET,
    TIMED,
    WINDOW_END,
    look,
    waiting,
    whole,
)


def test_a_late_piece_is_a_newcomer() -> None:
    """After a marker and after quiet time, by listing or by its number; a total leaves no room for one."""
    for config, marker in ((FOLDER, "a/_DONE"), (QUIET, "a/readme.txt")):
        shelf = Shelf().store(IN + "a/1.mp4", IN + "a/2.mp4").store(IN + marker, body=b"")
        verdict = look(shelf, config, "a")
        assert isinstance(verdict, Whole)
        services = shelf.services(config)
        assert newcomers(services, verdict.set) == ()
        shelf.store(IN + "a/other 7.mp4", IN + "a/3.mp4", IN + "b/4.mp4")
        assert newcomers(services, verdict.set) == (IN + "a/3.mp4", IN + "a/other 7.mp4")
        shelf.hidden = {IN + "a/3.mp4", IN + "a/other 7.mp4"}
        assert newcomers(services, verdict.set) == (IN + "a/3.mp4",)


@pytest.mark.parametrize(
    ("naming", "keys"),
    [
        (r"(?P<group>cam1)/[0-9]+-(?P<time>[0-9]{14})\.mp4", ["cam1/01-20241201100000", "cam1/02-20241201101000"]),
        (r"[0-9-]+/(?P<group>[a-z]+)_(?P<index>[0-9]+)\.mp4", ["2024-12-01/rec_1", "2024-12-02/rec_2"]),
        (r"(?P<group>cam1)/[0-9]{2}/(?P<time>[0-9]{14})\.mp4", ["cam1/10/20241201100000", "cam1/11/20241201105900"]),
        ("timestamp", ["cam1_20241201T100000Z", "cam1_2024-12-01T10:10:00Z"]),
    ],
)
def test_a_late_event_never_calls_its_own_spelling_the_whole_group(naming: str, keys: list[str]) -> None:
    """The look of a fragment's event is narrowed to keys written like it: others of its group would be left behind."""
    config = Config(BUCKET, naming=naming, completion="quiet", quiet_seconds=300)
    names = [f"{key}.mp4" for key in keys]
    shelf = Shelf(now=WINDOW_END + 4000).store(*(IN + name for name in names))
    read = config.convention.read(IN + names[0])
    assert isinstance(read, FragmentName)
    assert "every spelling" in waiting(look(shelf, config, read.group, names[0])).reason
    waiting(look(shelf, config, read.group, names[1]))
    assert whole(look(shelf, config, read.group)) == names


def test_newcomers_in_another_spelling_are_seen() -> None:
    """At commit the whole group is looked at, not only what is written like its first piece."""
    shelf = Shelf(now=WINDOW_END + 4000).store(IN + "cam1_20241201T100000Z.mp4")
    verdict = look(shelf, TIMED, "cam1_20241201T100000Z")
    assert isinstance(verdict, Whole)
    shelf.store(IN + "cam1_2024-12-01T10:10:00Z.mp4")
    assert newcomers(shelf.services(TIMED), verdict.set) == (IN + "cam1_2024-12-01T10:10:00Z.mp4",)


def test_the_rest_after_a_join_that_quiet_time_began_too_early_is_joined_after_it() -> None:
    """Pieces 1 and 2 were joined and removed; 3 to 5 are the next content, and do not wait for 1 for ever."""
    memory = in_memory(CONCAT_NAMING="folder", CONCAT_COMPLETION="quiet:300")
    services, bucket = memory.services, memory.config.bucket.name
    pieces = [f"fragments/a/{number}.mp4" for number in range(6)]
    for key in pieces[1:3]:
        memory.put(key)
    memory.world.now += 301
    first = survey(services, "a")
    assert isinstance(first, Whole)
    services.ledger.create_claim(first_claim(services, first.set, 1, "output/a.mp4"))
    services.ledger.create_done(first_claim(services, first.set, 1, "output/a.mp4"), Done("joined", "", "o", "j1"))
    for key in pieces[1:3]:
        memory.cos.remove(bucket, key)
    for key in pieces[3:]:
        memory.put(key)
    assert waiting(survey(services, "a")).awaits == "quiet"
    memory.world.now += 301
    rest = survey(services, "a")
    assert isinstance(rest, Whole)
    assert [fragment.index for fragment in rest.set.fragments] == [3, 4, 5]
    memory.put(pieces[2])  # uploaded again as it was: not joined twice
    memory.world.now += 301
    again = survey(services, "a")
    assert isinstance(again, Whole)
    assert [fragment.index for fragment in again.set.fragments] == [3, 4, 5]
    memory.cos.write(bucket, pieces[2], content=Content("f" * 32, Media(60.0, 60_000)))
    memory.world.now += 301
    assert waiting(survey(services, "a")).missing == (1,)  # other content for piece 2: a correction has begun
    memory.cos.remove(bucket, pieces[2])
    memory.cos.remove(bucket, pieces[4])
    assert waiting(survey(services, "a")).missing == (1, 2, 4)  # a hole in what came late is a hole
