"""The guards of names (what a narrowed look may say, when a window is over, the first number), each without it."""

from __future__ import annotations

from tests.simulation.mutants.mutant import Mutant

BY_TIME = {"naming": "timestamp", "completion": "quiet", "direct": "", "single": "join", "hostile": False}
SPELLED = {**BY_TIME, "spellings": True, "most": 3}
RECORDED = {**BY_TIME, "takes": 900, "timer": 120, "edit": 0.0}
COUNTED = {**BY_TIME, "naming": "folder", "first": "0", "most": 3}

MUTANTS = (
    Mutant(
        "narrow-look-believed", "G2", "cosconcat.groups.survey:_judge",
        "if isinstance(verdict, Whole) and listing.narrowed and total is None:", "if False:",
        "an event long after the hour is a job for the pieces that are written like its own",
        forced={**SPELLED, "edit": 0.0, "event-lost": 0.0},
    ),
    Mutant(
        "newcomers-of-one-spelling", "G3", "cosconcat.groups.survey:_beside",
        "convention.spans(fragments.group)",
        "convention.spans(fragments.group, convention.read(fragments.fragments[0].object.key))",
        "a piece in another spelling that came while the others were joined is left behind",
        forced={**SPELLED, "edit": 1.0, "most": 1},
    ),
    Mutant(
        "window-closed-at-its-end", "G3", "cosconcat.groups.rules:judge_times",
        "end + arrival_lag(pieces, config.window_seconds) + config.quiet_seconds", "end + config.quiet_seconds",
        "the piece that was still being recorded when the window ended is joined alone",
        forced=RECORDED,
    ),
    Mutant(
        "first-number-ignored", "G5", "cosconcat.groups.rules:missing_numbers",
        'if convention.first != "auto":', "if False:",
        "without its piece 0 a recording that counts from 0 is joined",
        forced=COUNTED,
    ),
)  # fmt: skip
