"""COS on one machine: every request is recognised, its signature and rights checked, counted, and answered.

Sources for what it imitates: 436/7730 (errors), 436/7749 (PUT), 436/10881 (copy), 436/7734 (LIST), 436/8289
(multi-delete), 436/42997 (tags). What no document settles is marked *assumed* where it is decided.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

from local.cos import buckets, multipart, objects
from local.cos.call import Call
from local.cos.operations import check_known, operation_of, region_of, target
from local.http import ConnectionCut, Refusal, Request, Response, new_request_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.account import Account
    from local.calls import Calls
    from local.cos.store import Store

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
}


def is_cos_host(host: str) -> bool:
    """Whether COS answers for this host: `<bucket>.cos.<region>.myqcloud.com`."""
    return ".cos." in host and host.endswith(".myqcloud.com")


class Gateway:
    """The service behind `*.cos.*.myqcloud.com`."""

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
            signer = self.account.authorize(request, ci=False)
            caller = signer.name
            operation = operation_of(request)
            kind = operation.kind
            check_known(operation, request)
            bucket, key = _readable_target(request)
            call = Call(
                request, operation, signer, bucket, region_of(request), key, request_id, self.account, self.store
            )
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

    def _handle(self, call: Call) -> Response:
        status = self.account.switches.cos_failure(call.operation.kind, call.key)
        if status:
            code = "SlowDown" if status == 503 else "InternalError"
            raise Refusal(status, code, "The service failed, as asked.")
        if call.operation.kind != "PUT Bucket":
            self.store.bucket(call.bucket, call.region)
        return _HANDLERS[call.operation.kind](call)


def _readable_target(request: Request) -> tuple[str, str]:
    """Bucket and key.

    Raises:
        Refusal: 400 InvalidURI when the path is not UTF-8.
    """
    try:
        unquote_to_bytes(request.path).decode()
    except UnicodeDecodeError:
        raise Refusal(400, "InvalidURI", "The path is not percent-encoded UTF-8.") from None
    return target(request)
