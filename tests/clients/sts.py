"""The small server that the Node SDK's own tests ask for temporary keys and for a signature (its demo/sts.js).

`GET /sts` gives a key that may write below one prefix, `GET /uploadSign` the signature of one upload.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from local.cloud import LocalCloud

PREFIX = "nodejs-sdk/test/"
SIGNED_KEY = "1.txt"
SECONDS = 1800


class Sts:
    """`with Sts(cloud) as sts:` answers at `sts.url`."""

    def __init__(self, cloud: LocalCloud) -> None:
        answers = {"/sts": lambda: _temporary_key(cloud), "/uploadSign": lambda: _signature(cloud)}

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = json.dumps(answers[self.path]()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 -- the name is the base's
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Sts:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _temporary_key(cloud: LocalCloud) -> dict[str, Any]:
    """A key as STS gives out: to write below the prefix, and to list the bucket's unfinished uploads."""
    account = cloud.account
    bucket = f"qcs::cos:{account.region}:uid/{account.appid}:{cloud.bucket}"
    uploads = [f"name/cos:{action}" for action in ("PutObject", "InitiateMultipartUpload", "ListParts", "UploadPart")]
    statement = [
        {
            "effect": "allow",
            "action": [*uploads, "name/cos:CompleteMultipartUpload", "name/cos:AbortMultipartUpload"],
            "resource": [f"{bucket}/{PREFIX}*"],
        },
        {"effect": "allow", "action": ["name/cos:ListMultipartUploads"], "resource": [f"{bucket}/*"]},
    ]
    key = account.issue("guest", {"version": "2.0", "statement": statement}, SECONDS, strict=False)
    return {
        "startTime": int(account.now()),
        "expiredTime": int(key.expires),
        "credentials": {"tmpSecretId": key.secret_id, "tmpSecretKey": key.secret_key, "sessionToken": key.token},
    }


def _signature(cloud: LocalCloud) -> dict[str, Any]:
    """The owner's signature of a PUT of one key (436/7778), no header in it."""
    key, now = cloud.account.root_key(), int(time.time())
    times = f"{now - 10};{now + SECONDS}"
    request = hashlib.sha1(f"put\n/{SIGNED_KEY}\n\n\n".encode()).hexdigest()
    sign_key = hmac.new(key.secret_key.encode(), times.encode(), hashlib.sha1).hexdigest()
    digest = hmac.new(sign_key.encode(), f"sha1\n{times}\n{request}\n".encode(), hashlib.sha1).hexdigest()
    fields = f"q-sign-time={times}&q-key-time={times}&q-header-list=&q-url-param-list=&q-signature={digest}"
    return {"signMap": {"PutObject": f"q-sign-algorithm=sha1&q-ak={key.secret_id}&{fields}"}}
