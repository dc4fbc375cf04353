"""What a deployment hands to the functions and never tells: secrets, keys, and variables that are none of ours."""

from __future__ import annotations

import json
import re

import pytest

from cosconcat.errors import ConfigurationError
from local.cloud import LocalCloud
from ops.deployment import show
from ops.deployment.door import Door
from ops.deployment.seen import look
from ops.deployment.show_env import dotenv_text
from ops.deployment.tccli import script
from ops.desk.dotenv import parse
from tests.support.deployments import (
    changes,
    deploy,
    look_and_plan,
    settings,
)


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


def test_whatever_is_deployed_can_be_shown() -> None:
    """JSON on one line where its own lines cannot be written; a comment names what no line of .env can say."""
    job = '{"Output": {"a": "x\\ny"},\r\n "b": "\u2028"}'
    odd = {"CONCAT_JOB": job, "CONCAT_TAGS": '{"a":\r\n"录像"}', "CONCAT_NAMING": "a\r\n\\nb", "CONCAT_BUCKET": "a\nb"}
    text = dotenv_text({**odd, "CONCAT_NOTIFY_URL": "https://[a-key", "CONCAT_PREFIX": "//["}, "dev", "")
    shown = parse(text).values
    assert json.loads(shown["CONCAT_JOB"]) == json.loads(job)
    assert (shown["CONCAT_TAGS"], shown["CONCAT_BUCKET"]) == ('{"a": "录像"}', "a\nb")
    assert "CONCAT_NAMING" not in shown
    assert r'# CONCAT_NAMING is set to what no line of .env can say, and left out here; as JSON: "a\r\n\\nb"' in text
    assert "a-key" not in text
