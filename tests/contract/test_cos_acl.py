"""Access control lists: set by header or body, shown, and acting for readers without a signature."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests
from qcloud_cos import CosServiceError

from tests.support.local_cos import LocalCos, code_of

if TYPE_CHECKING:
    from collections.abc import Iterator

OWNER = "qcs::cam::uin/100000000001:uin/100000000001"
OTHER = "qcs::cam::uin/100000000002:uin/100000000002"


@pytest.fixture
def cos() -> Iterator[LocalCos]:
    """A COS of its own for each test, with one object."""
    with LocalCos() as cos:
        cos.store.put(cos.bucket, "目录/k", b"hello")
        yield cos


def unsigned(cos: LocalCos, method: str, path: str) -> requests.Response:
    """What somebody without a key gets."""
    return cos.send(requests.Request(method, f"http://{cos.host}/{path}").prepare())


def grants(answer: dict[str, Any]) -> set[tuple[str, str]]:
    """(grantee, permission) of an answer."""
    found = answer["AccessControlList"]["Grant"]
    return {(each["Grantee"].get("ID") or each["Grantee"]["URI"], each["Permission"]) for each in found}


def test_a_list_by_header_is_shown_again(cos: LocalCos) -> None:
    """The owner's own right stands for an empty list; a bare number is an account."""
    client = cos.client
    assert grants(client.get_bucket_acl(cos.bucket)) == {(OWNER, "FULL_CONTROL")}
    client.put_bucket_acl(cos.bucket, GrantRead='id="100000000002"', GrantWrite=f'id="{OTHER}"')
    assert grants(client.get_bucket_acl(cos.bucket)) == {(OTHER, "READ"), (OTHER, "WRITE")}
    client.put_object_acl(cos.bucket, "目录/k", ACL="public-read")
    assert ("http://cam.qcloud.com/groups/global/AllUsers", "READ") in grants(
        client.get_object_acl(cos.bucket, "目录/k")
    )


def test_a_list_by_body_replaces_the_whole(cos: LocalCos) -> None:
    """Also the owner's entry, which is his all the same."""
    body = {
        "Owner": {"ID": OWNER},
        "AccessControlList": {
            "Grant": [{"Grantee": {"Type": "CanonicalUser", "ID": OTHER}, "Permission": "READ"}],
        },
    }
    cos.client.put_object_acl(cos.bucket, "目录/k", AccessControlPolicy=body)
    assert grants(cos.client.get_object_acl(cos.bucket, "目录/k")) == {(OTHER, "READ")}


@pytest.mark.parametrize(
    ("key", "headers", "body", "code"),
    [
        ("", {"x-cos-acl": "public-read-writ"}, b"", "InvalidArgument"),
        ("目录/k", {"x-cos-acl": "public-read-write"}, b"", "InvalidArgument"),
        ("目录/k", {"x-cos-grant-read": "everybody"}, b"", "InvalidArgument"),
        ("目录/k", {"x-cos-acl": "private"}, b"<AccessControlPolicy/>", "InvalidRequest"),
        ("目录/k", {}, b"<Other/>", "MalformedXML"),
        (
            "目录/k",
            {},
            (
                b"<AccessControlPolicy><AccessControlList><Grant><Permission>ALL</Permission></Grant></AccessControlList>"
                b"</AccessControlPolicy>"
            ),
            "MalformedACLError",
        ),
        (
            "目录/k",
            {},
            b"<AccessControlPolicy><Owner><ID>qcs::cam::uin/2:uin/2</ID></Owner></AccessControlPolicy>",
            "AccessDenied",
        ),
    ],
)
def test_a_list_that_is_none_changes_nothing(
    cos: LocalCos, key: str, headers: dict[str, str], body: bytes, code: str
) -> None:
    """The answer names what was wrong."""
    cos.client.put_bucket_acl(cos.bucket, ACL="private")
    assert code_of(cos.ask("PUT", key, parameters={"acl": ""}, headers=headers, body=body)) == code
    assert grants(cos.client.get_bucket_acl(cos.bucket)) == {(OWNER, "FULL_CONTROL")}


def test_without_a_signature_nothing_is_open_at_first(cos: LocalCos) -> None:
    """403 for everything."""
    for method, path in (("GET", "%E7%9B%AE%E5%BD%95/k"), ("GET", ""), ("PUT", "new"), ("HEAD", "")):
        assert unsigned(cos, method, path).status_code == 403
    assert cos.store.keys(cos.bucket) == ["目录/k"]


def test_public_read_opens_one_object_or_those_that_follow_their_bucket(cos: LocalCos) -> None:
    """An object with a list of its own keeps to it, and writing stays closed."""
    path = "%E7%9B%AE%E5%BD%95/k"
    cos.client.put_object_acl(cos.bucket, "目录/k", ACL="public-read")
    assert unsigned(cos, "GET", path).content == b"hello"
    assert unsigned(cos, "GET", "").status_code == 403
    cos.client.put_bucket_acl(cos.bucket, ACL="public-read-write")
    cos.client.put_object_acl(cos.bucket, "目录/k", ACL="private")
    cos.client.put_object(cos.bucket, b"open", "open")
    assert unsigned(cos, "GET", path).status_code == 403
    assert unsigned(cos, "GET", "open").content == b"open"
    assert "<Key>open</Key>" in unsigned(cos, "GET", "").text
    assert unsigned(cos, "PUT", "open").status_code == 403
    assert unsigned(cos, "DELETE", "open").status_code == 403
    assert cos.store.get(cos.bucket, "open") == b"open"


def test_an_upload_may_carry_its_list(cos: LocalCos) -> None:
    """PUT, copy and multipart alike."""
    public = {"x-cos-acl": "public-read"}
    cos.ask("PUT", "put", headers=public, body=b"x")
    cos.ask("PUT", "copy", headers={**public, "x-cos-copy-source": f"{cos.host}/put"})
    upload = cos.client.create_multipart_upload(cos.bucket, "parts", ACL="public-read")["UploadId"]
    etag = cos.client.upload_part(cos.bucket, "parts", b"x", 1, upload)["ETag"]
    cos.client.complete_multipart_upload(cos.bucket, "parts", upload, {"Part": [{"PartNumber": 1, "ETag": etag}]})
    assert [unsigned(cos, "GET", key).status_code for key in ("put", "copy", "parts")] == [200, 200, 200]


def test_a_list_of_what_is_not_there(cos: LocalCos) -> None:
    """404 in both directions."""
    with pytest.raises(CosServiceError, match="NoSuchKey"):
        cos.client.get_object_acl(cos.bucket, "none")
    with pytest.raises(CosServiceError, match="NoSuchKey"):
        cos.client.put_object_acl(cos.bucket, "none", ACL="private")
