"""The whole local cloud: COS, CI and SCF behind one proxy on loopback, wired as an account would be.

    with LocalCloud() as cloud:
        cloud.store.upload(cloud.bucket, "fragments/a.part1-of-2.mp4", path)
        cloud.settle(60)

Everything runs in this process except the function instances, which end with it.
"""

from __future__ import annotations

import secrets
import time
import urllib.error
import urllib.request
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from cosconcat.environment.reading import read_config
from cosconcat.errors import ConfigurationError
from deployed import blueprint, policies
from local import ROOT
from local.account.account import Account
from local.account.calls import Calls
from local.ci.service import DeliveryFailed, MediaService
from local.cmq import Cmq
from local.control.service import ControlPlane, is_control_host
from local.cos.gateway import Gateway, is_cos_host
from local.cos.store import Store
from local.network.authority import https_environment
from local.network.proxy import Proxy
from local.scf.cos_trigger import CosTrigger, Filter
from local.scf.function import Function
from local.scf.function_url import function_host, is_function_host
from local.scf.functions import Functions, Observer
from local.scf.instances import Platform, proxy_environment
from local.scf.kills import Kills
from local.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from local.ci.service import Callback
    from local.network.http import Request, Response, Service
    from local.scf.events import Json

HANDLER, LAYER = ROOT / "handler", ROOT / ".venv" / "layer"
CALLBACK_SECONDS = 320  # longer than the callback function may run
LOOKS = 3  # so often in a row must nothing be under way

THE_FUNCTIONS = tuple(
    Function(spec.key, spec.handler, time_limit=spec.seconds, instances=1 if spec.key == "sweep" else 4)
    for spec in blueprint.FUNCTIONS
)


class LocalCloud:
    """One account with one bucket and the three functions, from `start` to `stop` (or as a context manager).

    `environment` is laid over the functions' configuration: a variable set to "" is left out, `CONCAT_CALLBACK_MQ`
    subscribes the callback function to that topic. `versioning` is that of the bucket ("", "Enabled", "Suspended").
    `least_privilege` gives each function exactly its policy of `deployed.policies`. `timer_seconds` fires
    the sweep periodically (never, when None). `observe` hears of every invocation. `others` answer for further hosts.
    """

    def __init__(
        self,
        *,
        environment: Mapping[str, str] | None = None,
        switches: Switches | None = None,
        functions: Sequence[Function] = THE_FUNCTIONS,
        code_root: Path = HANDLER,
        deps_root: Path = LAYER,
        bucket: str = "demo-1250000000",
        region: str = "ap-guangzhou",
        versioning: str = "",
        least_privilege: bool = True,
        timer_seconds: float | None = None,
        observe: Observer | None = None,
        port: int = 0,
        others: Sequence[tuple[Callable[[str], bool], Service]] = (),
    ) -> None:
        self.switches = switches or Switches(retry_seconds=1.0)
        self.calls = Calls()
        self.kills = Kills()
        self.account = Account(appid=bucket.rpartition("-")[2], region=region, bucket=bucket, switches=self.switches)
        self.bucket = bucket
        self.store = Store(self.switches, self.account.now)
        self.store.create_bucket(bucket, self.account.region, versioning)
        self.environment = self._configuration(environment or {})
        self._create_other_buckets()
        self.cmq = Cmq(self.account.uin)
        self.ci = MediaService(self.account, self.store, self.switches, self.calls, self._deliver)
        cos = Gateway(self.account, self.store, self.calls)
        self.proxy = Proxy(
            [
                (is_cos_host, self.kills.watched(cos)),
                (lambda host: ".ci." in host, self.kills.watched(self.ci)),
                (is_function_host, self._function_urls),
                (is_control_host, self._control_plane),
                *others,
            ],
            port=port,
            now=self.account.now,
        )
        platform = Platform(self.account, code_root, deps_root, self.proxy.url)
        if least_privilege:
            functions = [self._least_privilege(each) for each in functions]
        self.functions = Functions(functions, platform, self.switches, environment=self.environment, observe=observe)
        self.control = ControlPlane(self.account, self.store, self.functions, platform, self.switches, self.calls)
        self.kills.kill = lambda secret_id: self.functions.kill(secret_id=secret_id)
        self.trigger = self._bind_triggers()
        self._timer_seconds = timer_seconds

    def start(self) -> None:
        """Serve and deliver from now on."""
        self.proxy.start()
        self.ci.start()
        self.functions.start()
        if self._timer_seconds is not None:
            if "sweep" in self.functions.names:
                self.functions.every(self._timer_seconds, "sweep")
            self.control.triggers.fire_every(self._timer_seconds)

    def stop(self) -> None:
        """End everything, the instances first."""
        self.control.close()
        self.functions.stop()
        self.ci.stop()
        self.proxy.stop()
        self.store.close()

    def __enter__(self) -> LocalCloud:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def settle(self, timeout: float) -> bool:
        """Wait until nothing is under way: no event, no job, no callback, no retry; False after `timeout` seconds."""
        deadline = time.monotonic() + timeout
        still = 0
        while still < LOOKS and time.monotonic() < deadline:  # what ends in one part may start something in another
            still = still + 1 if self._still() else 0
            time.sleep(0.02)
        return still == LOOKS

    def shell_environment(self, certificate: Path | None = None) -> dict[str, str]:
        """What a shell sets to use this cloud with any COS client that can use a proxy.

        With the file that holds the local authority's certificate (`self.proxy.authority`) https is served as well.
        """
        key = self.account.root_key()
        return {
            **proxy_environment(self.proxy.url),
            **(https_environment(self.proxy.url, certificate) if certificate else {}),
            "COS_SECRET_ID": key.secret_id,
            "COS_SECRET_KEY": key.secret_key,
            "COS_REGION": self.account.region,
            "COS_BUCKET": self.bucket,
            "TENCENT_SECRET_ID": key.secret_id,
            "TENCENT_SECRET_KEY": key.secret_key,
        }

    def _function_urls(self, request: Request) -> Response:
        return self.functions.urls(request)

    def _control_plane(self, request: Request) -> Response:
        return self.control(request)

    def _still(self) -> bool:
        hearing = self.trigger.wait_idle(0) and self.control.triggers.wait_idle(0)
        return self.ci.wait_idle(0) and hearing and self.functions.wait_idle(0)

    def _configuration(self, own: Mapping[str, str]) -> dict[str, str]:
        """The functions' variables: this bucket over http, and a callback by URL unless a topic or "" is asked for."""
        usual = {
            "CONCAT_BUCKET": self.bucket,
            "CONCAT_REGION": self.account.region,
            "CONCAT_SCHEME": "http",
            "CONCAT_CALLBACK_SECRET": secrets.token_hex(16),
        }
        if not own.get("CONCAT_CALLBACK_MQ"):
            host = function_host(self.account.appid, self.account.region, "callback")
            usual["CONCAT_CALLBACK_URL"] = f"http://{host}/"
        return {name: value for name, value in {**usual, **own}.items() if value}

    def _create_other_buckets(self) -> None:
        """The buckets of the output and of the ledger, where the configuration names others."""
        region = self.account.region
        for variable, where in (
            ("CONCAT_OUTPUT_BUCKET", self.environment.get("CONCAT_OUTPUT_REGION", region)),
            ("CONCAT_STATE_BUCKET", region),
        ):
            if name := self.environment.get(variable):
                self.store.create_bucket(name, where)

    def _least_privilege(self, function: Function) -> Function:
        """The function with its policy; with a broken configuration as it is, for it will say so itself."""
        if function.name not in policies.FUNCTIONS:
            return function
        try:
            return replace(function, policy=policies.policy(read_config(self.environment), function.name))
        except ConfigurationError:
            return function

    def _bind_triggers(self) -> CosTrigger:
        """Objects under the input prefix start `upload`, messages of the callback topic start `callback`."""
        prefix = self.environment.get("CONCAT_INPUT_PREFIX", "fragments/")

        def uploaded(event: Json, delay: float) -> None:
            self.functions.send("upload", event, trigger="cos", delay=delay)

        trigger = CosTrigger("upload", Filter(self.bucket, prefix), uploaded, self.switches)
        if "upload" not in self.functions.names:  # nothing is deployed yet
            return trigger
        self.store.subscribe(trigger)
        _, _, topic = self.environment.get("CONCAT_CALLBACK_MQ", "").partition(":Topic:")
        if topic:
            self.cmq.subscribe(topic, lambda event: self.functions.send("callback", event, trigger="cmq"))
        return trigger

    def _deliver(self, callback: Callback) -> None:
        """A job's callback: by HTTP through the proxy, or to a topic or queue.

        Raises:
            DeliveryFailed: when the receiver did not answer with 2xx.
        """
        if callback.kind == "tdmq":
            if callback.mq_mode == "Topic":
                self.cmq.publish(callback.mq_name, callback.body)
            else:
                self.cmq.send(callback.mq_name, callback.body)
            return
        through = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        headers = {"Content-Type": callback.content_type}
        request = urllib.request.Request(callback.url, callback.body.encode(), headers, method="POST")
        request.set_proxy(self.proxy.url.partition("//")[2], "http")  # whatever this machine's NO_PROXY says
        try:
            with through.open(request, timeout=CALLBACK_SECONDS):
                pass
        except urllib.error.URLError as error:  # an HTTPError is one
            raise DeliveryFailed(str(error)) from error
