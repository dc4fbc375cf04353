"""The signature TC3-HMAC-SHA256 of Tencent Cloud's API 3.0, checked from its description (document 213/30654).

canonical   = POST, /, no query, content-type and host each on a line, their names, hex(SHA256(body))
text        = "TC3-HMAC-SHA256", timestamp, <date>/<service>/tc3_request, hex(SHA256(canonical))
key         = HMAC-SHA256 of date, service and "tc3_request", one after the other, from "TC3" + secret key
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from local.network.http import Refusal

if TYPE_CHECKING:
    from local.account.account import Account, Key
    from local.network.http import Request

TOLERANCE = 300  # seconds that the request's time may differ from the service's
_HEADER = re.compile(
    r"TC3-HMAC-SHA256 Credential=(?P<id>[^/,\s]+)/(?P<date>\d{4}-\d{2}-\d{2})/(?P<service>[a-z]+)/tc3_request, "
    r"SignedHeaders=(?P<headers>[a-z0-9;-]+), Signature=(?P<digest>[0-9a-f]{64})"
)


def signer(request: Request, account: Account, service: str) -> Key:
    """Who signed this request.

    Raises:
        Refusal: in the API's own codes: AuthFailure.*.
    """
    header = _HEADER.fullmatch(request.headers.get("authorization", ""))
    if header is None:
        raise _failure("InvalidAuthorization", "the Authorization header is missing or cannot be read")
    key = account.key(header["id"])
    if key is None:
        raise _failure("SecretIdNotFound", f"the SecretId {header['id'][:40]!r} does not exist")
    stamp = request.headers.get("x-tc-timestamp", "")
    if not re.fullmatch("[0-9]{1,12}", stamp) or abs(int(stamp) - account.now()) > TOLERANCE:
        raise _failure("SignatureExpire", f"the time {stamp!r} is more than {TOLERANCE} s from the service's")
    if datetime.fromtimestamp(int(stamp), timezone.utc).strftime("%Y-%m-%d") != header["date"]:
        raise _failure("SignatureFailure", "the date of the credential is not that of the time")
    if not {"content-type", "host"} <= set(header["headers"].split(";")):
        raise _failure("SignatureFailure", "content-type and host must be signed")
    expected = _digest(request, key.secret_key, header["date"], service, header["headers"], stamp)
    if header["service"] != service or not hmac.compare_digest(expected, header["digest"]):
        raise _failure("SignatureFailure", "the signature does not match the request")
    if not hmac.compare_digest(request.headers.get("x-tc-token", "").encode(), key.token.encode()):
        raise _failure("TokenFailure", "the token is not that of the temporary key")
    if account.now() > key.expires:
        raise _failure("TokenFailure", "the temporary key has expired")
    return key


def _digest(request: Request, secret: str, date: str, service: str, names: str, stamp: str) -> str:
    headers = "".join(f"{name}:{request.headers.get(name, '').strip()}\n" for name in names.split(";"))
    query = "&".join(f"{name}={value}" for name, value in request.query)
    canonical = "\n".join(
        (request.method, request.path, query, headers, names, hashlib.sha256(request.body).hexdigest())
    )
    scope = f"{date}/{service}/tc3_request"
    text = "\n".join(("TC3-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()))
    key = f"TC3{secret}".encode()
    for part in (date, service, "tc3_request"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _failure(code: str, message: str) -> Refusal:
    return Refusal(200, f"AuthFailure.{code}", message)
