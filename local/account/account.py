"""The account: its identity, its keys, its clock, and the judgement on who may do what.

Where the documents leave open how a bad request is answered, the choice is marked *assumed*.
"""

from __future__ import annotations

import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from local.account import cam, signature
from local.network.http import Refusal
from local.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from local.network.http import Request

CLOCK_TOLERANCE = 900  # seconds a signature may start ahead of the service's clock (436/7730, RequestTimeTooSkewed)
TOKEN_SECONDS = 7200  # default life of a temporary key


@dataclass(frozen=True)
class Key:
    """A pair of keys and who holds it. A temporary one has a token, an end (epoch seconds) and usually a policy.

    COS answers a `strict` key's calls only if it knows every parameter and header in them; see `local.cos.operations`.
    """

    secret_id: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)
    name: str = ""
    policy: Mapping[str, Any] | None = None  # CAM policy 2.0; None = everything is allowed
    expires: float = float("inf")
    strict: bool = False


ANYBODY = Key("", "", name="anybody")  # whoever sends no signature


class Account:
    """One Tencent Cloud account with its keys; thread-safe."""

    def __init__(
        self,
        appid: str = "1250000000",
        uin: str = "100000000001",
        region: str = "ap-guangzhou",
        bucket: str = "demo-1250000000",
        switches: Switches | None = None,
    ) -> None:
        self.appid = appid
        self.uin = uin
        self.region = region
        self.bucket = bucket
        self.switches = switches or Switches()
        self._keys: dict[str, Key] = {}
        self._guard = threading.Lock()
        self._root = self._add(Key(_secret_id(), secrets.token_urlsafe(24)[:32], name="root"))

    def now(self) -> float:
        """The services' clock, epoch seconds; runs ahead of this machine's by `Switches.clock_skew`."""
        return time.time() + self.switches.clock_skew

    def root_key(self) -> Key:
        """The permanent key of the account's owner, to whom everything is allowed."""
        return self._root

    def issue(
        self,
        name: str,
        policy: Mapping[str, Any] | None = None,
        seconds: float = TOKEN_SECONDS,
        *,
        strict: bool = True,
    ) -> Key:
        """A temporary key with a token, as SCF's execution role gives out; STS's are not `strict`.

        Raises:
            ValueError: the policy is not one that `local.account.cam` can evaluate; the message names the part.
        """
        if policy is not None:
            cam.validate(policy)
        token = secrets.token_urlsafe(48) + "/+="  # real tokens hold such characters, and signers stumble over them
        return self._add(
            Key(_secret_id(), secrets.token_urlsafe(24)[:32], token, name, policy, self.now() + seconds, strict)
        )

    def key(self, secret_id: str) -> Key | None:
        """The key with this id."""
        return self._keys.get(secret_id)

    def expire(self, key: Key) -> None:
        """The key's time is over."""
        self._add(replace(key, expires=self.now() - 1))

    def revoke(self, key: Key) -> None:
        """From now on the key is unknown."""
        with self._guard:
            self._keys.pop(key.secret_id, None)

    def _add(self, key: Key) -> Key:
        with self._guard:
            self._keys[key.secret_id] = key
        return key

    def permits(self, key: Key, demand: cam.Demand) -> bool:
        """Whether the key's policy allows what is demanded."""
        return key.policy is None or cam.allows(key.policy, demand)

    def require(self, key: Key, *demands: cam.Demand) -> None:
        """Refuse with 403 AccessDenied what the key's policy does not allow."""
        for demand in demands:
            if not self.permits(key, demand):
                # The service says no more than "Access Denied."; here the missing right is named to save a search.
                raise Refusal(403, "AccessDenied", f"Access Denied. ({demand.action} on {demand.resource})")

    def signer(self, request: Request, *, ci: bool) -> Key:
        """The key that signed this request, once the signature holds.

        Raises:
            Refusal: in the words of the service asked: COS, or CI when `ci`.
        """
        words = _CI if ci else _COS
        try:
            claim = signature.read(request)
        except signature.Malformed as error:
            raise words.because(words.malformed, str(error)) from None
        if claim is None:
            raise words.because(words.unsigned, "the request is not signed")
        key = self._keys.get(claim.secret_id)
        if key is None:
            raise words.because(words.unknown_key, f"the SecretId {claim.secret_id[:40]!r} does not exist")
        self._check_token(key, claim, request, words)
        self._check_clock(key, claim.window, words)
        try:
            expected = signature.expected(claim, request, key.secret_key)
        except signature.Malformed as error:
            raise words.because(words.mismatch, str(error)) from None
        if not hmac.compare_digest(expected.encode(), claim.digest.encode("utf-8", "replace")):
            raise words.because(words.mismatch, "the signature does not match the request")
        return key

    def _check_token(self, key: Key, claim: signature.Signature, request: Request, words: _Words) -> None:
        """A temporary key is only known together with its token; a strict one must have it inside of the signature.

        The official Node client leaves the token out of its signatures, and is served.
        """
        name = words.token
        if name in request.headers:
            given, signed = request.headers[name], name in claim.headers
        else:
            given, signed = request.parameter(name) or "", name in claim.parameters
        if not key.token:
            if given:
                raise words.because(words.unknown_key, f"{name} accompanies a key that is not temporary")
            return
        if not hmac.compare_digest(given.encode(), key.token.encode()):
            missing = "wrong" if given else "missing"
            raise words.because(words.unknown_key, f"{name} of the temporary key is {missing}")
        if key.strict and not signed:
            raise words.because(words.mismatch, f"{name} is not part of the signature")

    def _check_clock(self, key: Key, window: tuple[int, int], words: _Words) -> None:
        now = self.now()
        start, end = window
        if start > now + CLOCK_TOLERANCE:
            raise words.because(words.early, f"the signature starts {start - now:.0f} s ahead of the server's clock")
        if now > end:
            raise words.because(words.late, f"the signature ended {now - end:.0f} s ago")
        if now > key.expires:
            raise words.because(words.expired_token, "the temporary key has expired")


@dataclass(frozen=True)
class _Words:
    """How one of the two services names each thing wrong with a signature: (status, code, message)."""

    token: str  # the header or parameter that carries the token of a temporary key
    unsigned: tuple[int, str, str]
    malformed: tuple[int, str, str]
    unknown_key: tuple[int, str, str]
    mismatch: tuple[int, str, str]
    early: tuple[int, str, str]
    late: tuple[int, str, str]
    expired_token: tuple[int, str, str]

    def because(self, words: tuple[int, str, str], reason: str) -> Refusal:
        status, code, message = words
        return Refusal(status, code, f"{message} ({reason})")


_COS = _Words(  # 436/7730 and 436/40105; the code for a malformed header is assumed
    token="x-cos-security-token",
    unsigned=(403, "AccessDenied", "Access Denied."),
    malformed=(403, "AccessDenied", "Access Denied."),
    unknown_key=(403, "InvalidAccessKeyId", "The Access Key Id you provided does not exist in our records"),
    mismatch=(403, "SignatureDoesNotMatch", "The Signature you specified is invalid."),
    early=(403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large."),
    late=(403, "AccessDenied", "Request has expired"),
    expired_token=(400, "ExpiredToken", "The provided token has expired."),
)
_CI = _Words(  # error codes of media processing (1045/43611); an expired token is assumed to count as expired
    token="x-ci-security-token",
    unsigned=(401, "MissingAuthorization", "Authorization is missing."),
    malformed=(401, "InvalidAuthorization", "The signature cannot be read."),
    unknown_key=(401, "SecretidNotExist", "The SecretId does not exist."),
    mismatch=(401, "InvalidAuthorization", "The signature is wrong."),
    early=(401, "InvalidAuthorization", "The signature is not valid yet."),
    late=(401, "SignatureExpired", "The signature has expired."),
    expired_token=(401, "SignatureExpired", "The temporary key has expired."),
)


def _secret_id() -> str:
    return "AKID" + "".join(
        secrets.choice("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789") for _ in range(32)
    )
