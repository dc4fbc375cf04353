"""What a deployment tells or asks a person before it makes anything: what stands in the way, costs, or removes."""

from __future__ import annotations

from typing import Any

import pytest

from local.cloud import LocalCloud
from local.switches import Switches
from ops.deployment.door import Door
from ops.deployment.execute import Executor
from ops.deployment.seen import look
from tests.support.deployments import (
    ZIPS,
    changes,
    deploy,
    empty_account,
    look_and_plan,
    settings,
    state,
)


@pytest.mark.parametrize(
    ("prepare", "changed", "told"),
    [
        (lambda cloud: None, {"CONCAT_BUCKET": "gone-1250000000"}, "gone-1250000000 is not in ap-guangzhou: create it"),
        (lambda cloud: None, {"CONCAT_BUCKET": "demo-1250000001"}, "these keys are of account 1250000000"),
        (
            lambda cloud: None,
            {"CONCAT_OUTPUT_BUCKET": "demo-1250000000", "CONCAT_OUTPUT_REGION": "ap-beijing"},
            "CONCAT_OUTPUT_BUCKET: demo-1250000000 is not in ap-beijing",
        ),
        (lambda cloud: cloud.store.set_versioning(cloud.bucket, "Enabled"), {}, "has versioning Enabled"),
        (lambda cloud: cloud.store.set_versioning(cloud.bucket, "Suspended"), {}, "has versioning Suspended"),
    ],
)
def test_what_stands_in_the_way_is_told_before_anything_is_made(
    cloud: LocalCloud, prepare: Any, changed: dict[str, str], told: str
) -> None:
    """A sentence with the fix, and no step at all."""
    prepare(cloud)
    plan = look_and_plan(settings(cloud, **changed)).plan
    assert [text for text in plan.refusals if told in text], plan.refusals
    assert plan.steps == ()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"CONCAT_CALLBACK_MQ": "gz:Topic:done"}, "console > SCF > cos-concat-dev-callback > Trigger management"),
        ({"CONCAT_CALLBACK_MQ": "gz:Queue:done"}, "CMQ Queue done triggers no function: read it yourself"),
    ],
)
def test_a_trigger_that_only_a_person_can_make_is_told(cloud: LocalCloud, changed: dict[str, str], told: str) -> None:
    """With what takes its place; no function URL is made meanwhile."""
    given = settings(cloud, **changed)
    proposal = deploy(given)
    assert [note for note in proposal.plan.notes if told in note], proposal.plan.notes
    assert all("set CONCAT_CALLBACK_MQ=- and deploy again" in note for note in proposal.plan.notes if "CMQ" in note)
    assert [kind for _, kind, *_ in state(cloud)["triggers"]] == ["timer", "cos"]
    assert "create function URL" in changes(deploy(settings(cloud))), "and back"


def test_a_paused_queue_is_told_and_left_and_an_unknown_one_refused(cloud: LocalCloud) -> None:
    """Whoever paused it had a reason: it is other people's as well."""
    given = settings(cloud)
    (queue,) = look(Door(given), given).queues
    body = "<Request><Name>q</Name><State>Paused</State><NotifyConfig><State>Off</State></NotifyConfig></Request>"
    Door(given).storage("ci", "PUT", given.config.bucket, f"/queue/{queue[0]}", body=body.encode())
    assert [
        note
        for note in deploy(given).plan.notes
        if f"queue {queue[0]} is Paused and is left so" in note and "sets it to Active (console >" in note
    ]
    assert look(Door(given), given).queues == ((queue[0], "Paused"),)
    plan = look_and_plan(settings(cloud, CONCAT_QUEUE_ID="p0000")).plan
    assert plan.refusals == (
        f"CONCAT_QUEUE_ID is p0000, and {cloud.bucket} has {queue[0]}: correct it, or leave it unset",
    )


def test_media_processing_is_asked_for_apart() -> None:
    """It is a paid service: never switched on without being named."""
    switches = Switches(media_off={"demo-1250000000"})
    with empty_account(switches=switches) as cloud:
        given = settings(cloud)
        plan = look_and_plan(given).plan
        assert "it is a paid service (--enable-ci switches it on)" in plan.media_processing
        assert not any("media processing" in step.thing for step in plan.steps)
        proposal = deploy(given, enable_ci=True)
        assert changes(proposal)[0] == "create media processing for demo-1250000000"
        assert (switches.media_off, look_and_plan(given).plan.media_processing) == (set(), "")
        Executor(Door(given), ZIPS).run(proposal.plan.steps[:1])  # bound already is what was wanted


def test_removal_is_asked_for_apart_unless_the_deployment_ran_without(cloud: LocalCloud) -> None:
    """Keep or a dry run first, and a way of removal that is in force already, need no further question."""
    delete, trash = settings(cloud, CONCAT_CLEANUP="delete"), settings(cloud, CONCAT_CLEANUP="trash")
    assert "WILL BE DELETED after proof" in look_and_plan(delete).plan.removal
    deploy(settings(cloud))
    plan = look_and_plan(delete).plan
    assert plan.removal == ""
    assert any("WILL BE DELETED after proof" in note for note in plan.notes), "said all the same"
    deploy(trash)
    assert look_and_plan(trash).plan.removal == ""
    assert "WILL BE DELETED" in look_and_plan(delete).plan.removal
    deploy(settings(cloud, CONCAT_CLEANUP_DRY_RUN="true", CONCAT_CLEANUP="delete"))
    assert look_and_plan(delete).plan.removal == ""
