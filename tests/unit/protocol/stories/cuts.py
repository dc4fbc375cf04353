"""Where one recording ends and the next begins."""

from __future__ import annotations

from tests.unit.protocol.stories.source import Source


def an_hour_later() -> str:
    """A second recording of the day, while the pieces of the first still lie there."""
    source = Source()
    source.put(0, 50)
    source.settle()
    source.put(800, at=5000)
    source.settle()
    return source.broken((0, 50, 800))


def two_of_one_name() -> str:
    """Two recorders whose pieces begin in the same second: no job, and a person is told."""
    source = Source()
    source.put(0, 50)
    source.memory.put(source.key(0).replace(".mp4", ".mkv"), 40)
    source.settle()
    return f"G5: {source.memory.ci.work} joins what overlaps" if source.memory.ci.work else ""


def slow_uploads() -> str:
    """Pieces of ten minutes, each there when it is over: nothing comes for ten minutes, and yet it goes on."""
    source = Source()
    source.put(0, at=605)
    source.sweep(after=70)
    source.sweep(after=400)
    source.put(50, at=1205)
    source.settle()
    return "" if source.jobs == [[0, 50]] else f"G5: what belongs together is apart: {source.jobs}"


def long_pieces() -> str:
    """Longer than CONCAT_STALE_SECONDS, each there when it is over: the next one is waited for as long."""
    source = Source(CONCAT_STALE_SECONDS="400", CONCAT_LEASE_SECONDS="400")
    source.put(0, at=805, lasting=800)
    source.sweep(after=500)
    source.sweep(after=250)
    source.put(800, at=1605, lasting=800)
    source.settle()
    return "" if source.jobs == [[0, 800]] else f"G5: what belongs together is apart: {source.jobs}"


def clock_ahead() -> str:
    """Summer time, or CONCAT_TIMEZONE forgotten: each piece is there before it begins by its name."""
    source = Source()
    source.put(0, at=405 - 3600, lasting=400)
    source.sweep(after=100)
    source.sweep(after=250)
    source.put(400, at=805 - 3600, lasting=400)
    source.settle()
    return "" if source.jobs == [[0, 400]] else f"G5: what belongs together is apart: {source.jobs}"


def cut_off_and_more_comes() -> str:
    """What is too long for one job is cut, and goes on: with more pieces the cut would lie elsewhere, and yet nothing
    came late for what is being joined.
    """
    source, pieces = Source(CONCAT_MAX_FRAGMENTS="2"), (10, 50, 90, 130)
    source.put(10, at=1000)
    source.put(50, 90, at=1060)
    source.later(1030)
    source.close(0)
    source.put(130, at=2100)
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken(pieces) or ("" if paid == len(source.jobs) else f"G2: {paid} jobs for {source.jobs}")


def late_beyond_the_cut() -> str:
    """A run is cut at 300 s, and goes on. Its first piece behind the cut comes late, while both parts are joined."""
    source, pieces = Source(CONCAT_MAX_LENGTH="300"), (200, 240, 280, 320, 360, 400, 440, 480, 520)
    source.put(*pieces[:3], at=1000)
    source.put(*pieces[3:], at=1060)
    source.later(870)
    source.close(0)
    source.put(305, at=1935)
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken((*pieces, 305)) or ("" if paid == 3 else f"G2: {paid} jobs for {source.jobs}")


def an_end_that_others_contradict() -> str:
    """By its name a piece goes on for long after another began: the two are in doubt, and nothing else is."""
    source = Source()
    source.put(0, lasting=800)
    source.put(200, 400, 600, lasting=30)
    source.settle()
    return "" if sorted(source.jobs) == [[400], [600]] else f"G5: one end too late decides for all: {source.jobs}"


def an_end_beyond_the_cut() -> str:
    """By its name a piece goes on beyond where its run is cut: what lies apart there stays so."""
    source = Source(CONCAT_MAX_LENGTH="300")
    source.put(0, lasting=800)
    source.put(310, 400, 610, 700)
    source.settle()
    alone = [[0], [310], [400], [610], [700]]
    return "" if sorted(source.jobs) == alone else f"G5: what lies apart is together: {source.jobs}"
