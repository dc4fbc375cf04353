"""CAM: a policy grants what it says and nothing else, and every call needs its own right."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
import requests
from qcloud_cos import CosConfig, CosS3Auth, CosServiceError

from local.account import cam
from local.account.account import Account, Key
from local.ci.rights import demands
from local.network.http import Refusal, Request
from tests.support.local_cos import LocalCos, code_of

OWN = "qcs::cos:ap-guangzhou:uid/1250000000:demo-1250000000"
CI_HOST = "demo-1250000000.ci.ap-guangzhou.myqcloud.com"
CI = "qcs::ci:ap-guangzhou:uid/1250000000:bucket/demo-1250000000/*"
ROLE = "qcs::cam::uin/100000000001:roleName/CI_QCSRole"


@pytest.fixture
def cos() -> Iterator[LocalCos]:
    """A COS with an object to work on."""
    with LocalCos() as cos:
        cos.store.put(cos.bucket, "in/a", b"x")
        yield cos


def statement(
    actions: str | list[str], resources: str | list[str], effect: str = "allow", **condition: Mapping[str, Any]
) -> dict[str, Any]:
    """One statement; keywords are condition operators."""
    made: dict[str, Any] = {"effect": effect, "action": actions, "resource": resources}
    return made | ({"condition": condition} if condition else {})


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    """A policy of version 2.0."""
    return {"version": "2.0", "statement": list(statements)}


PUT = cam.Demand("name/cos:PutObject", f"{OWN}/in/a", {"cos:x-cos-forbid-overwrite": "true"})


@pytest.mark.parametrize(
    ("statements", "granted"),
    [
        ([], False),
        ([statement("name/cos:PutObject", f"{OWN}/*")], True),
        ([statement("cos:PutObject", f"{OWN}/in/*")], True),
        ([statement(["name/cos:GetObject", "name/cos:Put*"], [f"{OWN}/out/*", f"{OWN}/in/a"])], True),
        ([statement("*", "*")], True),
        ([statement("name/cos:*", "qcs::cos:::demo-1250000000/in/*")], True),
        ([statement("name/cos:PutObject", f"{OWN}/in")], False),
        ([statement("name/cos:PutObject", f"{OWN}/in/")], False),
        ([statement("name/cos:PutObject", f"{OWN}/out/*")], False),
        ([statement("name/cos:PutObjectTagging", f"{OWN}/*")], False),
        ([statement("name/cos:PutObject", OWN.replace("demo", "other") + "/*")], False),
        ([statement("name/cos:PutObject", OWN.replace("guangzhou", "beijing") + "/*")], False),
        ([statement("name/cos:PutObject", OWN.replace("uid/1250000000", "uid/1250000001") + "/*")], False),
        ([statement("*", "*"), statement("name/cos:PutObject", f"{OWN}/in/*", "deny")], False),
        ([statement("*", "*"), statement("name/cos:PutObject", f"{OWN}/out/*", "deny")], True),
        ([statement("*", "*", string_equal={"cos:x-cos-forbid-overwrite": "true"})], True),
        ([statement("*", "*", string_equal={"cos:x-cos-forbid-overwrite": ["false", "true"]})], True),
        ([statement("*", "*", string_equal={"cos:x-cos-forbid-overwrite": "false"})], False),
        ([statement("*", "*", string_not_equal={"cos:x-cos-forbid-overwrite": "true"})], False),
        ([statement("*", "*", string_like={"cos:x-cos-forbid-overwrite": "t*"})], True),
        ([statement("*", "*", string_equal={"cos:prefix": "a"})], False),
        ([statement("*", "*", string_equal_if_exist={"cos:prefix": "a"})], True),
        ([statement("*", "*", string_equal_ignore_case={"cos:x-cos-forbid-overwrite": "TRUE"})], True),
        (
            [
                statement("*", "*"),
                statement("name/cos:PutObject", "*", "deny", string_not_equal={"cos:x-cos-forbid-overwrite": "true"}),
            ],
            True,
        ),
    ],
)
def test_a_policy_grants_what_it_says(statements: list[dict[str, Any]], granted: bool) -> None:
    """Patterns, several statements, deny over allow, empty region and account, conditions."""
    written = policy(*statements)
    if statements:
        cam.validate(written)
    assert cam.allows(written, PUT) == granted


@pytest.mark.parametrize(
    ("broken", "names"),
    [
        ({"version": "1.0", "statement": []}, "version"),
        ({"version": "2.0", "statement": {}}, "statement"),
        (policy({**statement("*", "*"), "principal": {}}), "principal"),
        (policy(statement("*", "*", "Allow")), "effect"),
        (policy(statement([], "*")), "action"),
        (policy({"effect": "allow", "action": "*"}), "resource"),
        (policy(statement("*", "arn:aws:s3:::b/*")), "resource"),
        (policy(statement("*", "qcs::cos:b/*")), "resource"),
        (policy(statement("*", "*", ip_equal={"qcs:ip": "10.0.0.1"})), "ip_equal"),
    ],
)
def test_a_policy_that_would_not_be_understood_is_refused(broken: dict[str, Any], names: str) -> None:
    """At once, when the key is issued, and by the name of what is wrong."""
    with pytest.raises(ValueError, match=names):
        Account().issue("upload", broken)


Act = Callable[[Any, LocalCos], object]
OBJECT_CALLS: list[tuple[str, Act, list[tuple[str, str]]]] = [
    ("PUT Object", lambda c, s: c.put_object(s.bucket, b"y", "in/b"), [("PutObject", "in/b")]),
    ("GET Object", lambda c, s: c.get_object(s.bucket, "in/a"), [("GetObject", "in/a")]),
    ("HEAD Object", lambda c, s: c.head_object(s.bucket, "in/a"), [("HeadObject", "in/a")]),
    ("DELETE Object", lambda c, s: c.delete_object(s.bucket, "in/a"), [("DeleteObject", "in/a")]),
    (
        "copy",
        lambda c, s: c.copy_object(s.bucket, "to", {"Bucket": s.bucket, "Key": "in/a", "Region": s.region}),
        [("PutObject", "to"), ("GetObject", "in/a")],
    ),
    (
        "PUT tagging",
        lambda c, s: c.put_object_tagging(s.bucket, "in/a", {"TagSet": {"Tag": [{"Key": "a", "Value": "1"}]}}),
        [("PutObjectTagging", "in/a")],
    ),
    ("GET tagging", lambda c, s: c.get_object_tagging(s.bucket, "in/a"), [("GetObjectTagging", "in/a")]),
    ("DELETE tagging", lambda c, s: c.delete_object_tagging(s.bucket, "in/a"), [("DeleteObjectTagging", "in/a")]),
    ("LIST", lambda c, s: c.list_objects(s.bucket, Prefix="in/"), [("GetBucket", "")]),
    ("HEAD Bucket", lambda c, s: c.head_bucket(s.bucket), [("HeadBucket", "")]),
    ("GET versioning", lambda c, s: c.get_bucket_versioning(s.bucket), [("GetBucketVersioning", "")]),
    ("PUT versioning", lambda c, s: c.put_bucket_versioning(s.bucket, "Enabled"), [("PutBucketVersioning", "")]),
    ("LIST versions", lambda c, s: c.list_objects_versions(s.bucket), [("GetBucketObjectVersions", "")]),
    ("POST uploads", lambda c, s: c.create_multipart_upload(s.bucket, "in/c"), [("InitiateMultipartUpload", "in/c")]),
]


@pytest.mark.parametrize(("act", "rights"), [row[1:] for row in OBJECT_CALLS], ids=[row[0] for row in OBJECT_CALLS])
def test_a_call_needs_exactly_its_rights(cos: LocalCos, act: Act, rights: list[tuple[str, str]]) -> None:
    """With them it is served; without any one of them it is answered 403 AccessDenied and has no effect."""
    held = [statement(f"name/cos:{action}", f"{OWN}/{key}") for action, key in rights]
    for missing in range(len(held)):
        others = [*held[:missing], *held[missing + 1 :], statement("name/cos:*", f"{OWN}/elsewhere/*")]
        before = cos.store.versions(cos.bucket)
        with pytest.raises(CosServiceError) as refused:
            act(cos.sdk(cos.account.issue("function", policy(*others))), cos)
        assert refused.value.get_status_code() == 403
        assert refused.value.get_error_code() in ("AccessDenied", "Unknown")  # HEAD has no body to tell it
        assert cos.store.versions(cos.bucket) == before
    act(cos.sdk(cos.account.issue("function", policy(*held))), cos)


def test_media_info_needs_the_right_to_read_the_object(cos: LocalCos) -> None:
    """And no action of CI, as its page says."""
    asked: dict[str, Any] = {"parameters": {"ci-process": "videoinfo"}}
    with_right = cos.account.issue("function", policy(statement("name/cos:GetObject", f"{OWN}/in/*")))
    without = cos.account.issue("function", policy(statement("name/cos:HeadObject", f"{OWN}/in/*")))
    assert code_of(cos.ask("GET", "in/a", signer=with_right, **asked)) == "ResourceNotSupported"
    assert code_of(cos.ask("GET", "in/a", signer=without, **asked)) == "AccessDenied"


def test_a_multi_delete_is_judged_key_by_key(cos: LocalCos) -> None:
    """What may go goes, the rest is reported."""
    cos.store.put(cos.bucket, "out/a", b"x")
    key = cos.account.issue("function", policy(statement("name/cos:DeleteObject", f"{OWN}/in/*")))
    answer = cos.sdk(key).delete_objects(cos.bucket, {"Object": [{"Key": "in/a"}, {"Key": "out/a"}]})
    assert [entry["Key"] for entry in answer["Deleted"]] == ["in/a"]
    assert [(entry["Key"], entry["Code"]) for entry in answer["Error"]] == [("out/a", "AccessDenied")]
    assert cos.store.keys(cos.bucket) == ["out/a"]


def test_writes_can_be_limited_to_create_only(cos: LocalCos) -> None:
    """By a condition on the header: a record can be made, but nothing overwritten."""
    condition = {"cos:x-cos-forbid-overwrite": "true"}
    key = cos.account.issue("function", policy(statement("name/cos:PutObject", f"{OWN}/*", string_equal=condition)))
    client = cos.sdk(key)
    client.put_object(cos.bucket, b"y", "in/b", Metadata={"x-cos-forbid-overwrite": "true"})
    with pytest.raises(CosServiceError, match="AccessDenied"):
        client.put_object(cos.bucket, b"z", "in/b")


def test_a_listing_can_be_limited_to_a_prefix(cos: LocalCos) -> None:
    """By a condition on the parameter."""
    limited = statement("name/cos:GetBucket", f"{OWN}/*", string_like={"cos:prefix": "in/*"})
    client = cos.sdk(cos.account.issue("function", policy(limited)))
    assert len(client.list_objects(cos.bucket, Prefix="in/")["Contents"]) == 1
    with pytest.raises(CosServiceError, match="AccessDenied"):
        client.list_objects(cos.bucket)


def test_a_resource_names_chinese_keys_as_they_are(cos: LocalCos) -> None:
    """Not percent-encoded."""
    key = cos.account.issue("function", policy(statement("name/cos:PutObject", f"{OWN}/目录 1/*")))
    cos.sdk(key).put_object(cos.bucket, b"y", "目录 1/a+b")
    assert cos.store.get(cos.bucket, "目录 1/a+b") == b"y"


CI_CALLS = [
    ("POST", "/jobs", {}, [("ci:CreateMediaJobs", CI), ("name/cam:PassRole", ROLE)]),
    ("GET", "/jobs", {"tag": "Concat"}, [("ci:DescribeMediaJobs", CI)]),
    ("GET", "/jobs/j1,j2", {}, [("ci:DescribeMediaJob", CI)]),
    ("PUT", "/jobs/j1", {"cancel": ""}, [("ci:CancelMediaJob", CI)]),
    ("GET", "/queue", {}, [("ci:DescribeMediaQueues", CI)]),
    ("PUT", "/queue/p1", {}, [("ci:UpdateMediaQueue", CI)]),
]


def ci_request(account: Account, key: Key, method: str, path: str, parameters: dict[str, str]) -> Request:
    """A call to CI, signed by the SDK, as the service behind the proxy receives it."""
    config = CosConfig(Region=account.region, SecretId=key.secret_id, SecretKey=key.secret_key)
    headers = {"x-ci-security-token": key.token}
    prepared = requests.Request(method, f"http://{CI_HOST}{path}", headers=headers).prepare()
    CosS3Auth(config, path, parameters)(prepared)
    received = {name.lower(): value for name, value in prepared.headers.items()} | {"host": CI_HOST}
    return Request(method, CI_HOST, path, tuple(parameters.items()), received)


def authorized(account: Account, request: Request) -> Key:
    """Who signed a call to CI, once the key's policy allows it."""
    signer = account.signer(request, ci=True)
    account.require(signer, *demands(request, account.appid, account.uin))
    return signer


@pytest.mark.parametrize(("method", "path", "parameters", "rights"), CI_CALLS)
def test_a_call_to_ci_needs_exactly_its_rights(
    method: str, path: str, parameters: dict[str, str], rights: list[tuple[str, str]]
) -> None:
    """Submitting also passes the role under which CI works."""
    account = Account()
    held = [statement(action, resource) for action, resource in rights]
    key = account.issue("function", policy(*held))
    assert authorized(account, ci_request(account, key, method, path, parameters)).name == "function"
    for missing in range(len(held)):
        others = [*held[:missing], *held[missing + 1 :], statement("name/cos:*", "*")]
        poor = account.issue("function", policy(*others))
        with pytest.raises(Refusal) as refused:
            authorized(account, ci_request(account, poor, method, path, parameters))
        assert (refused.value.status, refused.value.code) == (403, "AccessDenied")
