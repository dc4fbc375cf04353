"""Access control lists of buckets and objects (436/30752, 436/7737, 436/7748).

They are kept, shown, and act for readers without a signature: `public-read` opens an object, or a bucket's objects that
have no list of their own. Grants to other accounts are kept and shown; there are no other accounts here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.cos import xml
from local.http import Refusal, Response

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from local.cos.call import Call

BUCKET_CANNED = ("private", "public-read", "public-read-write", "authenticated-read")
OBJECT_CANNED = (
    "default",
    "private",
    "public-read",
    "authenticated-read",
    "bucket-owner-read",
    "bucket-owner-full-control",
)
HEADERS = (
    "x-cos-acl",
    "x-cos-grant-read",
    "x-cos-grant-write",
    "x-cos-grant-read-acp",
    "x-cos-grant-write-acp",
    "x-cos-grant-full-control",
)
PERMISSIONS = ("READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL")
EVERYBODY = "http://cam.qcloud.com/groups/global/AllUsers"
SIGNED_IN = "http://cam.qcloud.com/groups/global/AuthenticatedUsers"
_GRANTEE = re.compile(r'\s*(?:id|uin)="([^"]+)"\s*')
_GROUPS = {  # what a canned list grants to groups, beside the owner's FULL_CONTROL
    "public-read": ((EVERYBODY, "READ"),),
    "public-read-write": ((EVERYBODY, "READ"), (EVERYBODY, "WRITE")),
    "authenticated-read": ((SIGNED_IN, "READ"),),
}


@dataclass(frozen=True)
class Acl:
    """`grants` are (grantee, permission); the owner's own is shown where there are no others, as the SDKs expect.

    `canned` "" = the bucket's or object's default: private, or for an object what its bucket has.
    """

    canned: str = ""
    grants: tuple[tuple[str, str], ...] = ()
    whole: bool = False

    @property
    def is_default(self) -> bool:
        """Whether nothing was said, so that an object follows its bucket."""
        return self.canned in ("", "default") and not self.grants and not self.whole

    @property
    def is_public(self) -> bool:
        """Whether everybody may read."""
        return self.canned in ("public-read", "public-read-write") or (EVERYBODY, "READ") in self.grants


def header_acl(call: Call) -> Acl:
    """The list that the headers `x-cos-acl` and `x-cos-grant-*` describe; the default when there are none.

    Raises:
        Refusal: 400 InvalidArgument, naming the header and what is allowed.
    """
    canned, allowed = call.header("x-cos-acl"), OBJECT_CANNED if call.key else BUCKET_CANNED
    if canned and canned not in allowed:
        raise Refusal(400, "InvalidArgument", f"x-cos-acl is {canned!r}, allowed are {', '.join(allowed)}")
    grants = [
        (grantee, permission)
        for permission in PERMISSIONS
        for grantee in _grantees(call, f"x-cos-grant-{permission.lower().replace('_', '-')}")
    ]
    return Acl(canned, tuple(grants))


def _grantees(call: Call, header: str) -> list[str]:
    text = call.header(header)
    if not text:
        return []
    found = [_GRANTEE.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise Refusal(400, "InvalidArgument", f'{header} is {text!r}, expected id="<account>", joined by commas')
    return [_account(each[1]) for each in found if each]


def _account(name: str) -> str:
    """An account's full name; a bare number, or owner/user, stands for it (436/7748)."""
    owner, _, user = name.partition("/")
    return f"qcs::cam::uin/{owner}:uin/{user or owner}" if owner.isdigit() else name


def put_acl(call: Call) -> Response:
    """Replace the list of the bucket or object by that of the headers or of the body, not of both."""
    call.check_md5()
    by_headers = any(call.header(name) for name in HEADERS)
    if by_headers and call.request.body:
        raise Refusal(400, "InvalidRequest", "the list is given in headers and in the body; one of them is allowed")
    acl = (
        _read(xml.read(call.request.body, "AccessControlPolicy"), _owner(call))
        if call.request.body
        else header_acl(call)
    )
    call.store.set_acl(call.bucket, call.key, acl, call.parameter("versionid"))
    return Response(200)


def _read(top: ET.Element, owner: str) -> Acl:
    """The list in a request body.

    Raises:
        Refusal: 400 MalformedACLError, 403 AccessDenied for another owner.
    """
    named = top.findtext("Owner/ID") or ""
    if named and _account(named) != owner:
        raise Refusal(403, "AccessDenied", f"Access Denied. (the owner is {owner}, not {named})")
    grants = []
    for grant in top.iterfind("AccessControlList/Grant"):
        grantee = grant.findtext("Grantee/ID") or grant.findtext("Grantee/URI") or ""
        permission = grant.findtext("Permission") or ""
        if not grantee or permission not in PERMISSIONS:
            raise Refusal(
                400, "MalformedACLError", f"a Grant needs a Grantee with ID or URI and one of {', '.join(PERMISSIONS)}"
            )
        grants.append((grantee if "://" in grantee else _account(grantee), permission))
    return Acl(grants=tuple(grants), whole=True)


def get_acl(call: Call) -> Response:
    """The owner and every grant."""
    acl = call.store.acl(call.bucket, call.key, call.parameter("versionid"))
    owner = _owner(call)
    grants = [*_GROUPS.get(acl.canned, ()), *acl.grants]
    if not acl.grants and not acl.whole:
        grants.insert(0, (owner, "FULL_CONTROL"))
    body = {
        "Owner": xml.element("ID", owner) + xml.element("DisplayName", owner),
        "AccessControlList": "".join(_written(grantee, permission) for grantee, permission in grants),
    }
    written = "".join(f"<{name}>{inner}</{name}>" for name, inner in body.items())
    headers = {"Content-Type": "application/xml"}
    if call.key:
        headers["x-cos-acl"] = acl.canned or "default"
    return Response(200, headers, xml.write("AccessControlPolicy", {}, written))


def _written(grantee: str, permission: str) -> str:
    kind, name = ("Group", "URI") if "://" in grantee else ("CanonicalUser", "ID")
    named = xml.element(name, grantee) + (xml.element("DisplayName", grantee) if name == "ID" else "")
    space = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    return f'<Grant><Grantee {space} xsi:type="{kind}">{named}</Grantee><Permission>{permission}</Permission></Grant>'


def _owner(call: Call) -> str:
    return _account(call.account.uin)
