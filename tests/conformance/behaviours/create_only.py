"""PUT with x-cos-forbid-overwrite: a key is created once."""

from __future__ import annotations

import pytest

from tests.conformance.behaviours.behaviour import COS, NOWHERE, Chapter
from tests.conformance.targets import Target

CHAPTER = Chapter()
behaviour = CHAPTER.behaviour


@behaviour(
    "PUT with x-cos-forbid-overwrite creates, or answers 409 and changes nothing", "documented", f"{COS}7749", "records"
)
def create_only_once(at: Target) -> None:
    key = f"{at.prefix}record"
    assert at.cos.create(at.bucket, key, b"first")
    assert not at.cos.create(at.bucket, key, b"second")
    assert not at.cos.create(at.bucket, key, b"first")
    stored = at.cos.get(at.bucket, key)
    assert stored is not None
    assert stored.body == b"first"


@behaviour("of creates at the same time exactly one succeeds", "assumed", NOWHERE, "one claim for one content")
def create_is_atomic(at: Target) -> None:
    for turn in range(4):
        key = f"{at.prefix}race-{turn}"
        bodies = [b"writer %d" % number for number in range(8)]
        won = at.together([lambda key=key, body=body: at.cos.create(at.bucket, key, body) for body in bodies])  # type: ignore[misc]  # binds the loop's values
        assert won.count(True) == 1
        stored = at.cos.get(at.bucket, key)
        assert stored is not None
        assert stored.body in bodies


@behaviour(
    "forbid-overwrite does nothing where versioning is or was on",
    "assumed", "reported by several public projects", "the state bucket must never have had versioning",
)  # fmt: skip
def create_is_inert_with_versions(at: Target) -> None:
    if at.versioned is None:
        pytest.skip("this target has no bucket with versioning")
    key = f"{at.prefix}record"
    assert at.cos.create(at.versioned, key, b"first")
    assert at.cos.create(at.versioned, key, b"second")
