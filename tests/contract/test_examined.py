"""The doctor at a desk names what was changed by hand in a deployment, and what puts it right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from deployed import blueprint
from local.cloud import LocalCloud
from ops.command import main
from ops.deployment.door import Door
from tests.support.deployments import CALLBACK, SWEEP, UPLOAD, deploy, empty_account, settings, switch, variables

TIMER = {"TriggerName": "every-five-minutes", "Type": "timer", "Qualifier": blueprint.QUALIFIER}
BY_HAND: dict[str, tuple[str, dict[str, Any], set[tuple[str, str]]]] = {
    "a function deleted": (
        "DeleteFunction",
        {"FunctionName": UPLOAD},
        {
            (f"function {UPLOAD} is missing", "cos-concat deploy"),
            ("COS trigger on demo-1250000000.cos.ap-guangzhou.myqcloud.com is missing", "cos-concat deploy"),
        },
    ),
    "the memory changed": (
        "UpdateFunctionConfiguration",
        {"FunctionName": CALLBACK, "MemorySize": 128},
        {(f"function {CALLBACK} is not as .env asks: memory in MB: 128 -> 256", "cos-concat deploy")},
    ),
    "the timer deleted": (
        "DeleteTrigger",
        {"FunctionName": SWEEP, **TIMER},
        {("timer every-five-minutes is missing", "cos-concat deploy")},
    ),
    "the timer switched off": (
        "UpdateTriggerStatus",
        {"FunctionName": SWEEP, **TIMER, "Enable": "CLOSE"},
        {("switched off: every-five-minutes; nothing begins by itself", "cos-concat resume")},
    ),
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    """An account with a deployment."""
    with empty_account() as made:
        deploy(settings(made))
        yield made


def examined(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str], **changed: str
) -> tuple[int, dict[str, list[dict[str, Any]]]]:
    """The doctor's exit code, and its findings by check."""
    capsys.readouterr()
    code = main(["doctor", "--json"], variables(cloud, **changed))
    found: dict[str, list[dict[str, Any]]] = {}
    for finding in json.loads(capsys.readouterr().out):
        found.setdefault(finding["check"], []).append(finding)
    return code, found


@pytest.mark.parametrize(("action", "body", "wrong"), BY_HAND.values(), ids=BY_HAND)
def test_what_was_changed_by_hand_is_named_with_what_mends_it(
    cloud: LocalCloud,
    capsys: pytest.CaptureFixture[str],
    action: str,
    body: dict[str, Any],
    wrong: set[tuple[str, str]],
) -> None:
    """And once that was done all is well."""
    Door(settings(cloud)).api("scf", action, {"Namespace": blueprint.NAMESPACE, **body})
    code, found = examined(cloud, capsys)
    assert (code, {(each["text"], each["fix"]) for each in found["functions"]}) == (1, wrong)
    deploy(settings(cloud))
    switch(settings(cloud), on=True)
    code, found = examined(cloud, capsys)
    assert (code, [each["text"] for each in found["functions"]]) == (
        0,
        ["stage dev: all of 13 things are as .env asks"],
    )


def test_what_the_deployment_filled_in_is_examined_and_not_shown(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """The callback's address stands in no .env; its secret is printed nowhere."""
    secret = cloud.control.functions.functions[SWEEP].environment["CONCAT_CALLBACK_SECRET"]
    code, found = examined(cloud, capsys)
    assert (code, found["callback"][0]["text"].startswith("by URL to 1250000000-")) == (0, True)
    code, found = examined(cloud, capsys, CONCAT_CALLBACK_SECRET="another-secret-of-thirty-characters")
    texts = [each["text"] for each in found["functions"]]
    assert (code, len(texts), "CONCAT_CALLBACK_SECRET: (not shown) -> (not shown)" in texts[0]) == (1, 3, True)
    assert secret not in json.dumps(found)


def test_a_stage_that_is_not_deployed_and_keys_that_may_not_look_are_no_fault(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """The bucket is examined all the same."""
    code, found = examined(cloud, capsys, STAGE="prod")
    assert (code, found["functions"][0]["text"]) == (
        0,
        "stage prod is not deployed in ap-guangzhou by `cos-concat deploy`",
    )


def test_a_stage_that_no_verb_would_take_is_a_mistake_in_env(
    cloud: LocalCloud, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is named with what is allowed; the bucket is examined all the same."""
    code, found = examined(cloud, capsys, STAGE="my-stage")
    [told] = found["functions"]
    assert (code, told["ok"], told["text"]) == (
        1,
        False,
        "STAGE is 'my-stage'; allowed are up to 20 letters and digits, a letter first",
    )
    assert "STAGE in .env" in told["fix"]
    assert found["buckets"][0]["ok"]
