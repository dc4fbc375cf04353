"""The instances of one function: reused while warm, scaled out per event, one request at a time in each."""

from __future__ import annotations

import json
import os
import threading
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from local.scf.function import EVENT_TOO_LARGE, RESPONSE_TOO_LARGE, SYNCHRONOUS_LIMIT, Function, Result, error
from local.scf.process import Instance

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from local.account.account import Account, Key

RESERVED = ("SCF_", "QCLOUD_", "TENCENTCLOUD_")
RENEW_SECONDS = 300  # before a role's key ends, a warm instance gets a new one
ENVIRONMENT_LIMIT = 4096  # bytes, product/583/11637


class StoppedError(Exception):
    """The platform has been stopped; nothing runs any more."""


@dataclass(frozen=True)
class Platform:
    """What all functions share: the account, the code (`handler/`), its dependencies (the layer), the way out."""

    account: Account
    code_root: Path
    deps_root: Path
    proxy_url: str = ""


@dataclass
class _Warm:
    """An instance with the temporary key of its role, by which a request of it is recognised; renewed in time."""

    instance: Instance
    key: Key


class Instances:
    """Runs `function`; at most `function.instances` processes at once, a caller waits for a free one."""

    def __init__(self, function: Function, platform: Platform) -> None:
        self.function = function
        self._platform = platform
        self._own = checked_environment(function.environment)
        self._free = threading.Condition()
        self._idle: list[_Warm] = []
        self._busy: list[_Warm] = []
        self._starting = 0
        self._closed = False

    def run(self, event: object, *, trigger: str) -> Result:
        """One invocation, synchronously, with the event as it survives JSON.

        Raises:
            StoppedError: after `close`.
        """
        request_id = str(uuid.uuid4())
        text = json.dumps(event)
        if len(text) > SYNCHRONOUS_LIMIT:
            return Result(request_id, EVENT_TOO_LARGE, error(EVENT_TOO_LARGE, request_id), "", 0.0)
        warm = self._take()
        try:
            account = self._platform.account
            if warm.key.expires < account.now() + self.function.time_limit + RENEW_SECONDS:
                warm.key = account.issue(self.function.name, self.function.policy)
            role = {"TRIGGER_SRC": trigger, **credentials(warm.key)}
            result = warm.instance.run(json.loads(text), self._context(request_id), role)
        finally:
            self._give_back(warm)
        if result.ok and len(json.dumps(result.value)) > SYNCHRONOUS_LIMIT:
            failed = error(RESPONSE_TOO_LARGE, request_id)
            return Result(request_id, RESPONSE_TOO_LARGE, failed, result.log, result.seconds)
        return result

    def kill(self, secret_id: str = "") -> bool:
        """Kill -9 the running instance that signs with `secret_id` (any, when empty); whether there was one."""
        with self._free:
            found = [warm for warm in self._busy if secret_id in ("", warm.key.secret_id)]
        for warm in found:
            warm.instance.kill()
        return bool(found)

    def close(self) -> None:
        """Kill every instance; whoever waits for one is told."""
        with self._free:
            self._closed = True
            for warm in self._busy:
                warm.instance.kill()
            while self._busy or self._starting:
                self._free.wait()
            for warm in self._idle:
                warm.instance.close()
            self._idle.clear()
            self._free.notify_all()

    def retire(self) -> None:
        """Take no more work: what runs ends by itself, whoever waits for an instance is told."""
        with self._free:
            self._closed = True
            for warm in self._idle:
                warm.instance.close()
            self._idle.clear()
            self._free.notify_all()

    def settings(self, seconds: float) -> dict[str, dict[str, Any]]:
        """Environment and context for an instance that another process starts, with a key for so many seconds."""
        key = self._platform.account.issue(self.function.name, self.function.policy, seconds)
        return {"environment": self.environment(key), "context": self._context(str(uuid.uuid4()))}

    def environment(self, key: Key) -> dict[str, str]:
        """All that an instance sees in its environment: the platform's variables, the role's key and the function's."""
        return {**platform_environment(self.function, self._platform), **credentials(key), **self._own}

    def _take(self) -> _Warm:
        with self._free:
            while not self._closed and not self._idle and len(self._busy) + self._starting >= self.function.instances:
                self._free.wait()
            if self._closed:
                raise StoppedError(f"function {self.function.name}: the local cloud has been stopped")
            if self._idle:
                self._busy.append(warm := self._idle.pop())
                return warm
            self._starting += 1
        try:
            platform = self._platform
            key = platform.account.issue(self.function.name, self.function.policy)
            instance = Instance(self.function, platform.code_root, platform.deps_root, self.environment(key))
            warm = _Warm(instance, key)
        finally:
            with self._free:
                self._starting -= 1
                self._free.notify()
        with self._free:
            self._busy.append(warm)
            return warm

    def _give_back(self, warm: _Warm) -> None:
        with self._free:
            self._busy.remove(warm)
            if warm.instance.alive and not self._closed:
                self._idle.append(warm)
            else:
                warm.instance.close()
            self._free.notify_all()

    def _context(self, request_id: str) -> dict[str, object]:
        """The documented context; there is no remaining-time method on the platform."""
        function, account = self.function, self._platform.account
        return {
            "callbackWaitsForEmptyEventLoop": True,
            "memory_limit_in_mb": function.memory_mb or 128,
            "time_limit_in_ms": int(function.time_limit * 1000),
            "request_id": request_id,
            "environment": json.dumps({"SCF_NAMESPACE": "default", **self._own}),
            "environ": "SCF_NAMESPACE=default",
            "function_version": "$LATEST",
            "function_name": function.name,
            "namespace": "default",
            "tencentcloud_region": account.region,
            "tencentcloud_appid": account.appid,
            "tencentcloud_uin": account.uin,
        }


def credentials(key: Key) -> dict[str, str]:
    """The execution role's key under the names that SCF gives it."""
    return {
        "TENCENTCLOUD_SECRETID": key.secret_id,
        "TENCENTCLOUD_SECRETKEY": key.secret_key,
        "TENCENTCLOUD_SESSIONTOKEN": key.token,
    }


def platform_environment(function: Function, platform: Platform) -> dict[str, str]:
    """The variables that the platform sets, product/583/32748; paths are this machine's, and the way out is a proxy.

    It is set in both cases, and NO_PROXY is empty, because libraries differ in which of them they read.
    """
    account = platform.account
    system = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
    return {
        **system,
        **proxy_environment(platform.proxy_url),
        "LANG": "en_US.UTF8",
        "LC_ALL": "en_US.UTF8",
        "HOME": "/tmp",  # the only writable folder there
        "TENCENTCLOUD_RUNENV": "SCF",
        "USER_CODE_ROOT": f"{platform.code_root}/",
        "PYTHONDONTWRITEBYTECODE": "x",
        "TENCENTCLOUD_REGION": account.region,
        "TENCENTCLOUD_APPID": account.appid,
        "TENCENTCLOUD_UIN": account.uin,
        "TENCENTCLOUD_TZ": "UTC",
        "SCF_RUNTIME": "Python3.10",
        "SCF_NAMESPACE": "default",
        "SCF_FUNCTIONNAME": function.name,
        "SCF_FUNCTIONVERSION": "$LATEST",
    }


def proxy_environment(url: str) -> dict[str, str]:
    """What makes any http client on this machine ask the local cloud, loopback addresses included."""
    return {"http_proxy": url, "HTTP_PROXY": url, "no_proxy": "", "NO_PROXY": ""} if url else {}


def checked_environment(own: Mapping[str, str]) -> dict[str, str]:
    """The function's own variables as the platform accepts them: no reserved prefix, 4 KB in all.

    Raises:
        ValueError: naming the variable, or the size.
    """
    for name in own:
        if name.startswith(RESERVED):
            raise ValueError(f"environment variable {name}: own names may not start with {', '.join(RESERVED)}")
    size = sum(len(f"{name}{value}".encode()) for name, value in own.items())
    if size > ENVIRONMENT_LIMIT:
        raise ValueError(f"the function's environment is {size} bytes, at most {ENVIRONMENT_LIMIT} are allowed")
    return dict(own)
