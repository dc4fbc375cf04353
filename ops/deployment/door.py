"""The one way to the services: SCF and CAM by the official SDK, COS and CI by the COS SDK's signer.

The standard proxy variables decide how they are reached. Nothing here repeats a call: a call whose answer was lost may
have taken effect, and the next run of the command looks and goes on.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from cosconcat.errors import Rejected, ServiceUnavailable
from ops.deployment.fixes import fix_of
from ops.deployment.settings import SECRETS

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.model import Bucket
    from ops.deployment.settings import Settings

API_SECONDS = 60  # for one call of SCF or CAM; the largest carries two megabytes
STORAGE_SECONDS = (5.0, 30.0)  # to connect to COS or CI, to wait for bytes
_LEAST_SECRET = 8  # characters: what is shorter is none, and stands in every other word
_FOR_NOW = ("ClientNetworkError", "InternalError", "RequestLimitExceeded", "ServerNetworkError")


class Door:
    """Calls signed with the keys of whoever deploys; `calls` lists those made, e.g. `scf:CreateFunction`.

    Every method raises `Rejected`, with a sentence that says what mends it, when the service refuses, and
    `ServiceUnavailable` when it does not answer.
    """

    def __init__(self, settings: Settings) -> None:
        self.calls: list[str] = []
        self._keys = settings.keys
        self._config: Config = settings.config
        self._clients: dict[str, Any] = {}
        self._secrets = [settings.keys.secret_key, settings.keys.token]
        self._secrets += [settings.variables[name] for name in SECRETS if name in settings.variables]

    def hide(self, text: str) -> str:
        """The text without any secret that this deployment knows, for what a service may have echoed."""
        for secret in self._secrets:
            if len(secret) < _LEAST_SECRET:
                continue
            text = text.replace(secret, "(not shown)")
        return text

    def keep_secret(self, *secrets: str) -> None:
        """These are not to be shown either."""
        self._secrets += secrets

    def api(self, service: str, action: str, body: Mapping[str, object]) -> dict[str, Any]:
        """One action of `scf` or `cam`; the answer's content."""
        from tencentcloud.common.exception.tencent_cloud_sdk_exception import TencentCloudSDKException

        self.calls.append(f"{service}:{action}")
        try:
            answer: dict[str, Any] = self._client(service).call_json(action, dict(body))["Response"]
        except TencentCloudSDKException as failure:
            code, message = str(failure.get_code()), self.hide(str(failure.get_message()))
            if code.startswith(_FOR_NOW):
                raise ServiceUnavailable(f"{service} {action}: {message} ({code})") from None
            told = f"{service} {action}{_about(body)}: {message}{fix_of(code)}"
            raise Rejected(told, status=200, code=code, request_id=str(failure.get_request_id() or "")) from None
        return answer

    def storage(
        self,
        kind: str,
        method: str,
        bucket: Bucket,
        path: str = "/",
        params: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> bytes:
        """One request to `bucket` at `cos` or `ci`; the body of the answer."""
        import requests

        flag = next(iter(params), "") if params else ""
        self.calls.append(f"{kind}:{method} {path if kind == 'ci' else 'bucket'}{f'?{flag}' if flag else ''}")
        host = bucket.ci_host if kind == "ci" else bucket.cos_host
        what = f"{method} {host}{path}{f'?{flag}' if flag else ''}"
        headers = {f"x-{kind}-security-token": self._keys.token} if self._keys.token else {}
        if body or method in ("PUT", "POST"):
            headers |= {"Content-Type": "application/xml", "Content-MD5": _md5(body)}
        try:
            answer = requests.request(
                method,
                f"{self._config.scheme}://{host}{path}",
                params=dict(params or {}),
                data=body,
                headers=headers,
                auth=self._signer(bucket, path, params or {}),
                timeout=STORAGE_SECONDS,
                allow_redirects=False,
            )
        except requests.RequestException as failure:
            raise ServiceUnavailable(f"{what}: {type(failure).__name__}") from None
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise ServiceUnavailable(f"{what}: HTTP {answer.status_code}")
        if answer.status_code >= HTTPStatus.MULTIPLE_CHOICES:
            code, message = _told(answer.content, answer.status_code)
            raise Rejected(f"{what}: {message}{fix_of(code)}", status=answer.status_code, code=code)
        return answer.content

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._scf() if service == "scf" else self._cam()
        return self._clients[service]

    def _scf(self) -> Any:
        from tencentcloud.scf.v20180416.scf_client import ScfClient

        return ScfClient(self._credential(), self._config.bucket.region, self._profile())

    def _cam(self) -> Any:
        from tencentcloud.cam.v20190116.cam_client import CamClient

        return CamClient(self._credential(), "", self._profile())  # CAM has no regions

    def _credential(self) -> Any:
        from tencentcloud.common import credential

        logging.getLogger("tencentcloud_sdk_common").setLevel(logging.WARNING)  # at DEBUG it logs whole requests
        return credential.Credential(self._keys.secret_id, self._keys.secret_key, self._keys.token or None)

    def _profile(self) -> Any:
        from tencentcloud.common.profile.client_profile import ClientProfile
        from tencentcloud.common.profile.http_profile import HttpProfile

        trusted = os.environ.get("REQUESTS_CA_BUNDLE") or None  # the SDK knows certifi's certificates alone
        http = HttpProfile(protocol=self._config.scheme, reqTimeout=API_SECONDS, certification=trusted)
        profile = ClientProfile(httpProfile=http)
        profile.language = "en-US"
        return profile

    def _signer(self, bucket: Bucket, path: str, params: Mapping[str, str]) -> Any:
        from qcloud_cos import CosConfig
        from qcloud_cos.cos_auth import CosS3Auth

        from cosconcat import log

        log.silence_sdk()
        conf = CosConfig(Region=bucket.region, SecretId=self._keys.secret_id, SecretKey=self._keys.secret_key)
        return CosS3Auth(conf, path, dict(params))


def _about(body: Mapping[str, object]) -> str:
    """The thing that a call is about, for a message; never a value that could be secret."""
    names = ("FunctionName", "RoleName", "PolicyName", "LayerName", "AttachRoleName", "DetachRoleName")
    return next((f" {body[name]}" for name in names if name in body), "")


def _told(content: bytes, status: int) -> tuple[str, str]:
    """Code and message of a refusal of COS or CI."""
    from cosconcat.job.refusals import read_error

    said = read_error(content)
    return (said.code, said.message) if said else (f"HTTP{status}", f"refused with HTTP {status}")


def _md5(body: bytes) -> str:
    import base64
    import hashlib

    return base64.b64encode(hashlib.md5(body).digest()).decode()  # noqa: S324 -- COS asks for this one
