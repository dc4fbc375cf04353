"""The functions' policies: no right too many under any configuration, and the page that shows them is up to date."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.model import Bucket
from cosconcat.output.key import literal_beginning
from deployed.policies import FUNCTIONS, needs, policy
from local.account import cam
from local.cos.rights import cos_resource
from ops.command import main
from tools.pages import policies as page_of_policies

BUCKET = "demo-1250000000"
MINIMAL = {"CONCAT_BUCKET": BUCKET, "CONCAT_REGION": "ap-guangzhou"}


def config(**changed: str) -> Config:
    """A configuration with some variables changed (given without their CONCAT_)."""
    return read_config({**MINIMAL, **{f"CONCAT_{name.upper()}": value for name, value in changed.items()}})


def allowed(document: dict[str, Any], action: str, key: str, bucket: str = BUCKET, **headers: str) -> bool:
    """Whether the policy allows `action` on an object, as the local cloud judges it."""
    resource = cos_resource("ap-guangzhou", bucket.rpartition("-")[2], bucket, key)
    values = {f"cos:{name.replace('_', '-')}": value for name, value in headers.items()}
    return cam.allows(document, cam.Demand(f"name/cos:{action}", resource, values))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("cleanup", ["delete", "trash", "expire", "keep"])
def test_policies_are_valid_documents_without_wildcard_actions(function: str, cleanup: str) -> None:
    """Version 2.0, no action with a star, every resource named down to the bucket or role."""
    document = policy(config(cleanup=cleanup), function)
    cam.validate(document)
    json.dumps(document)
    for statement in document["statement"]:  # type: ignore[attr-defined]  # a list, as validated
        assert not any("*" in action for action in statement["action"])
        assert all(BUCKET in resource or resource.endswith("CI_QCSRole") for resource in statement["resource"])


@pytest.mark.parametrize("function", FUNCTIONS)
def test_no_function_can_change_or_remove_a_record(function: str) -> None:
    """A record can be created where there is none, and nothing else can be done to it."""
    document = policy(config(), function)
    records = [f"{'0' * 32}/0001/{name}" for name in ("claim-0001.json", "job-0001.json", "end-0001.json", "done.json")]
    for record in (f".concat/{name}" for name in (*records, f"out/{'0' * 32}")):
        assert allowed(document, "GetObject", record)
        assert allowed(document, "PutObject", record, x_cos_forbid_overwrite="true")
        assert not allowed(document, "PutObject", record)
        assert not allowed(document, "PutObject", record, x_cos_forbid_overwrite="false")
        assert not allowed(document, "DeleteObject", record)
        assert not allowed(document, "PutObjectTagging", record)


def test_only_the_sweep_writes_the_report_and_looks_at_settings() -> None:
    """The report and the cursor are the only objects ever overwritten."""
    for function in FUNCTIONS:
        document = policy(config(), function)
        for name in ("report.json", "sweep.json"):
            assert allowed(document, "PutObject", f".concat/{name}") == (function == "sweep")
        assert allowed(document, "GetBucketLifecycle", "") == (function == "sweep")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_nothing_is_written_or_read_outside_the_prefixes(function: str) -> None:
    """Other objects of the bucket, and the same keys in another bucket, are out of reach."""
    document = policy(config(cleanup="trash"), function)
    for action in ("GetObject", "HeadObject", "PutObject", "DeleteObject", "PutObjectTagging"):
        assert not allowed(document, action, "private/a.mp4", x_cos_forbid_overwrite="true")
        assert not allowed(document, action, "fragments/a.mp4", bucket="other-1250000000")
    assert not allowed(document, "PutObject", "output/a.mp4"), "the result is written by CI in its own role"
    assert not allowed(document, "DeleteObject", "output/a.mp4")
    assert not allowed(document, "PutObject", "fragments/a.mp4")


@pytest.mark.parametrize(
    ("changed", "actions"),
    [
        ({"cleanup": "delete"}, {"DeleteObject"}),
        ({"cleanup": "trash"}, {"DeleteObject"}),
        ({"cleanup": "expire"}, {"GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging"}),
        ({"cleanup": "keep"}, set()),
        ({"cleanup": "delete", "cleanup_dry_run": "true"}, set()),
        ({"cleanup": "delete", "verify": "none"}, set()),
    ],
)
def test_the_clean_up_mode_decides_what_may_be_done_to_fragments(changed: dict[str, str], actions: set[str]) -> None:
    """Beyond reading them."""
    for function in FUNCTIONS:
        document = policy(config(**changed), function)
        every = ("DeleteObject", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging", "PutObject")
        assert {action for action in every if allowed(document, action, "fragments/a.mp4")} == actions


@pytest.mark.parametrize(
    ("changed", "readable"),
    [
        ({}, True),
        ({"verify": "size", "direct": "true"}, True),
        ({"verify": "size", "direct": "true", "on_mixed": "refuse"}, True),
        ({"verify": "none"}, False),
        ({"verify": "none", "format": "hls"}, True),
    ],
)
def test_an_output_may_be_read_where_it_may_have_to_be_looked_into(changed: dict[str, str], readable: bool) -> None:
    """Proof by size goes by length where fragments may have been transcoded after all; a playlist is always read."""
    for function in FUNCTIONS:
        document = policy(config(**changed), function)
        assert allowed(document, "GetObject", "output/a.mp4") == readable
        assert allowed(document, "GetObject", "fragments/a.mp4")


def test_separate_buckets_and_regions_are_named_in_full() -> None:
    """Output and ledger may lie in buckets of their own."""
    settings = config(output_bucket="out-1250000000", output_region="ap-beijing", state_bucket="led-1250000000")
    resources = {need.resource for need in needs(settings, "callback")}
    assert "qcs::cos:ap-beijing:uid/1250000000:out-1250000000/output/*" in resources
    assert "qcs::cos:ap-guangzhou:uid/1250000000:led-1250000000/.concat/open/*" in resources
    assert not any(
        "demo-1250000000/.concat/" in resource or "demo-1250000000/output/" in resource for resource in resources
    )


@pytest.mark.parametrize(
    ("template", "prefix"),
    [
        ("output/{group}.{ext}", "output/"),
        ("output/{date}/x-{group}.mp4", "output/"),
        ("joined-{group}.mp4", "joined-"),
        ("out/${jobid}.${ext}", "out/"),
    ],
)
def test_the_outputs_prefix_is_the_text_before_the_first_placeholder(template: str, prefix: str) -> None:
    """In either notation."""
    assert literal_beginning(template) == prefix


def test_assets_are_readable_and_no_more() -> None:
    """CONCAT_ASSETS_PREFIX, and no other place."""
    for function in FUNCTIONS:
        document = policy(config(assets_prefix="brand/"), function)
        assert allowed(document, "GetObject", "brand/intro.mp4")
        assert allowed(document, "HeadObject", "brand/intro.mp4")
        for action in ("DeleteObject", "PutObject", "PutObjectTagging"):
            assert not allowed(document, action, "brand/intro.mp4", x_cos_forbid_overwrite="true")
        assert not allowed(policy(config(), function), "GetObject", "brand/intro.mp4")


def test_what_concat_job_names_may_be_looked_at_and_nothing_beside_it() -> None:
    """The very object, by those who post jobs; under the assets' prefix no right is added."""
    job = '{"ConcatTemplate": {"AudioMix": {"AudioSource": "https://%s.cos.ap-guangzhou.myqcloud.com/m/%%E9%%9F%%B3.mp3"}}}'
    for function in FUNCTIONS:
        document = policy(config(job=job % BUCKET), function)
        assert allowed(document, "HeadObject", "m/音.mp3") == (function != "callback")
        assert not allowed(document, "HeadObject", "m/other.mp3")
        assert not allowed(document, "GetObject", "m/音.mp3")
        assert len(needs(config(job=job % BUCKET, assets_prefix="m/"), function)) == len(
            needs(config(assets_prefix="m/"), function)
        )


def test_an_unknown_function_is_refused() -> None:
    """By name."""
    with pytest.raises(ValueError, match="'uplaod': allowed are upload, callback, sweep"):
        policy(Config(Bucket(BUCKET, "ap-guangzhou")), "uplaod")


def test_the_page_shows_what_the_code_makes() -> None:
    """docs/policies.md is written by `make pages`."""
    page = page_of_policies.PAGE.read_text("utf-8")
    assert page == page_of_policies.with_examples(page)


def test_the_command_prints_one_document_or_every_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """Bare for the console; a wrong configuration is told by name, with exit code 2."""
    assert main(["policies", "callback"], MINIMAL) == 0
    assert json.loads(capsys.readouterr().out) == policy(config(), "callback")
    assert main(["policies"], {**MINIMAL, "CONCAT_BUCKET": "", "CONCAT_CLEANUP": "shred"}) == 2
    told = capsys.readouterr().err
    assert "CONCAT_BUCKET" in told
    assert "CONCAT_CLEANUP" in told
