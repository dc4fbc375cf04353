"""A Cloud Infinite of one's own for a test: account, store and media service, asked by signed requests in process."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
import xmltodict
from qcloud_cos import CosConfig, CosS3Auth

from local.account.account import Account, Key
from local.account.calls import Calls
from local.ci.service import Callback, MediaService
from local.cos.store import Store
from local.network.http import Request, Response

Body = Mapping[str, Any]
Piece = str | Mapping[str, str]  # a key, or a ConcatFragment node whose Url is a key


class LocalCi:
    """`with LocalCi() as ci:` serves one bucket; `ci.callbacks` collects what is delivered."""

    def __init__(self, deliver: Callable[[Callback], None] | None = None, max_concurrent: int = 2) -> None:
        self.account = Account()
        self.switches = self.account.switches
        self.store = Store(self.switches, self.account.now)
        self.calls = Calls()
        self.bucket, self.region = self.account.bucket, self.account.region
        self.store.create_bucket(self.bucket, self.region)
        self.callbacks: list[Callback] = []
        self.called = threading.Event()
        self.service = MediaService(
            self.account, self.store, self.switches, self.calls, deliver or self._collect, max_concurrent
        )

    def _collect(self, callback: Callback) -> None:
        self.callbacks.append(callback)
        self.called.set()

    def __enter__(self) -> LocalCi:
        self.service.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.service.stop()
        self.store.close()

    def url(self, key: str) -> str:
        """An object's address as ConcatFragment.Url wants it."""
        return f"http://{self.bucket}.cos.{self.region}.myqcloud.com/{key}"

    def fragments(self, *pieces: Piece) -> list[dict[str, str]]:
        """ConcatFragment nodes in the order given; a node keeps what it has, a key gets its place as FragmentIndex."""
        return [
            {"Url": self.url(piece), "FragmentIndex": str(index)}
            if isinstance(piece, str)
            else {**piece, "Url": self.url(piece["Url"])}
            for index, piece in enumerate(pieces)
        ]

    def template(self, pieces: Sequence[Piece], form: str, more: Body) -> dict[str, Any]:
        """A ConcatTemplate of these pieces in this container; `more` are its other nodes."""
        return {"ConcatFragment": self.fragments(*pieces), "Container": {"Format": form}, **more}

    def output(self, key: str = "out.${ext}") -> dict[str, str]:
        """Output in the same bucket."""
        return {"Region": self.region, "Bucket": self.bucket, "Object": key}

    def job(self, template: Body, **more: Any) -> dict[str, Any]:
        """A POST /jobs body around a ConcatTemplate; `more` goes into Operation, `request` beside it."""
        beside = more.pop("request", {})
        operation = {"ConcatTemplate": template, "Output": self.output(), **more}
        return {"Tag": "Concat", **beside, "Operation": operation}

    def ask(
        self,
        method: str,
        path: str,
        body: Body | bytes | None = None,
        *,
        key: Key | None = None,
        headers: Mapping[str, str] | None = None,
        query: Mapping[str, str] | None = None,
    ) -> Response:
        """Signs a request with the SDK's signer and hands it to the service."""
        signer = key or self.account.root_key()
        data = xmltodict.unparse({"Request": body}).encode() if isinstance(body, Mapping) else body
        given = {"Content-Type": "application/xml"} if data is not None else {}
        given |= dict(headers or {})
        if signer.token:
            given["x-ci-security-token"] = signer.token
        url = f"http://{self.bucket}.ci.{self.region}.myqcloud.com{path}"
        parameters = dict(query or {})
        if parameters:
            url += "?" + urlencode(parameters)
        config = CosConfig(Region=self.region, SecretId=signer.secret_id, SecretKey=signer.secret_key, Scheme="http")
        prepared = requests.Request(method, url, headers=given, data=data).prepare()
        prepared = CosS3Auth(config, path.partition("?")[0].removeprefix("/"), parameters)(prepared)
        parts = urlsplit(str(prepared.url))
        sent = [*parameters.items(), *([(path.partition("?")[2], "")] if "?" in path else [])]
        lower = {name.lower(): str(value) for name, value in prepared.headers.items()}
        host = str(parts.hostname)
        return self.service(Request(method, host, parts.path, tuple(sent), {"host": host, **lower}, data or b""))

    def submit(self, body: Body) -> dict[str, Any]:
        """POST /jobs, which must be taken; the JobsDetail of the answer."""
        answer = self.ask("POST", "/jobs", body)
        assert answer.status == 200, answer.body.decode()
        return dict(read(answer)["JobsDetail"])

    def refusal(self, body: Body | bytes) -> tuple[int, str, str]:
        """POST /jobs, which must be refused; status, code and message."""
        answer = self.ask("POST", "/jobs", body)
        assert answer.status != 200, answer.body.decode()
        error = xmltodict.parse(answer.body)["Error"]
        return answer.status, error["Code"], error["Message"]

    def finished(self, body: Body, timeout: float = 60) -> dict[str, Any]:
        """Submits, waits for the end, and reads the job again."""
        job_id = self.submit(body)["JobId"]
        assert self.service.wait_idle(timeout)
        return dict(read(self.ask("GET", f"/jobs/{job_id}"))["JobsDetail"])

    def rendered(self, folder: Path, body: Body) -> Path:
        """The output of a job, which must succeed, as a file (of hls: the playlist, its segments beside it)."""
        job = self.finished(body)
        assert job["State"] == "Success", job["Message"]
        names = job["Operation"]["MediaResult"]["OutputFile"]["ObjectName"]
        paths = []
        for name in names if isinstance(names, list) else [names]:
            paths.append(folder / Path(name).name)
            assert self.store.download(self.bucket, name, paths[-1])
        return paths[0]


def read(answer: Response) -> dict[str, Any]:
    """The Response of an XML answer."""
    return dict(xmltodict.parse(answer.body)["Response"] or {})


def read_callback(callback: Callback) -> dict[str, Any]:
    """A callback's body in either format, without the XML root."""
    if callback.content_type == "application/json":
        return dict(json.loads(callback.body))
    return dict(xmltodict.parse(callback.body)["Response"])
