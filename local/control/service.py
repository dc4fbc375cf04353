"""Answers for scf, cam and sts.tencentcloudapi.com: who asks, what is asked, may they, and then the action."""

from __future__ import annotations

import json
import tempfile
import threading
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.account import cam
from local.control.deployed import FunctionsApi
from local.control.models import VERSIONS, Models
from local.control.roles import Roles
from local.control.tc3 import signer
from local.control.triggers import TriggersApi
from local.control.zips import Zips
from local.network.http import Refusal, Response

if TYPE_CHECKING:
    from local.account.account import Account, Key
    from local.account.calls import Calls
    from local.cos.store import Store
    from local.network.http import Request
    from local.scf.functions import Functions
    from local.scf.instances import Platform
    from local.switches import Switches

DOMAIN = ".tencentcloudapi.com"
SERVICES = ("scf", "cam", "sts")
_WITH_ROLE = ("CreateFunction", "UpdateFunctionConfiguration")


def is_control_host(host: str) -> bool:
    """Whether the proxy should hand requests for this host to the control plane."""
    return host.endswith(DOMAIN)


class ControlPlane:
    """A `Service` for the three hosts. What is created through it runs, and is triggered, in this cloud."""

    def __init__(
        self, account: Account, store: Store, running: Functions, platform: Platform, switches: Switches, calls: Calls
    ) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="local-scf-")
        root = Path(self._folder.name)
        (root / "empty").mkdir()
        self._account = account
        self._calls = calls
        self._models = Models()
        self._one_at_a_time = threading.RLock()
        self.roles = Roles(self._rights_changed)
        self.functions = FunctionsApi(running, platform, self.roles, Zips(root), root / "empty")
        self.triggers = TriggersApi(account, store, running, self.functions, switches)

    def close(self) -> None:
        """Stop the timers and remove what was unpacked."""
        self.triggers.stop()
        self._folder.cleanup()

    def __call__(self, request: Request) -> Response:
        """Answer one request: always HTTP 200, an error stands inside."""
        try:
            content = self._answer(request)
        except Refusal as refusal:
            content = {"Error": {"Code": refusal.code, "Message": refusal.message}}
        body = json.dumps({"Response": {**content, "RequestId": str(uuid.uuid4())}}, ensure_ascii=False)
        return Response(200, {"Content-Type": "application/json"}, body.encode())

    def _answer(self, request: Request) -> dict[str, Any]:
        service, action = request.host.removesuffix(DOMAIN), request.headers.get("x-tc-action", "")
        if service not in SERVICES or not self._models.knows(service, action):
            raise Refusal(200, "InvalidAction", f"{service} {action!r} is not served by this stand-in")
        key = signer(request, self._account, service)
        self._calls.count(key.name, f"{service}:{action}")
        self._check(request, service)
        body = _body(request)
        if mistakes := self._models.mistakes(service, action, body):
            raise Refusal(200, "InvalidParameter", "; ".join(mistakes))
        for demand in self._demands(service, action, body):
            if not self._account.permits(key, demand):
                told = f"{demand.action} on {demand.resource}"
                code = "UnauthorizedOperation.CAM" if service == "scf" else "AuthFailure.UnauthorizedOperation"
                raise Refusal(200, code, f"you are not authorized to perform operation ({told})")
        if action == "Invoke":  # runs as long as the function does, beside others
            return self.functions.answer(action, body)
        with self._one_at_a_time:
            return self._act(service, action, body, key)

    def _check(self, request: Request, service: str) -> None:
        version = VERSIONS[service]
        if request.headers.get("x-tc-version", "").replace("-", "") != version.removeprefix("v"):
            raise Refusal(200, "NoSuchVersion", f"{service} has the version {version}")
        region = request.headers.get("x-tc-region", "")
        if service == "scf" and region != self._account.region:
            raise Refusal(200, "UnsupportedRegion", f"region {region!r}: this account has {self._account.region}")

    def _act(self, service: str, action: str, body: Mapping[str, Any], key: Key) -> dict[str, Any]:
        if action == "GetUserAppId":
            return {"AppId": int(self._account.appid), "Uin": self._account.uin, "OwnerUin": self._account.uin}
        if service == "sts":
            arn = f"qcs::cam::uin/{self._account.uin}:uin/{self._account.uin}"
            same = {"AccountId": self._account.uin, "UserId": self._account.uin, "PrincipalId": self._account.uin}
            return {"Arn": arn, "Type": "SubAccount" if key.policy else "RootAccount", **same}
        if service == "cam":
            return self.roles.answer(action, body)
        if self.triggers.knows(action):
            return self.triggers.answer(action, body)
        answer = self.functions.answer(action, body)
        if action == "DeleteFunction":
            self.triggers.forget(body["FunctionName"])
        return answer

    def _demands(self, service: str, action: str, body: Mapping[str, Any]) -> Iterator[cam.Demand]:
        """The rights of an action: on the function where it names one, else on everything (583/38177)."""
        account = self._account
        name = body.get("FunctionName")
        place = f"qcs::scf:{account.region}:uin/{account.uin}:namespace/default/function/{name}"
        verb = "InvokeFunction" if action == "Invoke" else action
        yield cam.Demand(f"{service}:{verb}", place if name else "*")
        if action in _WITH_ROLE and body.get("Role"):
            yield cam.Demand(cam.PASS_ROLE, f"qcs::cam::uin/{account.uin}:roleName/{body['Role']}")

    def _rights_changed(self) -> None:
        self.functions.rights_changed()


def _body(request: Request) -> dict[str, Any]:
    try:
        found = json.loads(request.body or b"{}")
    except ValueError as error:
        raise Refusal(200, "InvalidParameter", f"the body is not JSON: {error}") from None
    return found if isinstance(found, dict) else {}
