"""A COS of one's own for a test: account, store, gateway and proxy, with the unmodified SDK or raw requests."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import requests
from qcloud_cos import CosConfig, CosS3Auth, CosS3Client

from local.account.account import Account, Key
from local.account.calls import Calls
from local.cos.gateway import Gateway, is_cos_host
from local.cos.store import Store
from local.network.proxy import Proxy

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

logging.getLogger("qcloud_cos").setLevel(logging.CRITICAL)


class LocalCos:
    """`with LocalCos() as cos:` serves one empty bucket; `cos.client` is the SDK, `cos.ask` a raw signed request."""

    def __init__(self) -> None:
        self.account = Account()
        self.switches = self.account.switches
        self.store = Store(self.switches, self.account.now)
        self.calls = Calls()
        self.bucket, self.region = self.account.bucket, self.account.region
        self.host = f"{self.bucket}.cos.{self.region}.myqcloud.com"
        self.store.create_bucket(self.bucket, self.region)
        self.proxy = Proxy([(is_cos_host, Gateway(self.account, self.store, self.calls))], now=self.account.now)
        self.http = requests.Session()
        self.http.trust_env = False
        self.http.proxies = {"http": self.proxy.url}

    def __enter__(self) -> LocalCos:
        self.proxy.start()
        self.client = self.sdk()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.http.close()
        self.proxy.stop()
        self.store.close()

    def config(self, key: Key | None = None) -> CosConfig:
        """The SDK's configuration for a key, by default the owner's."""
        key = key or self.account.root_key()
        return CosConfig(
            Region=self.region,
            SecretId=key.secret_id,
            SecretKey=key.secret_key,
            Token=key.token or None,
            Scheme="http",
            Proxies={"http": self.proxy.url},
        )

    def sdk(self, key: Key | None = None, retry: int = 0) -> CosS3Client:
        """The unmodified SDK."""
        return CosS3Client(self.config(key), retry=retry)

    def signed(
        self,
        method: str,
        key: str = "",
        parameters: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        signer: Key | None = None,
    ) -> requests.PreparedRequest:
        """A raw request, signed but not sent; tests may spoil it first."""
        config = self.config(signer)
        given = dict(headers or {})
        if config._token:
            given["x-cos-security-token"] = config._token
        url = f"http://{self.host}/{quote(key, safe='/-_.~')}"
        if parameters:
            url += "?" + urlencode(parameters)
        request = requests.Request(method, url, headers=given, data=body).prepare()
        CosS3Auth(config, key, dict(parameters or {}))(request)
        return request

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        """Send a prepared request through the proxy."""
        return self.http.send(request, proxies=self.http.proxies, allow_redirects=False)

    def ask(self, method: str, key: str = "", **given: Any) -> requests.Response:
        """Sign and send at once; the arguments are those of `signed`."""
        return self.send(self.signed(method, key, **given))


def code_of(response: requests.Response) -> str:
    """The code in an error body, "" when there is none."""
    return response.text.partition("<Code>")[2].partition("</Code>")[0]
