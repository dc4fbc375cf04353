"""Deployments into the local cloud: idempotent, resumable at every call, touching what differs and nothing that is not
ours, and never telling a secret.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from cosconcat.errors import ConcatError, ConfigurationError, Rejected
from deployed import blueprint
from deployed.policies import deployer_needs, granting
from local.cloud import LocalCloud
from local.switches import Switches
from ops.deployment import show
from ops.deployment.destroy import plan_removal, plan_switch
from ops.deployment.door import Door
from ops.deployment.execute import Executor
from ops.deployment.seen import look
from ops.deployment.settings import Settings
from ops.deployment.show_env import dotenv_text
from ops.deployment.steps.step import Step
from ops.deployment.tccli import script
from ops.desk.dotenv import parse
from tests.support.claims import put_in_flight
from tests.support.deployments import (
    ZIPS,
    Counted,
    Fault,
    changes,
    deploy,
    empty_account,
    look_and_plan,
    settings,
    small_zip,
    state,
    variables,
)

FIRST_CALLS, SECOND_CALLS = 44, 30  # requests of a first deployment, and of one that changes nothing
CALLBACK, UPLOAD, SWEEP = (f"cos-concat-dev-{key}" for key in ("callback", "upload", "sweep"))


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """An account in which nothing is deployed."""
    with empty_account() as running:
        yield running


def remove(given: Settings) -> None:
    """Carry a removal out."""
    door = Door(given)
    plan = plan_removal(given, look(door, given))
    Executor(door, ZIPS, pause=lambda _seconds: None).run(plan.steps)


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


def deployed_secret(cloud: LocalCloud, name: str = "CONCAT_CALLBACK_SECRET") -> str:
    """What all three functions have."""
    found = {each.environment.get(name, "") for each in cloud.control.functions.functions.values()}
    assert len(found) == 1
    return found.pop()


def test_the_secret_is_made_kept_replaced_and_rotated(cloud: LocalCloud) -> None:
    """Made at first; the deployed one is kept; what .env says wins, and the former one stays valid as the old one."""
    deploy(settings(cloud))
    first = deployed_secret(cloud)
    assert re.fullmatch("[0-9a-f]{48}", first)
    deploy(settings(cloud, CONCAT_MAX_ATTEMPTS="5"))
    assert deployed_secret(cloud) == first
    deploy(settings(cloud), rotate_secret=True)
    second = deployed_secret(cloud)
    assert second != first
    assert deployed_secret(cloud, "CONCAT_CALLBACK_SECRET_OLD") == first
    assert changes(deploy(settings(cloud))) == [], "the old one stays until it is replaced"
    deploy(settings(cloud, CONCAT_CALLBACK_SECRET="a-secret-of-my-own"))
    assert deployed_secret(cloud) == "a-secret-of-my-own"
    with pytest.raises(ConfigurationError, match="CONCAT_CALLBACK_SECRET is set, so --rotate-secret makes none"):
        look_and_plan(settings(cloud, CONCAT_CALLBACK_SECRET="a-secret-of-my-own"), rotate_secret=True)
    assert deployed_secret(cloud, "CONCAT_CALLBACK_SECRET_OLD") == second


def test_nothing_that_is_printed_holds_a_secret(cloud: LocalCloud) -> None:
    """Plan, JSON, calls of tccli, the rebuilt .env, errors: neither callback secrets nor the keys nor a webhook's."""
    secret, hook = "a-secret-of-my-own", "https://example.com/hook?key=0123456789abcdef"
    given = settings(cloud, CONCAT_CALLBACK_SECRET=secret, CONCAT_NOTIFY_URL=hook)
    key = cloud.account.root_key()
    told = []
    for _ in ("first", "second"):
        for wanted in (given, settings(cloud, CONCAT_CALLBACK_SECRET="another-secret-of-mine")):
            proposal = look_and_plan(wanted)
            told += ["\n".join(show.lines(wanted, proposal.seen, proposal.plan)), script(wanted, proposal.plan)]
            told += [
                json.dumps(show.as_dict(wanted, proposal.seen, proposal.plan)),
                repr(wanted.keys),
                repr(proposal.secrets),
            ]
        deploy(given)
    seen = look(Door(given), given)
    told.append(dotenv_text(seen.environment, "dev", seen.address))
    told.append(Door(given).hide(f"echoed: {secret} {key.secret_key}"))
    made = deployed_secret(cloud)
    for text in told:
        for hidden in (secret, "another-secret-of-mine", made, key.secret_key, "0123456789abcdef"):
            assert hidden not in text


def test_account_keys_and_other_lines_of_the_file_never_reach_a_function(cloud: LocalCloud) -> None:
    """Only variables of the table are deployed, and none of them empty."""
    deploy(settings(cloud, DATABASE_PASSWORD="x", AWS_SECRET="y", CONCAT_COMPLETION="-", CONCAT_TAGS=" "))
    for function in cloud.control.functions.functions.values():
        assert set(function.environment) == {
            "CONCAT_BUCKET", "CONCAT_CALLBACK_SECRET", "CONCAT_CALLBACK_URL", "CONCAT_CLEANUP", "CONCAT_REGION",
            "CONCAT_SCHEME",
        }  # fmt: skip
        assert all(function.environment.values())


def test_the_deployed_configuration_can_be_rebuilt(cloud: LocalCloud) -> None:
    """--show-env gives a file that changes nothing when it is deployed."""
    odd = {"CONCAT_TAGS": '{"a": "b:c"}'}
    odd["CONCAT_NAMING"] = r"(?P<group>.+)_(?P<index>\d+)-(?P<total>\d+)\.mp4"
    deploy(settings(cloud, **odd))
    given = settings(cloud, **odd)
    seen = look(Door(given), given)
    rebuilt = parse(dotenv_text(seen.environment, "dev", seen.address)).values
    key = cloud.account.root_key()
    rebuilt |= {"TENCENT_SECRET_ID": key.secret_id, "TENCENT_SECRET_KEY": key.secret_key}
    from ops.deployment.settings import read_settings

    assert changes(look_and_plan(read_settings(rebuilt))) == []


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


def switch(given: Settings, *, on: bool) -> None:
    """Pause or resume."""
    door = Door(given)
    Executor(door, ZIPS).run(plan_switch(given, look(door, given), on=on).steps)


def test_whoever_deploys_needs_no_more_than_the_printed_policy(cloud: LocalCloud) -> None:
    """Deploy, change, pause, look at what is in flight, remove: under exactly that policy."""
    needed = deployer_needs(settings(cloud).config, "dev", enable_ci=False)
    life(cloud, settings(cloud, cloud.account.issue("deployer", granting(needed))))
    assert state(cloud)["functions"] == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whoever_deploys_needs_each_right_of_the_printed_policy() -> None:
    """Without any one of them something fails."""
    with empty_account() as cloud:
        needed = deployer_needs(settings(cloud).config, "dev", enable_ci=False)
    for left_out in sorted({need.action for need in needed}):
        with empty_account() as cloud:
            rights = [need for need in needed if need.action != left_out]
            key = cloud.account.issue("deployer", granting(rights))
            with pytest.raises(ConcatError):
                life(cloud, settings(cloud, key))


def life(cloud: LocalCloud, given: Settings) -> None:
    """All that a deployment goes through."""
    from ops.deployment.in_flight import in_flight
    from ops.verbs.deploy import examine

    deploy(given)
    examine(given, Door(given))
    cloud.control.triggers.triggers.clear()
    cloud.control.roles.roles[UPLOAD].trust = cloud.control.roles.roles[UPLOAD].trust.replace("scf.", "cvm.")
    config = settings(cloud, CONCAT_CLEANUP="expire").config
    expire = given._replace(config=config, variables={**given.variables, "CONCAT_CLEANUP": "expire"})
    deploy(expire, ZIPS._replace(code=small_zip("newer")))
    description = (
        '{"AuthType":"CAM","NetConfig":{"EnableIntranet":false,"EnableExtranet":true,"ExtranetUrl":"http://x"}}'
    )
    next(each for each in cloud.control.triggers.triggers if each.kind == "http").description = description
    deploy(expire, ZIPS._replace(code=small_zip("newer")))
    switch(given, on=False)
    put_in_flight(cloud, given, "talk")
    assert in_flight(given) == (1, ["talk"])
    remove(given)


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
