"""Deployments into the local cloud: idempotent, touching what differs and nothing that is not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployed import blueprint
from local.cloud import LocalCloud
from ops.deployment.destroy import plan_switch
from ops.deployment.door import Door
from ops.deployment.seen import look
from tests.support.deployments import (
    CALLBACK,
    FIRST_CALLS,
    SECOND_CALLS,
    SWEEP,
    UPLOAD,
    ZIPS,
    Counted,
    changes,
    deploy,
    look_and_plan,
    remove,
    settings,
    small_zip,
    state,
    switch,
    variables,
)


def test_a_second_deployment_changes_nothing_and_the_calls_are_counted(cloud: LocalCloud) -> None:
    """And what is there is what the blueprint says."""
    counted, given = Counted(cloud), settings(cloud)
    deploy(given)
    assert len(counted.requests) == FIRST_CALLS
    before = state(cloud)
    counted.requests.clear()
    again = deploy(given)
    assert (changes(again), again.plan.refusals) == ([], ())
    assert len(counted.requests) == SECOND_CALLS
    assert state(cloud) == before
    assert {name: each[:5] for name, each in before["functions"].items()} == {
        blueprint.name("dev", spec.key): (
            spec.handler, blueprint.RUNTIME, blueprint.MEMORY_MB, spec.seconds, blueprint.name("dev", spec.key)
        )
        for spec in blueprint.FUNCTIONS
    }  # fmt: skip
    assert [(function, kind, on) for function, kind, _, _, on in before["triggers"]] == [
        (CALLBACK, "http", True),
        (SWEEP, "timer", True),
        (UPLOAD, "cos", True),
    ]


def test_only_what_differs_is_touched(cloud: LocalCloud) -> None:
    """One variable: three configurations. The code: three uploads. A prefix: the trigger anew, and the policies."""
    deploy(settings(cloud))
    counted = Counted(cloud)
    deploy(settings(cloud, CONCAT_MAX_ATTEMPTS="5"))
    made = [request for request in counted.requests if "Update" in request or "Create" in request]
    assert made == ["scf UpdateFunctionConfiguration"] * 3
    counted.requests.clear()
    proposal = deploy(settings(cloud, CONCAT_MAX_ATTEMPTS="5"), ZIPS._replace(code=small_zip("newer code")))
    made = [request for request in counted.requests if "Update" in request or "Create" in request]
    assert made == ["scf UpdateFunctionCode", "scf UpdateFunctionConfiguration"] * 3
    assert all(detail.startswith("code: ") for step in proposal.plan.changes for detail in step.details)
    moved = deploy(
        settings(cloud, CONCAT_MAX_ATTEMPTS="5", CONCAT_INPUT_PREFIX="in/"), ZIPS._replace(code=small_zip("newer code"))
    )
    host = f"{cloud.bucket}.cos.ap-guangzhou.myqcloud.com"
    assert changes(moved)[-1] == f"replace COS trigger on {host}"
    assert "CONCAT_INPUT_PREFIX changes" in " ".join(moved.plan.notes)
    assert [json.loads(d)["filter"]["Prefix"] for _, kind, _, d, _ in state(cloud)["triggers"] if kind == "cos"] == [
        "in/"
    ]


def test_a_new_layer_is_a_new_version_that_the_functions_take(cloud: LocalCloud) -> None:
    """And the former one stays for a roll-back."""
    given = settings(cloud)
    deploy(given)
    proposal = deploy(given, ZIPS._replace(layer=small_zip("newer layer")))
    assert changes(proposal)[0] == "change layer cos-concat-dev-layer"
    assert {each[6][0]["LayerVersion"] for each in state(cloud)["functions"].values()} == {2}
    back = deploy(given)
    assert changes(back) == [f"change function {name}" for name in (CALLBACK, UPLOAD, SWEEP)]
    assert len(cloud.control.functions.layers["cos-concat-dev-layer"]) == 2


def test_what_was_changed_by_hand_is_put_right(cloud: LocalCloud) -> None:
    """A trigger that was deleted, a role without its policy, another trust, other limits."""
    given = settings(cloud)
    deploy(given)
    wanted = state(cloud)
    control = cloud.control
    control.triggers.triggers.clear()
    control.roles.roles[SWEEP].attached.clear()
    control.roles.roles[UPLOAD].trust = control.roles.roles[UPLOAD].trust.replace("scf.", "cvm.")
    control.functions.functions[CALLBACK].seconds = 3
    control.functions.functions[CALLBACK].retries = 0
    deploy(given)
    assert state(cloud) == wanted


def test_another_runtime_means_a_function_anew(cloud: LocalCloud) -> None:
    """It cannot be changed; the callback function gets its address again."""
    given = settings(cloud)
    deploy(given)
    wanted = state(cloud)
    cloud.control.functions.functions[CALLBACK].runtime = "Python3.9"
    proposal = deploy(given)
    assert f"replace function {CALLBACK}" in changes(proposal)
    assert state(cloud) == wanted


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("function", lambda cloud: cloud.control.functions.functions[UPLOAD].tags.clear()),
        ("role", lambda cloud: cloud.control.roles.roles[UPLOAD].tags.clear()),
        ("policy", lambda cloud: cloud.control.roles.policies[UPLOAD].tags.clear()),
        ("layer", lambda cloud: cloud.control.functions.layers["cos-concat-dev-layer"][0].tags.clear()),
    ],
)
def test_what_has_our_name_and_not_our_tags_is_neither_changed_nor_removed(
    cloud: LocalCloud, kind: str, change: Any
) -> None:
    """The whole deployment is refused; a removal leaves it and says so."""
    deploy(settings(cloud))
    change(cloud)
    before = state(cloud)
    refused = look_and_plan(settings(cloud, CONCAT_MAX_ATTEMPTS="5"))
    assert [
        text for text in refused.plan.refusals if f"the {kind} cos-concat-dev" in text and "without our tags" in text
    ]
    assert refused.plan.steps == ()
    assert state(cloud) == before
    remove(settings(cloud))
    left = state(cloud)
    section = {"function": "functions", "role": "roles", "policy": "policies", "layer": "layers"}[kind]
    assert len(left[section]) == 1


def test_a_rule_of_somebody_else_stays_byte_for_byte(cloud: LocalCloud) -> None:
    """Expiry puts one rule beside it, keeping takes that rule out again, a removal as well."""
    other = b"<Rule><ID>theirs &amp; mine</ID><Filter><Prefix>logs/</Prefix></Filter><Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule>"  # noqa: E501
    whole = b"<LifecycleConfiguration>" + other + b"</LifecycleConfiguration>"
    cloud.store.bucket(cloud.bucket).lifecycle = whole
    deploy(settings(cloud, CONCAT_CLEANUP="expire"))
    rules = cloud.store.bucket(cloud.bucket).lifecycle
    assert other in rules
    assert b"<ID>cos-concat-dev-expire</ID>" in rules
    cloud.store.bucket(cloud.bucket).lifecycle = rules.replace(b"<Days>7</Days>", b"<Days>30</Days>")
    assert changes(look_and_plan(settings(cloud, CONCAT_CLEANUP="expire"))) == [], "the days are the owner's to say"
    assert "remove lifecycle rule cos-concat-dev-expire" in changes(deploy(settings(cloud)))
    assert cloud.store.bucket(cloud.bucket).lifecycle == whole
    deploy(settings(cloud, CONCAT_CLEANUP="expire"))
    remove(settings(cloud))
    assert cloud.store.bucket(cloud.bucket).lifecycle == whole


def test_stages_live_side_by_side_and_share_nothing_but_the_bucket(cloud: LocalCloud) -> None:
    """With prefixes of their own; otherwise the second one is refused. Removing one leaves the other."""
    own = {
        "STAGE": "prod",
        "CONCAT_INPUT_PREFIX": "prod-in/",
        "CONCAT_OUTPUT_KEY": "prod-out/{group}.{ext}",
        "CONCAT_STATE_PREFIX": ".prod/",
        "CONCAT_TRASH_PREFIX": "prod-trash/",
    }
    deploy(settings(cloud))
    dev = state(cloud)
    refused = look_and_plan(settings(cloud, **{**own, "CONCAT_STATE_PREFIX": ".concat/prod/"})).plan.refusals
    assert len(refused) == 1
    assert "of stage dev contain one another" in refused[0]
    deploy(settings(cloud, **own))
    assert len(state(cloud)["functions"]) == 6
    assert len(state(cloud)["roles"]) == 6
    assert changes(look_and_plan(settings(cloud))) == []
    remove(settings(cloud, **own))
    assert state(cloud) == dev


def test_a_paused_deployment_stays_paused_until_it_is_resumed(cloud: LocalCloud) -> None:
    """Through a deployment that makes the COS trigger anew; resuming twice changes nothing."""
    given = settings(cloud, CONCAT_INPUT_PREFIX="in/")
    deploy(settings(cloud))
    switch(given, on=False)
    proposal = deploy(given)
    assert any("paused and stays so" in note for note in proposal.plan.notes)
    enabled = {kind: on for _, kind, _, _, on in state(cloud)["triggers"]}
    assert enabled == {"http": True, "cos": False, "timer": False}
    switch(given, on=True)
    assert all(on for *_, on in state(cloud)["triggers"])
    assert plan_switch(given, look(Door(given), given), on=True).changes == ()


def test_the_variables_of_a_test_are_those_of_a_file(cloud: LocalCloud) -> None:
    """So that nothing here is configured in another way."""
    assert set(variables(cloud)) <= {
        "CONCAT_BUCKET",
        "CONCAT_REGION",
        "CONCAT_SCHEME",
        "CONCAT_CLEANUP",
        "TENCENT_SECRET_ID",
        "TENCENT_SECRET_KEY",
    }
