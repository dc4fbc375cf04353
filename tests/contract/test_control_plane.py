"""The local control plane: who signed, what a body may hold, which packages are unpacked, and what really runs."""

from __future__ import annotations

import base64
import io
import json
import stat
import time
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
from tencentcloud.common import credential
from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.scf.v20180416.scf_client import ScfClient

from local.account.account import Key
from local.cloud import LocalCloud
from local.control.models import Models
from local.control.tc3 import signer
from local.network.http import Refusal, Request
from local.scf.instances import proxy_environment

HANDLER = "import os\ndef main_handler(event, context):\n    return {'said': os.environ['SAID'], 'event': event}\n"


@pytest.fixture(scope="module")
def cloud() -> Iterator[LocalCloud]:
    """An account in which nothing is deployed, reached through its proxy."""
    with LocalCloud(functions=()) as running, pytest.MonkeyPatch.context() as patch:
        for name, value in proxy_environment(running.proxy.url).items():
            patch.setenv(name, value)
        yield running


def client(cloud: LocalCloud, key: Key | None = None, region: str = "ap-guangzhou") -> Any:
    """The official SDK's client, as it is, over http."""
    who = key or cloud.account.root_key()
    profile = ClientProfile(httpProfile=HttpProfile(protocol="http"))
    return ScfClient(credential.Credential(who.secret_id, who.secret_key, who.token or None), region, profile)


def refused(cloud: LocalCloud, action: str, body: dict[str, Any], **how: Any) -> str:
    """The code with which a call is refused."""
    with pytest.raises(TencentCloudSDKException) as raised:
        client(cloud, **how).call_json(action, body)
    return str(raised.value.get_code())


def zipped(files: dict[str, str], **links: str) -> str:
    """A package as the API takes it; `links` are symbolic links."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        for name, target in links.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(entry, target)
    return base64.b64encode(made.getvalue()).decode()


def function(name: str, **changed: Any) -> dict[str, Any]:
    """A body of CreateFunction."""
    said = {"Variables": [{"Key": "SAID", "Value": "hello"}]}
    body = {"FunctionName": name, "Handler": "index.main_handler", "Runtime": "Python3.10", "Environment": said}
    return {**body, "Code": {"ZipFile": zipped({"index.py": HANDLER})}, **changed}


def test_what_is_uploaded_runs_and_is_gone_when_deleted(cloud: LocalCloud) -> None:
    """From the zip in the request to the answer of the function, through the unmodified SDK."""
    client(cloud).call_json("CreateFunction", function("hello-one"))
    answer = client(cloud).call_json("Invoke", {"FunctionName": "hello-one", "ClientContext": '{"n": 1}'})
    assert json.loads(answer["Response"]["Result"]["RetMsg"]) == {"said": "hello", "event": {"n": 1}}
    client(cloud).call_json("DeleteFunction", {"FunctionName": "hello-one"})
    assert refused(cloud, "Invoke", {"FunctionName": "hello-one"}) == "ResourceNotFound.Function"


def test_a_function_being_made_refuses_a_change_until_it_was_seen_ready(cloud: LocalCloud) -> None:
    """As the platform does; a deployment has to wait."""
    client(cloud).call_json("CreateFunction", function("hello-two"))
    change = {"FunctionName": "hello-two", "Timeout": 9}
    assert refused(cloud, "UpdateFunctionConfiguration", change) == "FailedOperation.FunctionStatusError"
    found = [client(cloud).call_json("GetFunction", {"FunctionName": "hello-two"})["Response"] for _ in range(2)]
    assert [each["Status"] for each in found] == ["Creating", "Active"]
    client(cloud).call_json("UpdateFunctionConfiguration", change)
    client(cloud).call_json("DeleteFunction", {"FunctionName": "hello-two"})


@pytest.mark.parametrize(
    ("action", "changed", "code"),
    [
        ("CreateFunction", {"MemorySise": 128}, "InvalidParameter"),
        ("CreateFunction", {"Timeout": "60"}, "InvalidParameter"),
        ("CreateFunction", {"Timeout": 901}, "InvalidParameterValue.Timeout"),
        ("CreateFunction", {"Runtime": "Python3.12"}, "InvalidParameterValue.Runtime"),
        ("CreateFunction", {"Role": "nobody"}, "ResourceNotFound.Role"),
        ("CreateFunction", {"Layers": [{"LayerName": "none", "LayerVersion": 1}]}, "ResourceNotFound.LayerVersion"),
        ("CreateFunction", {"Environment": {"Variables": [{"Key": "A", "Value": ""}]}}, "InvalidParameter"),
        (
            "CreateFunction",
            {"Environment": {"Variables": [{"Key": "A", "Value": "x" * 4096}]}},
            "InvalidParameterValue.EnvironmentExceededLimit",
        ),
        ("CreateFunction", {"Description": "a colon: not allowed"}, "InvalidParameterValue.Description"),
        ("DeleteFunction", {}, "InvalidParameter"),
        ("DescribeInstances", {}, "InvalidAction"),
    ],
)
def test_a_body_that_the_api_would_refuse_is_refused(
    cloud: LocalCloud, action: str, changed: dict[str, Any], code: str
) -> None:
    """Unknown and missing members, wrong types, empty texts, values out of range."""
    body = function("hello-bad", **changed) if action == "CreateFunction" else changed
    assert refused(cloud, action, body) == code


@pytest.mark.parametrize(
    "package",
    [
        zipped({"../outside.py": "x"}),
        zipped({"/tmp/outside.py": "x"}),
        zipped({"a/../../outside.py": "x"}),
        zipped({"a\\b.py": "x"}),
        zipped({"index.py": HANDLER}, secret="/etc/passwd"),
        "this is no base64!",
        base64.b64encode(b"this is no zip").decode(),
        "",
    ],
)
def test_a_package_that_leads_out_of_its_folder_is_refused(cloud: LocalCloud, package: str) -> None:
    """Nothing of it is unpacked."""
    body = function("hello-zip", Code={"ZipFile": package})
    assert refused(cloud, "CreateFunction", body) == "InvalidParameterValue.ZipFile"


def test_a_call_of_a_stranger_or_with_a_wrong_signature_is_refused(cloud: LocalCloud) -> None:
    """By the codes of the API."""
    root = cloud.account.root_key()
    temporary = cloud.account.issue("someone")
    for key, code in (
        (Key("AKIDnobody", "x"), "AuthFailure.SecretIdNotFound"),
        (Key(root.secret_id, "wrong"), "AuthFailure.SignatureFailure"),
        (Key(temporary.secret_id, temporary.secret_key, "wrong"), "AuthFailure.TokenFailure"),
        (cloud.account.issue("late", seconds=-1), "AuthFailure.TokenFailure"),
    ):
        assert refused(cloud, "ListFunctions", {}, key=key) == code
    assert refused(cloud, "ListFunctions", {}, region="ap-beijing") == "UnsupportedRegion"
    client(cloud, temporary).call_json("ListFunctions", {})


@pytest.mark.parametrize("part", ["body", "host", "content-type", "timestamp", "authorization", "service"])
def test_a_signed_request_holds_only_as_it_was_signed(cloud: LocalCloud, part: str) -> None:
    """Each part of it is under the signature, or is compared with what is."""
    request = signed(cloud)
    assert signer(request, cloud.account, "scf") == cloud.account.root_key()
    headers, body, service = dict(request.headers), request.body, "scf"
    if part == "body":
        body += b" "
    elif part == "service":
        service = "cam"
    elif part == "timestamp":
        headers["x-tc-timestamp"] = str(int(headers["x-tc-timestamp"]) - 301)
    elif part == "authorization":
        headers["authorization"] = ""
    else:
        headers[part] += "x"
    with pytest.raises(Refusal, match=r"AuthFailure\."):
        signer(Request("POST", request.host, "/", headers=headers, body=body), cloud.account, service)


@pytest.mark.parametrize("skew", [-301.0, 301.0])
def test_a_signature_of_another_time_is_refused(cloud: LocalCloud, skew: float) -> None:
    """Five minutes either way, however well it is signed."""
    cloud.switches.clock_skew = skew
    try:
        assert refused(cloud, "ListFunctions", {}) == "AuthFailure.SignatureExpire"
    finally:
        cloud.switches.clock_skew = 0.0
    client(cloud).call_json("ListFunctions", {})


def signed(cloud: LocalCloud) -> Request:
    """A request as the SDK signs it, by its own code."""
    from tencentcloud.common.http.request import RequestInternal

    made = RequestInternal("scf.tencentcloudapi.com", "POST", "/")
    client(cloud)._build_req_with_tc3_signature("ListFunctions", {"Limit": 1}, made)
    assert abs(int(made.header["X-TC-Timestamp"]) - time.time()) < 60
    headers = {name.lower(): value for name, value in made.header.items()}
    return Request("POST", made.host, "/", headers=headers, body=made.data.encode())


def test_a_key_may_do_what_its_policy_says(cloud: LocalCloud) -> None:
    """Function by function."""
    place = "qcs::scf:ap-guangzhou:uin/100000000001:namespace/default/function/mine"
    policy = {
        "version": "2.0",
        "statement": [{"effect": "allow", "action": ["scf:GetFunction"], "resource": [place]}],
    }
    key = cloud.account.issue("narrow", policy)
    assert refused(cloud, "GetFunction", {"FunctionName": "mine"}, key=key) == "ResourceNotFound.Function"
    assert refused(cloud, "GetFunction", {"FunctionName": "other"}, key=key) == "UnauthorizedOperation.CAM"
    assert refused(cloud, "ListFunctions", {}, key=key) == "UnauthorizedOperation.CAM"


def test_cos_triggers_that_collide_are_refused_and_one_that_is_off_hears_nothing(cloud: LocalCloud) -> None:
    """One event reaches one function; UpdateTriggerStatus switches."""
    for name in ("hears-one", "hears-two"):
        client(cloud).call_json("CreateFunction", function(name))
    host = "demo-1250000000.cos.ap-guangzhou.myqcloud.com"
    narrow = json.dumps({"event": "cos:ObjectCreated:*", "filter": {"Prefix": "in/"}})
    body = {"TriggerName": host, "Type": "cos", "TriggerDesc": narrow, "Enable": "OPEN"}
    client(cloud).call_json("CreateTrigger", {**body, "FunctionName": "hears-one"})
    inside = json.dumps({"event": "cos:ObjectCreated:Put", "filter": {"Prefix": "in/side/"}})
    again = {**body, "FunctionName": "hears-two", "TriggerDesc": inside}
    assert refused(cloud, "CreateTrigger", again) == "InvalidParameterValue.CosNotifyRuleConflict"
    cloud.store.put(cloud.bucket, "in/a", b"1")
    assert cloud.settle(20)
    switch = {"FunctionName": "hears-one", "TriggerName": host, "Type": "cos", "Enable": "CLOSE"}
    assert refused(cloud, "UpdateTriggerStatus", switch) == "InvalidParameterValue.TriggerDesc"
    client(cloud).call_json("UpdateTriggerStatus", {**switch, "TriggerDesc": narrow})
    cloud.store.put(cloud.bucket, "in/b", b"1")
    assert cloud.settle(20)
    heard: list[Any] = [each.event for each in cloud.functions.invocations if each.function == "hears-one"]
    keys = [event["Records"][0]["cos"]["cosObject"]["key"] for event in heard]
    assert keys == ["/1250000000/demo/in/a"]
    for name in ("hears-one", "hears-two"):
        client(cloud).call_json("DeleteFunction", {"FunctionName": name})


@pytest.mark.parametrize("kind", ["cmq", "apigw"])
def test_triggers_that_can_no_longer_be_created_are_refused(cloud: LocalCloud, kind: str) -> None:
    """As the API's list of today says."""
    client(cloud).call_json("CreateFunction", function("old-kind"))
    body = {"FunctionName": "old-kind", "TriggerName": "t", "Type": kind, "TriggerDesc": "{}"}
    assert refused(cloud, "CreateTrigger", body) == "InvalidParameterValue.Type"
    client(cloud).call_json("DeleteFunction", {"FunctionName": "old-kind"})


def test_what_is_recorded_of_the_api_says_that_a_value_cannot_be_empty() -> None:
    """`Variable.Value` of the model: the reason why no empty value is deployed."""
    body = function("x", Environment={"Variables": [{"Key": "A", "Value": ""}]})
    assert Models().mistakes("scf", "CreateFunction", body) == ["Environment.Variables.0.Value cannot be empty"]
