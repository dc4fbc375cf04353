"""Your configuration in the local cloud: what of it holds here, and what stands in for addresses and keys that do not.

Everything that decides what happens to recordings is taken as it is: naming, completion, the job, proof, clean-up,
tags, prefixes. What names the outside world is replaced, so that a rehearsal reaches nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple
from urllib.parse import urlsplit

from local.network.http import Request, Response

BUCKET, REGION = "demo-1250000000", "ap-guangzhou"
UNSET = ("", "-")
_HIDDEN = ("CONCAT_CALLBACK_SECRET", "CONCAT_CALLBACK_SECRET_OLD")
_LEFT_OUT = {
    "CONCAT_CALLBACK_URL": "the local function URL takes its place",
    "CONCAT_CALLBACK_SECRET": "the local cloud makes one of its own",
    "CONCAT_CALLBACK_SECRET_OLD": "the local cloud makes a secret of its own",
    "CONCAT_SCHEME": "the local cloud speaks http",
    "CONCAT_QUEUE_ID": "the local bucket has a queue of its own",
    "CONCAT_TEMPLATE_ID": "the local cloud does not know your templates: CONCAT_FORMAT and CONCAT_JOB decide alone",
}


class Rehearsal(NamedTuple):
    """A local cloud's settings. `lines` say, variable by variable, what holds and what was replaced and why."""

    bucket: str
    region: str
    environment: dict[str, str]
    lines: list[str]
    notified: str = ""  # host that notifications go to, answered for here


def rehearsal_of(variables: Mapping[str, str], shell: Mapping[str, str] | None = None) -> Rehearsal:
    """What `CONCAT_*` and LOG_LEVEL of these variables come to here; `shell` are those of them that the shell sets."""
    given = {
        name: value.strip()
        for name, value in sorted(variables.items())
        if (name.startswith("CONCAT_") or name == "LOG_LEVEL") and value.strip() not in UNSET
    }
    environment, lines, notified = {}, [], ""
    for name, value in given.items():
        source = "shell" if name in (shell or {}) else ".env"
        if name in _LEFT_OUT:
            shown = "(not shown)" if name in _HIDDEN else value
            lines.append(f"{name}={shown}  ({source}) left out: {_LEFT_OUT[name]}")
        elif name == "CONCAT_NOTIFY_URL":
            address = urlsplit(value)
            notified = (address.hostname or "").lower()
            environment[name] = f"http://{notified}{address.path}"
            lines.append(f"{name}=…{notified}…  ({source}) nobody is told: notifications are shown here")
        else:
            environment[name] = value
            lines.append(f"{name}={value}  ({source})")
    bucket = environment.pop("CONCAT_BUCKET", BUCKET)
    region = environment.pop("CONCAT_REGION", REGION)
    return Rehearsal(bucket, region, environment, lines, notified)


def receiver(show: Callable[[str], None]) -> Callable[[Request], Response]:
    """Takes notifications and shows them."""

    def receive(request: Request) -> Response:
        show(request.body.decode(errors="replace"))
        return Response(204)

    return receive
