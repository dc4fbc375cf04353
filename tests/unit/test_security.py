"""SECURITY.md names tests that exist, and a policy that does what it says."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from local.account import cam
from local.cos.rights import cos_resource
from tools.pages import ROOT

PAGE = (ROOT / "SECURITY.md").read_text("utf-8")
BUCKET = "demo-1250000000"


def test_every_test_that_is_named_exists_and_tests_something() -> None:
    """A threat without a test is only an opinion."""
    named = set(re.findall(r"[`(](tests/[a-z_/]+\.py)[`)]", PAGE))
    assert len(named) > 12
    for path in named:
        assert "\ndef test_" in (ROOT / path).read_text("utf-8"), path


def test_every_threat_names_a_test_or_says_that_nothing_is_defended() -> None:
    """In the last column, or in the one before."""
    rows = [row.split("|") for row in PAGE.splitlines() if row.startswith("| ") and not row.startswith("| who |")]
    assert len(rows) >= 12
    for row in rows:
        assert "(tests/" in row[5] or row[4].strip().startswith("–"), row[1]


def test_every_variable_that_is_named_is_one() -> None:
    """So that the recipe can be followed."""
    from cosconcat.environment.variables import NAMES

    assert set(re.findall(r"CONCAT_[A-Z_]+", PAGE)) <= NAMES


def policy() -> dict[str, Any]:
    """The uploader's policy on the page."""
    found = re.search(r"```json\n(.*?)```", PAGE, re.DOTALL)
    assert found
    document: dict[str, Any] = json.loads(found[1])
    return document


@pytest.mark.parametrize(
    ("action", "key", "may"),
    [
        ("PutObject", "fragments/alice/v.part1-of-2.mp4", True),
        ("PutObject", "fragments/alice/talk/1.mp4", True),
        ("UploadPart", "fragments/alice/talk/1.mp4", True),
        ("PutObject", "fragments/alice2/v.part1-of-2.mp4", False),
        ("PutObject", "fragments/bob/v.part1-of-2.mp4", False),
        ("PutObject", "fragments/alice.part1-of-1.mp4", False),
        ("PutObject", "fragments/alice/talk/manifest.json", False),
        ("PutObject", "fragments/alice/v.manifest.json", False),
        ("InitiateMultipartUpload", "fragments/alice/talk/manifest.json", False),
        ("PutObject", "output/alice/v.mp4", False),
        ("PutObject", ".concat/report.json", False),
        ("GetObject", "fragments/alice/v.part1-of-2.mp4", False),
        ("DeleteObject", "fragments/alice/v.part1-of-2.mp4", False),
        ("GetBucket", "", False),
    ],
)
def test_the_uploader_s_policy_reaches_one_folder(action: str, key: str, may: bool) -> None:
    """As the local cloud judges it."""
    document = policy()
    cam.validate(document)
    resource = cos_resource("ap-guangzhou", "1250000000", BUCKET, key)
    assert cam.allows(document, cam.Demand(f"name/cos:{action}", resource, {})) == may
