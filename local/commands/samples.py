"""What a sample event of `events/` speaks of, put into a local cloud, so that a function finds it there.

upload     the objects that the event says were created
callback   the group `lecture`, whole, and its job; the event then speaks of that job, signed with the cloud's secret
sweep      the group `lecture`, whole, for a command that names it
"""

from __future__ import annotations

import base64
import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cosconcat import signing
from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.errors import ConcatError
from cosconcat.events.cos import Upload, read_uploads
from cosconcat.model import Bucket, Token, gid_of
from local.media.clips import make_clip

GROUP, PIECES, SECONDS = "lecture", 3, 0.5
JOB = "j0a1b2c3d4e5f60718293a4b5c6d7e8f9"  # the samples' job, which exists nowhere
TOKEN = Token(gid_of(GROUP), 1, 1, "0123456789abcdef0123456789abcdef")
SECRET = "demo-callback-secret"  # what the samples are signed with
TOPIC = "concat-done"
SAMPLES_BUCKET = Bucket("demo-1250000000", "ap-guangzhou")
PATIENCE = 60.0  # seconds until the job of the seeded group is known


class Samples:
    """Fits sample events to one local cloud. `wake` makes it look for whole groups where no event does."""

    def __init__(self, sdk: Any, environment: Mapping[str, str], wake: Callable[[], None] | None = None) -> None:
        self._sdk = sdk
        self._config: Config = read_config(environment)
        self._wake = wake

    def fitted(self, function: str, event: object) -> object:
        """The event for this cloud, once everything is there that it speaks of."""
        if function == "upload":
            event = self._in_our_bucket(event)
            self._put_uploads(event)
        elif function == "callback":
            return self._about_a_real_job(event)
        elif isinstance(event, Mapping) and GROUP in event.values():
            self._put_group()
        elif isinstance(event, Mapping) and "report" in event and self._wake:
            self._wake()
        return event

    def _in_our_bucket(self, event: object) -> object:
        """The event, with this cloud's bucket where it names that of the samples."""
        ours, theirs = self._config.bucket, SAMPLES_BUCKET
        (name, _, appid), (its_name, _, its_appid) = ours.name.rpartition("-"), theirs.name.rpartition("-")
        text = json.dumps(event)
        for old, new in (
            (f"{theirs.name}.cos.{theirs.region}.", f"{ours.name}.cos.{ours.region}."),
            (theirs.name, ours.name),
            (f"/{its_appid}/{its_name}/", f"/{appid}/{name}/"),
            (f'"name": "{its_name}"', f'"name": "{name}"'),
            (f'"appid": "{its_appid}"', f'"appid": "{appid}"'),
        ):
            text = text.replace(old, new)
        return json.loads(text)

    def _put_uploads(self, event: object) -> None:
        try:
            uploads = [each for each in read_uploads(event) if isinstance(each, Upload)]
        except ConcatError:
            return  # the function will say what is wrong with it
        for upload in uploads:
            ours = upload.bucket == self._config.bucket.name and upload.key.startswith(self._config.input_prefix)
            if ours and upload.event_name.startswith("cos:ObjectCreated"):
                self._put(upload.key)

    def _put_group(self) -> None:
        for number in range(1, PIECES + 1):
            self._put(f"{self._config.input_prefix}{GROUP}.part{number}-of-{PIECES}.mp4", number)

    def _put(self, key: str, number: int = 1) -> None:
        """A short clip at the key, or nothing in an object that is no media; what is there stays."""
        bucket = self._config.bucket.name
        if self._sdk.object_exists(Bucket=bucket, Key=key):
            return
        with tempfile.TemporaryDirectory() as folder:
            clip = Path(folder) / "clip.mp4"
            if key.endswith(".mp4"):
                make_clip(clip, number, PIECES, SECONDS)
            else:
                clip.touch()
            self._sdk.put_object(Bucket=bucket, Body=clip.read_bytes(), Key=key)

    def _about_a_real_job(self, event: object) -> object:
        """The event with the token and the job of a group that is really there, signed anew."""
        token, job = TOKEN, JOB
        if json.dumps(event).find(TOKEN.nonce) >= 0 or TOPIC in json.dumps(event):
            claim = self._record("claim-0001.json")
            if claim is None:
                self._put_group()
                if self._wake:
                    self._wake()
            claim, known = self._when_there("claim-0001.json"), self._when_there("job-0001.json")
            if claim and known:
                token, job = Token(gid_of(GROUP), 1, 1, claim["nonce"]), str(known["job"])
        signed = read_config({**_EXAMPLE, "CONCAT_CALLBACK_SECRET": SECRET})
        words = {str(TOKEN): str(token), JOB: job}
        if self._config.callback_secret:
            words[_signature(signing.callback_url(signed, TOKEN))] = _signature(self._address(token))
            topic = signing.topic_url(self._config, _ANYWHERE, TOPIC)
            words[_signature(signing.topic_url(signed, _ANYWHERE, TOPIC))] = _signature(topic)
        return _replaced(event, words)

    def _address(self, token: Token) -> str:
        return signing.callback_url(self._config, token)

    def _record(self, name: str) -> dict[str, Any] | None:
        key = f"{self._config.state_prefix}{gid_of(GROUP)}/0001/{name}"
        if not self._sdk.object_exists(Bucket=self._config.state_bucket.name, Key=key):
            return None
        answer = self._sdk.get_object(Bucket=self._config.state_bucket.name, Key=key)
        found: dict[str, Any] = json.loads(answer["Body"].get_raw_stream().read())
        return found

    def _when_there(self, name: str) -> dict[str, Any] | None:
        deadline = time.monotonic() + PATIENCE
        while (found := self._record(name)) is None and time.monotonic() < deadline:
            time.sleep(0.1)
        return found


_ANYWHERE = "https://callback.example/"
_EXAMPLE = {
    "CONCAT_BUCKET": "demo-1250000000",
    "CONCAT_REGION": "ap-guangzhou",
    "CONCAT_CALLBACK_URL": _ANYWHERE,
}


def _signature(address: str) -> str:
    return parse_qs(urlsplit(address).query)["signature"][0]


def _replaced(event: object, words: Mapping[str, str]) -> object:
    """The event with these words replaced wherever they stand, in a body of base64 as well."""
    if isinstance(event, Mapping):
        made = {name: _replaced(value, words) for name, value in event.items()}
        if event.get("isBase64Encoded") is True and isinstance(event.get("body"), str):
            body = base64.b64decode(event["body"]).decode()
            made["body"] = base64.b64encode(str(_replaced(body, words)).encode()).decode()
        return made
    if isinstance(event, list):
        return [_replaced(each, words) for each in event]
    if isinstance(event, str):
        return re.sub("|".join(map(re.escape, words)), lambda found: words[found[0]], event)
    return event
