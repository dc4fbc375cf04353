"""The guards against whoever may only upload, each as the mutant that is without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

MUTANTS = (
    Mutant(
        "others-pieces-removed", "G6", "cosconcat.inputs.ownership:other_owner",
        'return "" if name.group == manifest.group else', 'return "" if True else',
        "a manifest that lists another group's pieces removes them",
        lambda plan: plan.naming == "folder" and plan.cleanup in ("delete", "trash") and plan.verify != "none",
        forced={"hostile": True, "completion": "manifest"},
    ),
    Mutant(
        "one-slot-for-two", "G6", "cosconcat.records.job_slots:JobSlots.take",
        '{k}", b""):', '{k}", b"") in (True, False):',
        "two instances use one slot of an hour: more jobs than the budget",
        forced={"jobs_per_hour": 1},
    ),
    Mutant(
        "next-attempt-without-a-slot", "G6", "cosconcat.records.job_slots:JobSlots.spend",
        "self._in_hand = -1", "pass",
        "one slot serves all jobs of an invocation",
        forced={"jobs_per_hour": 1},
    ),
    Mutant(
        "reservation-taken-at-once", "G1", "cosconcat.output.reservations:reserve_after",
        "held.age <= 2 * lease or ", "",
        "whoever has reserved a name and is about to claim loses it to another group: one result overwrites the other",
        forced={"hostile": True, "naming": "folder", "completion": "manifest", "groups": 2, "most": 1, "edit": 0.0,
                "stall": 0.25, "time_limit": 900, "lease": 1200, "stale": 3600, "kill": 0.0, "kill-after": 0.0},
    ),
    Mutant(
        "used-name-given-back", "G1", "cosconcat.output.reservations:reserve_after",
        " or _is_used(services, held.record, bucket, key)", "",
        "the name that another group's job is about to write is given away after two leases",
        forced={"hostile": True, "naming": "folder", "completion": "manifest", "job-slow": 0.9, "time_limit": 60,
                "lease": 121, "stale": 600, "groups": 2, "event-slow": 0.3},
    ),
)  # fmt: skip
