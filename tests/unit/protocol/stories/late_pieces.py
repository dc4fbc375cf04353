"""Pieces that come, are overwritten or go while their neighbours are joined, or after that."""

from __future__ import annotations

import contextlib
import io
from dataclasses import replace

from cosconcat.protocol.closing import reconcile_fragment
from tests.simulation.models.objects import Content
from tests.support.joins import recording
from tests.unit.protocol.stories.source import Source


def late_on_both_sides() -> str:
    """Two pieces come after the one between them was joined."""
    source = Source()
    source.put(100)
    source.settle()
    source.put(70, 130)
    source.settle()
    return source.broken((70, 100, 130))


def late_after_the_join() -> str:
    """A piece comes when its neighbour was joined: what was joined stays joined."""
    source = Source()
    source.put(100)
    source.settle()
    source.put(130)
    source.settle()
    return source.broken((100, 130))


def late_while_joined() -> str:
    """A piece comes while its neighbours are joined: their commit finds it, and all is joined anew."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0)
    source.put(100)
    source.settle()
    return "" if source.jobs == [[0, 50, 100]] else f"G3: what belongs together is apart: {source.jobs}"


def late_and_whole_while_joined() -> str:
    """The late piece alone would be whole before its neighbours are over: it waits for them."""
    source = Source()
    source.put(0, 50, at=100)
    source.later(300)
    source.close(0)
    source.put(100, at=450)
    source.later(500)
    source.close(0)
    source.settle()
    return "" if source.jobs == [[0, 50, 100]] else f"G3: what belongs together is apart: {source.jobs}"


def late_behind_midnight_under_a_shorter_gap() -> str:
    """It comes between the last piece before midnight and the first behind it, while they are joined."""
    source, pieces = Source(), (-40, 12, 20, 60)
    source.put(-40, 20, 60)
    source.later()
    source.close(-1)
    source.put(12, at=3100)
    source.later(4000)
    services = source.memory.services
    with contextlib.redirect_stdout(io.StringIO()):
        reconcile_fragment(replace(services, config=replace(services.config, gap_seconds=5)), source.key(12))
    source.settle()
    return source.broken(pieces)


def between_under_another_gap() -> str:
    """An instance with a longer gap closes two pieces; one comes between them, which the shorter gap parts from one."""
    source, pieces = Source(), (0, 20, 100)
    source.put(0, 100, at=150)
    source.later(400)
    services = source.memory.services
    source.close(0, replace(services, config=replace(services.config, gap_seconds=200)))
    source.put(20, at=700)
    source.later(800)
    source.close(0)
    source.settle()
    return source.broken(pieces)


def overwritten_before_it_was_joined() -> str:
    """Somebody to whom LIST shows the upload before the one that was joined."""
    source = Source()
    source.put(0, 50)
    [*_, before] = source.memory.services.cos.list(source.memory.config.bucket, "fragments/").objects
    source.later(100)
    other = Content("another", recording(40.0, 40_000))
    source.memory.cos.write(source.memory.config.bucket.name, source.key(50), content=other)
    source.settle()
    source.sweep(source.instance(past=[before]))
    source.settle()
    paid = len(source.memory.ci.work)
    return source.broken((0, 50)) or ("" if paid == 1 else f"G2: {paid} jobs, of which one was for what is no more")


def gone_while_joined() -> str:
    """A piece is taken away while it is joined, so that the job fails: the other one is not given up for it."""
    source = Source()
    source.put(0, 50)
    source.later()
    source.close(0)
    source.remove(50)
    source.settle()
    return source.broken((0,))


def corrected_after_the_join() -> str:
    """A piece right after midnight was joined; it is uploaded anew, and the one before midnight comes as well."""
    source = Source()
    source.put(0)
    source.settle()
    source.put(-50)
    other = Content("another", recording(40.0, 40_000))
    source.memory.cos.write(source.memory.config.bucket.name, source.key(0), content=other)
    source.settle()
    return "" if source.jobs == [[0], [-50, 0]] else f"G5: {source.jobs}"
