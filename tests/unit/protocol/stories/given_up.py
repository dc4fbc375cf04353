"""What was given up or lost its output, and what of it is joined anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from tests.unit.protocol.stories.source import DAY, Source


def given_up_and_its_end_superseded() -> str:
    """Two pieces are given up. The second is joined with a third one that is taken away, so that this is superseded."""
    source = Source()
    source.put(-50, 0)
    faults = source.memory.world.plan.faults
    faults["job-fails"] = 1.0
    source.settle()
    source.settle()
    faults["job-fails"] = 0.0
    source.put(50)
    source.later(2 * DAY)
    source.close(0, source.instance(blind_to=(-50,)))
    source.remove(50)
    source.settle()
    paid, works = source.memory.config.max_attempts, source.memory.ci.work.values()
    given_up = sum(source.key(-50) in work.fragments for work in works)
    return "" if (given_up, len(works)) == (paid, paid + 1) else f"G2: {given_up} of {len(works)} jobs for one given up"


def given_up_and_the_next_of_it_superseded() -> str:
    """A piece is given up. It is joined with an earlier one that is taken away, so that this is superseded."""
    source = Source()
    source.put(0)
    faults = source.memory.world.plan.faults
    faults["job-fails"] = 1.0
    source.settle()
    source.settle()
    faults["job-fails"] = 0.0
    source.put(-50)
    source.later(2 * DAY)
    source.close(-1)
    source.remove(-50)
    source.settle()
    paid, works = source.memory.config.max_attempts, source.memory.ci.work.values()
    if len(works) != paid + 1:
        return f"G2: {len(works)} jobs, the one given up took {paid}"
    told = source.close(0)
    return "" if told == ["gave-up"] else f"G3: what was given up is told as {told}"


def given_up_and_its_rest_lost() -> str:
    """A piece is given up, and one beyond midnight comes. Who joins both finds that reserved by another, to whom LIST
    did not show the first; or dies before that, or right after.
    """
    for dies_after in ("", "/gap/", "/claim-"):
        source = _given_up_before_midnight()
        one = source.instance(dies_after=dies_after, first=_second_half_closed(source))
        source.close(-1, one)
        source.settle()
        source.settle()
        often = Counter(source.jobs_with(second) for second in (-50, 0))
        paid = source.memory.config.max_attempts
        if often != Counter([paid, 1]):
            return f"G2: {often} jobs, {paid} had been paid for what was given up"
        told = source.close(-1)
        if told != ["gave-up"]:
            return f"G3: what was given up is told as {told}"
    return ""


def retried_and_its_rest_lost() -> str:
    """The same, when a person said retry to what was given up: that is joined, by whoever finds it."""
    for dies_after in ("", "/gap/", "/claim-"):
        source = _given_up_before_midnight()
        source.retry(-50, source.instance(dies_after=dies_after, first=_second_half_closed(source)))
        source.settle()
        paid = source.memory.config.max_attempts
        if (source.jobs_with(-50), source.jobs_with(0)) != (paid + 1, 1):
            return f"G3: a person said retry, and the jobs are {source.jobs}"
    return ""


def given_up_again_with_another() -> str:
    """A piece is given up, uploaded anew beside another, and given up with that, which is taken away."""
    source = Source(CONCAT_MAX_ATTEMPTS="1")
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.put(100)
    source.settle()
    source.put(100, 150)
    source.settle()
    source.remove(150)
    source.settle()
    return "" if source.jobs_with(100) == 2 else f"G2: {source.jobs_with(100)} jobs for what was uploaded twice"


def rest_given_up_and_its_next_gone() -> str:
    """Two are given up, and one of them is taken away; a third one comes, and goes while it is joined with the rest."""
    source = Source()
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.put(50, 100)
    source.settle()
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    source.remove(50)
    source.put(150)
    source.later(2 * DAY)
    source.close(0)
    source.remove(150)
    source.settle()
    if source.jobs_with(100) != source.memory.config.max_attempts + 1:
        return f"G2: {source.jobs_with(100)} jobs for what was given up, one of them beside another"
    told = source.close(0)
    return "" if told == ["gave-up"] else f"G3: what was given up is told as {told}"


def retried_beside_another_that_goes() -> str:
    """A person says retry to what was given up; what came beside it is taken away while the two are joined."""
    source = Source()
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.put(50)
    source.settle()
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    source.put(100)
    source.later(2 * DAY)
    source.retry(50)
    source.remove(100)
    source.settle()
    paid = source.memory.config.max_attempts
    return "" if source.jobs_with(50) == paid + 2 else f"G3: a person said retry, and the jobs are {source.jobs}"


def _given_up_before_midnight() -> Source:
    source = Source()
    source.put(-50)
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.settle()
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    source.put(0)
    source.later(2 * DAY)
    return source


def _second_half_closed(source: Source) -> Callable[[], object]:
    return lambda: source.close(0, source.instance(blind_to=(-50,)))


def given_up_and_cut_otherwise() -> str:
    """What was given up was too long, a person thinks: shorter parts are allowed, and all of them are tried again."""
    pieces = [*range(0, 360, 30)]
    source = Source(CONCAT_MAX_ATTEMPTS="1")
    source.put(*pieces)
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 0.0
    services = source.memory.services
    source.memory.services = replace(services, config=replace(services.config, max_fragments=4))
    source.lose_outputs_and_retry()
    source.settle()
    again = [second for job in source.jobs[1:] for second in job]
    return "" if again == pieces else f"G3: a person said retry, and what was tried again is {source.jobs[1:]}"


def late_while_joined_anew() -> str:
    """An output is gone and a person says retry; while the pieces are joined anew another one comes: all three are."""
    source = Source()
    source.put(0, 50)
    source.settle()
    source.lose_outputs_and_retry()
    source.put(100)
    source.settle()
    return "" if source.jobs == [[0, 50], [0, 50, 100]] else f"G3: what has no output is left: {source.jobs}"


def joined_anew_in_vain() -> str:
    """An output is gone, and the retry is given up: the report says so for as long as the pieces are there."""
    source = Source()
    source.put(0, 50)
    source.settle()
    source.memory.world.plan.faults["job-fails"] = 1.0
    source.lose_outputs_and_retry()
    source.settle()
    source.settle()
    told = source.close(0)
    return "" if told == ["gave-up"] else f"G3: what was given up is told as {told}"


def joined_anew_to_expire() -> str:
    """An output is gone, and the retry is joined: its pieces stay tagged for the lifecycle rule."""
    source = Source(CONCAT_CLEANUP="expire", CONCAT_CLEANUP_DRY_RUN="true")
    source.put(0, 50)
    source.settle()
    services = source.memory.services
    source.memory.services = replace(services, config=replace(services.config, cleanup_dry_run=False))
    source.lose_outputs_and_retry()
    source.settle()
    there = source.memory.cos.shelves[source.memory.config.bucket.name].current
    untagged = [second for second in (0, 50) if not there[source.key(second)].tags]
    return f"G3: {untagged} never expire" if untagged else ""
