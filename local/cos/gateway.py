"""COS on one machine: every request is recognised, its signature and rights checked, counted, and answered.

Sources for what it imitates: 436/7730 (errors), 436/7749 (PUT), 436/10881 (copy), 436/7734 (LIST), 436/8289
(multi-delete), 436/42997 (tags). What no document settles is marked *assumed* where it is decided.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from local.account.account import ANYBODY
from local.account.signature import is_signed
from local.cos.call import Call
from local.cos.handlers import acl, buckets, multipart, objects, unconfigured
from local.cos.handlers.service import list_buckets
from local.cos.hosts import address_of, bucket_host, is_cos_host, region_named
from local.cos.operations import (
    ABSENT,
    Operation,
    operation_of,
    refuse_unknown,
    refuse_unserved,
    region_of,
    target,
)
from local.cos.rights import demands
from local.network.http import ConnectionCut, Refusal, Request, Response, new_request_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account.account import Account, Key
    from local.account.calls import Calls
    from local.cos.store import Store

__all__ = ["Gateway", "is_cos_host"]

_PUBLIC = frozenset({"GET Object", "HEAD Object", "LIST", "HEAD Bucket"})  # what `public-read` opens (436/30752)
_HANDLERS: Mapping[str, Callable[[Call], Response]] = {
    "HEAD Bucket": buckets.head_bucket,
    "PUT Bucket": buckets.put_bucket,
    "DELETE Bucket": buckets.delete_bucket,
    "GET versioning": buckets.get_versioning,
    "PUT versioning": buckets.put_versioning,
    "GET lifecycle": buckets.get_lifecycle,
    "PUT lifecycle": buckets.put_lifecycle,
    "DELETE lifecycle": buckets.delete_lifecycle,
    "GET location": buckets.get_location,
    "LIST": buckets.list_objects,
    "LIST versions": buckets.list_versions,
    "LIST uploads": multipart.list_uploads,
    "POST delete": buckets.delete_objects,
    "PUT Object": objects.put_object,
    "PUT Object - Copy": objects.copy_object,
    "GET Object": objects.get_object,
    "HEAD Object": objects.head_object,
    "DELETE Object": objects.delete_object,
    "GET videoinfo": objects.media_info,
    "PUT tagging": objects.put_tagging,
    "GET tagging": objects.get_tagging,
    "DELETE tagging": objects.delete_tagging,
    "POST uploads": multipart.begin,
    "PUT part": multipart.put_part,
    "PUT part - Copy": multipart.copy_part,
    "GET parts": multipart.list_parts,
    "POST complete": multipart.complete,
    "DELETE upload": multipart.abort,
    "POST append": objects.append_object,
    "GET acl": acl.get_acl,
    "PUT acl": acl.put_acl,
    "GET bucket acl": acl.get_acl,
    "PUT bucket acl": acl.put_acl,
    "GET bucket tagging": buckets.get_bucket_tagging,
    "PUT bucket tagging": buckets.put_bucket_tagging,
    "DELETE bucket tagging": buckets.delete_bucket_tagging,
    **{f"GET {flag}": unconfigured.get for flag in ABSENT},
    **{f"PUT {flag}": unconfigured.put for flag in ABSENT},
    **{f"DELETE {flag}": unconfigured.delete for flag in ABSENT},
}


class Gateway:
    """The service behind every host that `local.cos.hosts` knows."""

    def __init__(self, account: Account, store: Store, calls: Calls) -> None:
        self.account = account
        self.store = store
        self.calls = calls

    def __call__(self, request: Request) -> Response:
        """Answer one request; a refusal becomes COS's error body, without one for HEAD.

        Raises:
            ConnectionCut: when the answer is to be lost (`Switches.lose_cos_answers`).
        """
        request_id = new_request_id()
        caller, kind = "", f"{request.method} ?"
        try:
            region = region_named(request.host)
            request = self._at_home(request)
            if not request.host:
                caller, kind = self._authorized(request).name, "GET Service"
                response = list_buckets(request, self.account, self.store, region)
            else:
                _refuse_preflight(request)
                signer = self._signer(request)
                caller = signer.name
                operation = operation_of(request)
                kind = operation.kind
                self._refuse_unfit(operation, request, signer)
                bucket, key = target(request)
                place = bucket, region_of(request), key
                call = Call(request, operation, signer, *place, request_id, self.account, self.store)
                response = self._handle(call)
        except Refusal as refusal:
            response = refusal.response(request_id, f"{request.host}{request.path}")
        finally:
            self.calls.count(caller, kind)
        if self.account.switches.loses_cos_answer(kind):
            raise ConnectionCut(f"the answer to {kind} is lost, as asked")
        if request.method == "HEAD":
            response.body = b""
        response.headers["x-cos-request-id"] = request_id
        return response

    def _at_home(self, request: Request) -> Request:
        """The request under the one name that the rest of the gateway knows; host "" for the list of buckets.

        The signature is over the header Host, which stays as it was sent.
        """
        address = address_of(request.host)
        if address is None or not address.bucket:
            return replace(request, host="")
        region = address.region or self.store.buckets().get(address.bucket, self.account.region)
        return replace(request, host=bucket_host(address.bucket, region))

    def _signer(self, request: Request) -> Key:
        """Who signed; `ANYBODY` for a request without a signature that an access control list allows."""
        if is_signed(request) or not self._is_public(request):
            return self._authorized(request)
        return ANYBODY

    def _authorized(self, request: Request) -> Key:
        """Who signed, once the key's policy allows the call; the keys of a multi-delete are judged one by one later."""
        signer = self.account.signer(request, ci=False)
        if signer.policy is not None:
            self.account.require(signer, *demands(request, self.account.appid))
        return signer

    def _is_public(self, request: Request) -> bool:
        operation = operation_of(request)
        bucket, key = target(request)
        if operation.kind not in _PUBLIC or bucket not in self.store.buckets():
            return False
        return self.store.effective_acl(bucket, key).is_public

    def _refuse_unfit(self, operation: Operation, request: Request, signer: Key) -> None:
        _refuse_unreadable(request)
        if signer.strict:
            refuse_unknown(operation, request)
        refuse_unserved(operation, request)

    def _handle(self, call: Call) -> Response:
        status = self.account.switches.cos_failure(call.operation.kind, call.key)
        if status:
            code = "SlowDown" if status == 503 else "InternalError"
            raise Refusal(status, code, "The service failed, as asked.")
        if call.operation.kind != "PUT Bucket":
            self.store.bucket(call.bucket, call.region)
        return _HANDLERS[call.operation.kind](call)


def _refuse_unreadable(request: Request) -> None:
    """Refuse names and parameters that are not UTF-8.

    Raises:
        Refusal: 400 InvalidURI for the path, InvalidArgument for a parameter.
    """
    try:
        unquote_to_bytes(request.path).decode()
    except UnicodeError:
        raise Refusal(400, "InvalidURI", "The path is not percent-encoded UTF-8.") from None
    try:
        "".join(name + value for name, value in request.query).encode()
    except UnicodeError:
        raise Refusal(400, "InvalidArgument", "A parameter is not percent-encoded UTF-8.") from None


def _refuse_preflight(request: Request) -> None:
    """A browser asks so before it uploads, without a signature: 403 where no rule allows it (436/8288), and there is
    none here. The code is *assumed*.
    """
    if request.method == "OPTIONS":
        raise Refusal(403, "AccessForbidden", "this bucket has no CORS rule")
