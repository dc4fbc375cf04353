"""Calls on an access control list: GET and PUT ?acl of a bucket or an object."""

from __future__ import annotations

from typing import TYPE_CHECKING

from local.cos import xml
from local.cos.acl import GROUPS, HEADERS, PERMISSIONS, Acl, account_name, header_acl
from local.network.http import Refusal, Response

if TYPE_CHECKING:
    from xml.etree import ElementTree as ET

    from local.cos.call import Call


def put_acl(call: Call) -> Response:
    """Replace the list of the bucket or object by that of the headers or of the body, not of both."""
    call.check_md5()
    by_headers = any(call.header(name) for name in HEADERS)
    if by_headers and call.request.body:
        raise Refusal(400, "InvalidRequest", "the list is given in headers and in the body; one of them is allowed")
    acl = (
        _read(xml.read(call.request.body, "AccessControlPolicy"), _owner(call))
        if call.request.body
        else header_acl(call.request.headers, of_object=bool(call.key))
    )
    call.store.set_acl(call.bucket, call.key, acl, call.parameter("versionid"))
    return Response(200)


def _read(top: ET.Element, owner: str) -> Acl:
    """The list in a request body.

    Raises:
        Refusal: 400 MalformedACLError, 403 AccessDenied for another owner.
    """
    named = top.findtext("Owner/ID") or ""
    if named and account_name(named) != owner:
        raise Refusal(403, "AccessDenied", f"Access Denied. (the owner is {owner}, not {named})")
    grants = []
    for grant in top.iterfind("AccessControlList/Grant"):
        grantee = grant.findtext("Grantee/ID") or grant.findtext("Grantee/URI") or ""
        permission = grant.findtext("Permission") or ""
        if not grantee or permission not in PERMISSIONS:
            raise Refusal(
                400, "MalformedACLError", f"a Grant needs a Grantee with ID or URI and one of {', '.join(PERMISSIONS)}"
            )
        grants.append((grantee if "://" in grantee else account_name(grantee), permission))
    return Acl(grants=tuple(grants), whole=True)


def get_acl(call: Call) -> Response:
    """The owner and every grant."""
    acl = call.store.acl(call.bucket, call.key, call.parameter("versionid"))
    owner = _owner(call)
    grants = [*GROUPS.get(acl.canned, ()), *acl.grants]
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
    return account_name(call.account.uin)
