"""A plan as calls of Tencent's command-line tool, for whoever wants to make them by hand.

What only an earlier answer tells, and what is secret, stands there as a variable of the shell.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from ops.deployment.desired import ADDRESS_TO_COME, CODE_ZIP, LAYER_TO_COME, LAYER_ZIP
from ops.deployment.settings import ADDRESS, NOT_SHOWN

if TYPE_CHECKING:
    from ops.deployment.plan import Plan
    from ops.deployment.settings import Settings
    from ops.deployment.steps.step import Call

_HEAD = """\
#!/bin/sh
# What `cos-concat deploy` would do, as calls of tccli. Needs tccli configured with the keys, and build/*.zip.
set -e
mkdir -p build/calls"""
_ZIPS = {CODE_ZIP: "build/code.zip", LAYER_ZIP: "build/layer.zip"}
_URL = "next(json.loads(t['TriggerDesc'])['NetConfig']['ExtranetUrl'] for t in d['Triggers'] if t['Type'] == 'http')"
_READINGS = {  # the variable of the shell, and where in the answer its value stands
    "PublishLayerVersion": ("LAYER_VERSION", "d['LayerVersion']"),
    "ListTriggers": (ADDRESS, f"{_URL} + '/'"),
}
_VARIABLES = {ADDRESS_TO_COME: ADDRESS, LAYER_TO_COME: "LAYER_VERSION"}


def script(settings: Settings, plan: Plan) -> str:
    """A shell script that makes the calls of the plan."""
    lines = [_HEAD]
    needed = sorted({name for step in plan.steps for call in step.calls for name in _secrets(call.body)})
    lines += [f': "${{{name}:?set it, it is not shown here}}"' for name in needed]
    number = 0
    for step in plan.changes:
        lines += ["", f"# {step.change} {step.thing}"]
        for call in step.calls:
            number += 1
            lines += _call(settings, call, number)
    return "\n".join(lines) + "\n"


def _call(settings: Settings, call: Call, number: int) -> Iterator[str]:
    if call.service in ("cos", "ci"):
        yield f"# {call.action} of {call.body['Bucket']} is no call of tccli: use `cos-concat deploy` or the console"
        return
    region = f" --region {settings.region}" if call.service == "scf" else ""
    file = f"build/calls/{number:02}.json"
    yield f"{{ {'; '.join(_pieces(call.body))}; }} > {file}"
    made = f"tccli {call.service} {call.action}{region} --cli-input-json file://{file}"
    if call.action in _READINGS:
        name, expression = _READINGS[call.action]
        yield f'{name}=$({made} | python3 -c "import json, sys; d = json.load(sys.stdin); print({expression})")'
    else:
        yield made
    if call.action in ("CreateFunction", "UpdateFunctionCode", "UpdateFunctionConfiguration"):
        look = f"tccli scf GetFunction{region} --FunctionName {call.body['FunctionName']}"
        yield f'until {look} | grep -q \'"Status": "Active"\'; do sleep 1; done'


def _pieces(body: Mapping[str, object]) -> Iterator[str]:
    """Commands of the shell that print the body, one after another: text, the content of a file, a variable."""
    marks = {**{json.dumps(text): ("zip", file) for text, file in _ZIPS.items()}}
    marks |= {json.dumps(text): ("variable", name) for text, name in _VARIABLES.items()}
    text = json.dumps(_masked(body), ensure_ascii=False)
    while True:
        found = [
            (text.find(mark), mark) for mark in (*marks, *(f'"${{{name}}}"' for name in NOT_SHOWN)) if mark in text
        ]
        if not found:
            yield f"printf %s {shlex.quote(text)}"
            return
        at, mark = min(found)
        if at:
            yield f"printf %s {shlex.quote(text[:at])}"
        kind, name = marks.get(mark, ("variable", mark[3:-2]))
        if kind == "zip":
            yield f"printf '\"'; base64 < {name} | tr -d '\\n'; printf '\"'"
        elif name == "LAYER_VERSION":
            yield f'printf %s "${name}"'
        else:
            yield f'printf \'"%s"\' "${name}"'
        text = text[at + len(mark) :]


def _masked(value: object) -> object:
    """The body with a variable of the shell in place of each secret."""
    if isinstance(value, Mapping):
        if value.get("Key") in NOT_SHOWN:
            return {"Key": value["Key"], "Value": f"${{{value['Key']}}}"}
        return {key: _masked(each) for key, each in value.items()}
    return [_masked(each) for each in value] if isinstance(value, list | tuple) else value


def _secrets(value: object) -> set[str]:
    """The names of the secrets that a body holds."""
    if isinstance(value, Mapping):
        own = {str(value["Key"])} if value.get("Key") in NOT_SHOWN else set()
        return own.union(*(_secrets(each) for each in value.values()))
    return set().union(*(_secrets(each) for each in value)) if isinstance(value, list | tuple) else set()
