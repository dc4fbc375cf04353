"""A deployment, or a removal, that failed at any call says how far it went, and the same command goes on there."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from cosconcat.errors import ConcatError, Rejected
from deployed.policies import granting
from local.cloud import LocalCloud
from ops.deployment.door import Door
from ops.deployment.execute import Executor
from ops.deployment.settings import Settings
from ops.deployment.steps.step import Step
from tests.support.deployments import (
    CALLBACK,
    FIRST_CALLS,
    SECOND_CALLS,
    UPLOAD,
    ZIPS,
    Counted,
    Fault,
    changes,
    deploy,
    empty_account,
    look_and_plan,
    remove,
    settings,
    state,
)


def resumed(at: int, fault: Fault, wanted: dict[str, Any]) -> None:
    """A deployment whose call with this number fails goes on from there, to the same end."""
    with empty_account() as cloud:
        counted, given = Counted(cloud, at, fault), settings(cloud)
        with pytest.raises(ConcatError):
            deploy(given)
        assert len(counted.requests) == at, "a failed call was repeated, or others were made after it"
        deploy(given)
        assert changes(look_and_plan(given)) == []
        assert state(cloud) == wanted


@pytest.fixture(scope="module")
def undisturbed() -> dict[str, Any]:
    """What a deployment without a fault leaves."""
    with empty_account() as cloud:
        deploy(settings(cloud))
        return state(cloud)


@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("at", [16, 23, 27, 44])
def test_a_deployment_that_failed_at_a_call_goes_on(at: int, fault: Fault, undisturbed: dict[str, Any]) -> None:
    """A policy, the layer, a function, the last one; `make test-long` cuts each call."""
    resumed(at, fault, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["before", "after"])
@pytest.mark.parametrize("at", range(1, FIRST_CALLS + 1))
def test_a_deployment_that_failed_at_any_call_goes_on(at: int, fault: Fault, undisturbed: dict[str, Any]) -> None:
    """Cut before the call took effect, or after it."""
    resumed(at, fault, undisturbed)


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["before", "after"])
def test_a_removal_that_failed_at_any_call_goes_on(fault: Fault) -> None:
    """Until nothing is left."""
    at, failed = 0, True
    while failed:
        at += 1
        with empty_account() as cloud:
            given = settings(cloud, CONCAT_CLEANUP="expire")
            deploy(given)
            Counted(cloud, at, fault)
            try:
                remove(given)
                failed = False
            except ConcatError:
                remove(given)
            left = state(cloud)
            assert not any(left[kind] for kind in ("functions", "layers", "triggers", "roles", "policies", "lifecycle"))
    assert at > SECOND_CALLS


def failing(given: Settings) -> str:
    """The words of a deployment's failure."""
    with pytest.raises(Rejected) as raised:
        deploy(given)
    return str(raised.value)


def test_wrong_keys_missing_rights_and_a_full_quota_are_sentences(
    cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each names the call, the fix, and how far it went."""
    wrong = settings(cloud, TENCENT_SECRET_KEY="not-the-key-of-that-id")
    assert "TENCENT_SECRET_KEY does not belong to TENCENT_SECRET_ID" in failing(wrong)
    unknown = settings(cloud, TENCENT_SECRET_ID="AKIDnobody")
    assert "TENCENT_SECRET_ID is not known" in failing(unknown)
    narrow = cloud.account.issue("narrow", granting(()))
    assert "the policy that `cos-concat policies deployer` prints" in failing(settings(cloud, narrow))
    for limit, steps in (
        ("roles.MOST_POLICIES", "4 of 14 steps are done; run"),
        ("roles.MOST_ROLES", "5 of 14 steps are done; run"),
        ("deployed.MOST_FUNCTIONS", "10 of 14 steps are done; run"),
    ):
        with empty_account() as other, monkeypatch.context() as patch:
            patch.setattr(f"local.control.{limit}", 2 if "roles" in limit else 1)
            told = failing(settings(other))
            assert "a quota of the account is full: remove what is not needed or ask for more" in told
            assert f"{steps} the same again, it goes on there" in told
            patch.undo()
            deploy(settings(other))
            assert changes(look_and_plan(settings(other))) == []


@pytest.mark.parametrize("prefix", ["fragments/", "frag", "fragments/cam1/"])
def test_a_prefix_that_another_function_hears_is_a_sentence(cloud: LocalCloud, prefix: str) -> None:
    """Nothing fires yet, for triggers come last; the same command goes on once that trigger is gone."""
    given = settings(cloud)
    door, host = Door(given), given.config.bucket.cos_host
    code = {"ZipFile": base64.b64encode(ZIPS.code).decode()}
    made = {"FunctionName": "of-somebody", "Handler": "upload.main_handler", "Runtime": "Python3.10", "Code": code}
    door.api("scf", "CreateFunction", made)
    heard = json.dumps({"event": "cos:ObjectCreated:*", "filter": {"Prefix": prefix}})
    trigger = {"FunctionName": "of-somebody", "TriggerName": host, "Type": "cos", "TriggerDesc": heard}
    door.api("scf", "CreateTrigger", {**trigger, "Enable": "OPEN"})
    told = failing(given)
    assert f"create COS trigger on {host}: scf CreateTrigger {UPLOAD}: " in told
    assert "set another CONCAT_INPUT_PREFIX, or remove that function's trigger" in told
    assert "12 of 14 steps are done; run the same again, it goes on there" in told
    door.api("scf", "DeleteTrigger", trigger)
    assert changes(deploy(given)) == [f"create COS trigger on {host}", "create timer every-five-minutes"]


def test_a_step_that_was_done_in_part_says_so(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even the first one: a role that was made, and not given its policy."""
    deploy(settings(cloud))
    door = Door(settings(cloud))
    door.api("cam", "DetachRolePolicy", {"DetachRoleName": UPLOAD, "PolicyName": UPLOAD})
    door.api("cam", "DeleteRole", {"RoleName": UPLOAD})
    Counted(cloud, SECOND_CALLS + 1)  # a role that is not there has no policies to list; then CreateRole
    with pytest.raises(ConcatError, match=r"0 of 1 steps are done, and of this one CreateRole; run the same again"):
        deploy(settings(cloud))
    assert changes(deploy(settings(cloud))) == [f"change role {UPLOAD}"]


def test_an_interrupt_says_how_far_it_went(cloud: LocalCloud) -> None:
    """And the next run goes on there."""
    given = settings(cloud)
    door = Door(given)

    def tell(step: Step, state: str) -> None:
        if state == "begun" and step.thing == f"function {UPLOAD}":
            raise KeyboardInterrupt

    from ops.deployment.deploy import propose

    with pytest.raises(KeyboardInterrupt, match=r"^10 of 14 steps are done; run the same again, it goes on there$"):
        Executor(door, ZIPS, tell, pause=lambda _: None).run(propose(given, ZIPS, door).plan.steps)
    assert changes(deploy(given))[0] == f"create function {UPLOAD}"


def test_a_token_that_expires_half_way_is_told_and_the_next_run_goes_on(cloud: LocalCloud) -> None:
    """With new keys, from where it stopped."""
    short = cloud.account.issue("short")
    given = settings(cloud, short)
    door = Door(given)
    from ops.deployment.deploy import propose

    proposal = propose(given, ZIPS, door)
    executor = Executor(
        door,
        ZIPS,
        tell=lambda step, state: (
            cloud.account.expire(short) if state == "done" and step.thing.startswith("layer") else None
        ),
        pause=lambda _: None,
    )
    with pytest.raises(Rejected, match=r"TENCENT_TOKEN is wrong or has expired: get new[^\n]*\n7 of 14 steps are done"):
        executor.run(proposal.plan.steps)
    assert changes(deploy(settings(cloud)))[0] == f"create function {CALLBACK}"
    assert changes(look_and_plan(settings(cloud))) == []


def test_over_https_every_service_is_trusted_by_what_the_shell_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A company's proxy, or the local cloud: REQUESTS_CA_BUNDLE counts for SCF and CAM as for COS."""
    with empty_account() as cloud:
        authority = tmp_path / "authority.pem"
        authority.write_bytes(cloud.proxy.authority.certificate)
        for name, value in cloud.shell_environment(authority).items():
            monkeypatch.setenv(name, value)
        https, http = (changes(look_and_plan(settings(cloud, CONCAT_SCHEME=scheme))) for scheme in ("https", "http"))
        assert https == http != []
