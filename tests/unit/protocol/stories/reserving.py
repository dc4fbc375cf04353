"""Instances that reserve beside one another, or die between a slot and its job."""

from __future__ import annotations

import time
from dataclasses import replace

from cosconcat.model import gid_of
from tests.simulation.models.objects import Content
from tests.support.joins import recording
from tests.unit.protocol.stories.source import DAY, Source


def half_seen_first() -> str:
    """Who reserves across midnight dies; meanwhile somebody who sees only the second half closes that."""
    source, pieces = Source(), (-100, -50, 0, 50, 100, 150, 200)
    source.put(*pieces)
    source.later()
    source.close(-1, source.instance(dies_after="/gap/"))
    half = source.instance(blind_to=(-100, -50, 0, 50, 100))
    source.close(0, half)
    source.sweep(half)
    source.settle()
    return source.broken(pieces)


def one_piece_taken_meanwhile() -> str:
    """Both judge before either reserves: one wants three pieces beyond midnight, the other gets the middle one."""
    source, pieces = Source(), (-50, 0, 30, 50)
    source.put(*pieces)
    source.later()
    one = source.instance(blind_to=(-50, 0, 50), first=lambda: source.close(-1, source.instance(dies_after="/gap/")))
    source.close(0, one)
    source.sweep(source.instance(blind_to=(-50, 0, 50)))
    source.settle()
    return source.broken(pieces)


def two_left_and_a_grant_lost() -> str:
    """Who finds the slots of two that died is too late for what the first wants beyond midnight: it still goes on with
    the second, which lies far from there.
    """
    source, pieces = Source(), (-250, -50, 0, 800)
    source.put(*pieces, at=1500)
    source.later(4000)
    source.close(-1, source.instance(blind_to=(-250,), dies_after="/gap/"))
    source.close(-1, source.instance(blind_to=(-50, 0), dies_after="/gap/"))
    other = source.instance(blind_to=(-50, 0))
    done = source.close(-1, source.instance(first=lambda: source.close(0, other)))
    return source.broken(pieces) or ("" if done == ["submitted"] * 2 else f"G3: {done}")


def slot_lost() -> str:
    """Somebody who sees all is faster than somebody who does not see the first piece."""
    source, pieces = Source(), (100, 150)
    source.put(*pieces)
    source.later()
    source.close(0, source.instance(blind_to=(100,), first=lambda: source.close(0)))
    source.settle()
    return source.broken(pieces)


def removed_before_it_was_claimed() -> str:
    """Who reserved two pieces died, and one of them is taken away: whoever goes on looks first."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0, source.instance(dies_after="/gap/"))
    source.remove(0)
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken((50,)) or ("" if paid == 1 else f"{paid} jobs, of which one was for a piece that was gone")


def claimed_by_the_dead() -> str:
    """Whose claim is in no index: its pieces are taken away, and only a late one beside it can remind of it."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0, source.instance(dies_after="/claim-"))
    source.remove(0, 50)
    source.put(100)
    source.settle()
    return source.broken((100,))


def replaced_after_the_death() -> str:
    """Whose claim is in no index: its piece is overwritten, and what lies there now cannot be joined."""
    source = Source()
    source.put(0)
    source.later()
    source.close(0, source.instance(dies_after="/claim-"))
    other = Content("another", recording(30.0, 30_000))
    source.memory.cos.write(source.memory.config.bucket.name, source.key(0), content=other)
    source.memory.put(source.key(0).replace(".mp4", ".mkv"), 40)
    source.settle()
    content = source.memory.services.ledger.newest_content(gid_of(source.key(0)[len("fragments/") : -len(".mp4")]))
    assert content is not None
    return "" if content.done else "G3: a claim never ends"


def reserved_by_another_deployment() -> str:
    """Two deployments share their records, not their inputs. Who reserved died: the other leaves that to its own."""
    source = Source()
    other = replace(source.memory.config, input_prefix="others/", output_key="others-output/{group}.${ext}")
    source.put(0, 50, 100)
    source.memory.put(source.key(20).replace("fragments/", "others/"), 40)
    source.later()
    source.close(0, source.instance(dies_after="/gap/"))
    for _ in range(3):
        source.sweep(replace(source.memory.services, config=other))
    posted = [work.fragments for work in source.memory.ci.work.values()]
    return "" if len(posted) == 1 and len(posted[0]) == 1 else f"G2: pieces of another deployment are joined: {posted}"


def two_names_of_one_moment() -> str:
    """Names with a zone and without: two recordings begin in one second, on two days as they are written, and have one
    id. The second is begun at once, and spends one slot in vain, however often the first was tried.
    """
    source = Source(CONCAT_TIMEZONE="+08:00", CONCAT_MAX_ATTEMPTS="1")
    source.put(-100)
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.settle()
    for _ in range(2):
        source.lose_outputs_and_retry(-100)
        source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    source.remove(-100)
    source.memory.put(source.local(-100), 40)
    source.later(DAY)
    told = source.close(0)
    if told != ["submitted"]:
        return f"G3: what has another's id is told as {told}"
    day = time.strftime("/%Y-%m-%d/", time.gmtime(source.midnight))
    records = source.memory.cos.shelves[source.memory.config.state_bucket.name].current
    slots = sum("/gap/" in key and day in key for key in records)
    return "" if slots == 2 else f"G3: {slots} slots for one recording"


def lost_between_two_of_its_pieces() -> str:
    """Of three pieces the middle one is named without a zone, and so lies on the next day: another gets that."""
    source, begin = Source(CONCAT_TIMEZONE="+08:00"), 3600 - 8 * 3600  # an hour after midnight as it writes it
    source.memory.world.run(source.midnight + begin + 1000)
    source.memory.put(source.local(begin + 40), 40)
    source.put(begin, begin + 80)
    source.later(2 * DAY)
    middle = source.instance(blind_to=(begin, begin + 80))
    source.close(-1, source.instance(first=lambda: source.close(0, middle)))
    source.settle()
    jobs = sorted(len(work.fragments) for work in source.memory.ci.work.values())
    return "" if jobs == [1, 1, 1] else f"G5: jobs of {jobs} pieces, one of which reaches over another"


def one_piece_is_left() -> str:
    """CONCAT_SINGLE=leave: what a recording wants beyond midnight goes to another, and its one piece is left."""
    source = Source(CONCAT_SINGLE="leave")
    source.put(-50, 0, 30)
    source.later(2 * DAY)
    source.close(-1, source.instance(first=lambda: source.close(0, source.instance(blind_to=(-50,)))))
    source.settle()
    alone = [work.fragments for work in source.memory.ci.work.values() if len(work.fragments) == 1]
    return f"G5: {alone} should be left as it is" if alone else ""
