"""Access control lists of buckets and objects (436/30752, 436/7737, 436/7748).

They are kept, shown, and act for readers without a signature: `public-read` opens an object, or a bucket's objects that
have no list of their own. Grants to other accounts are kept and shown; there are no other accounts here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from local.network.http import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

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
GROUPS = {  # what a canned list grants to groups, beside the owner's FULL_CONTROL
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


def header_acl(headers: Mapping[str, str], *, of_object: bool) -> Acl:
    """The list that the headers `x-cos-acl` and `x-cos-grant-*` describe; the default when there are none.

    Raises:
        Refusal: 400 InvalidArgument, naming the header and what is allowed.
    """
    canned, allowed = headers.get("x-cos-acl", ""), OBJECT_CANNED if of_object else BUCKET_CANNED
    if canned and canned not in allowed:
        raise Refusal(400, "InvalidArgument", f"x-cos-acl is {canned!r}, allowed are {', '.join(allowed)}")
    grants = [
        (grantee, permission)
        for permission in PERMISSIONS
        for grantee in _grantees(headers, f"x-cos-grant-{permission.lower().replace('_', '-')}")
    ]
    return Acl(canned, tuple(grants))


def _grantees(headers: Mapping[str, str], header: str) -> list[str]:
    text = headers.get(header, "")
    if not text:
        return []
    found = [_GRANTEE.fullmatch(part) for part in text.split(",")]
    if not all(found):
        raise Refusal(400, "InvalidArgument", f'{header} is {text!r}, expected id="<account>", joined by commas')
    return [account_name(each[1]) for each in found if each]


def account_name(name: str) -> str:
    """An account's full name; a bare number, or owner/user, stands for it (436/7748)."""
    owner, _, user = name.partition("/")
    return f"qcs::cam::uin/{owner}:uin/{user or owner}" if owner.isdigit() else name
