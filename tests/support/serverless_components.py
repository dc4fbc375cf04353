"""What the published deployment components accept, written down as JSON Schema from their own sources.

Sources: `serverless.component.yml`, `docs/configure.md` and `src/` of
github.com/serverless-components/tencent-multi-scf (0.3.14) and tencent-layer (0.1.7); triggers from
github.com/serverless-tencent/tencent-component-toolkit (2.27, `src/modules/triggers`), which both are built on. Lists
are closed, so that a misspelt name is found here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator

REGIONS = ["ap-beijing", "ap-chengdu", "ap-chongqing", "ap-guangzhou", "ap-hongkong", "ap-mumbai", "ap-seoul"]
REGIONS += ["ap-shanghai", "ap-shanghai-fsi", "ap-shenzhen-fsi", "ap-singapore", "ap-tokyo"]
REGIONS += ["eu-frankfurt", "na-siliconvalley", "na-toronto"]
RUNTIMES = ["Python2.7", "Python3.6", "Python3.7"]  # of the published list, the Python ones
MEMORY = [64, *range(128, 3073, 128)]

# What the files use beyond the published lists, each with the place that says it works.
EXCEPTIONS = {
    "inputs/runtime: 'Python3.10'": "cloud.tencent.com/document/product/583/11061 offers it; "
    "tencentyun/serverless-demo, Python3.10-helloworld/serverless.yml deploys it with the component of one function",
    "inputs/runtimes/0: 'Python3.10'": "the same, for a layer of it",
    "inputs/triggers/1/type: 'http'": "tencent-component-toolkit src/modules/triggers/http.ts (2.26 and later); "
    "cloud.tencent.com/document/product/1154/43228 documents it for the component of one function",
    "inputs/initTimeout: unknown": "cloud.tencent.com/document/product/1154/129052 (2026-05-08); "
    "tencent-component-toolkit src/modules/scf/utils.ts",
}

_TEXT = {"type": "string", "minLength": 1}
_PAIRS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"key": {"type": "string", "pattern": "^[a-zA-Z][a-zA-Z0-9_]*$"}, "value": {"type": "string"}},
        "required": ["key", "value"],
        "additionalProperties": False,
    },
}
_SOURCE = {
    "oneOf": [
        _TEXT,
        {
            "type": "object",
            "properties": {
                "src": _TEXT,
                "exclude": {"type": "array", "items": _TEXT},
                "include": {"type": "array", "items": _TEXT},
                "bucket": _TEXT,
                "object": _TEXT,
            },
            "additionalProperties": False,
        },
    ]
}
_LAYERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {"name": _TEXT, "version": {"type": ["string", "integer"]}},
        "required": ["name", "version"],
        "additionalProperties": False,
    },
}
_FUNCTION: dict[str, Any] = {  # may stand with one function or, for all of them, in inputs
    "runtime": {"enum": RUNTIMES},
    "type": {"enum": ["event", "web"]},
    "memorySize": {"enum": MEMORY},
    "timeout": {"type": "integer", "minimum": 1, "maximum": 900},
    "description": _TEXT,
    "environments": _PAIRS,
    "namespace": _TEXT,
    "vpc": {"type": "object"},
    "cfs": {"type": "array"},
    "cls": {"type": "object"},
    "tags": _PAIRS,
    "layers": _LAYERS,
    "eip": {"type": "boolean"},
    "publicAccess": {"type": "boolean"},
    "installDependency": {"type": "boolean"},
    "ignoreTriggers": {"type": "boolean"},
    "asyncRunEnable": {"type": "boolean"},
    "traceEnable": {"type": "boolean"},
}
_QUALIFIER = {"qualifier": {"enum": ["$DEFAULT", "$LATEST"]}}


def _trigger(kind: str, required: list[str], parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        "if": {"properties": {"type": {"const": kind}}},
        "then": {
            "properties": {
                "parameters": {
                    "type": "object",
                    "properties": {**parameters, **_QUALIFIER},
                    "required": required,
                    "additionalProperties": False,
                }
            }
        },
    }


_ENABLE = {"enable": {"type": "boolean"}}
_TRIGGERS = {
    "type": "array",
    "items": {
        "type": "object",
        "properties": {
            "type": {"enum": ["apigw", "ckafka", "cls", "cmq", "cos", "mps", "timer"]},
            "function": _TEXT,
            "parameters": {"type": "object"},
        },
        "required": ["type", "function", "parameters"],
        "additionalProperties": False,
        "allOf": [
            _trigger(
                "cos",
                ["bucket", "events"],
                {
                    "bucket": _TEXT,
                    "events": {"type": "string", "pattern": r"^cos:Object(Created|Remove|Restore):(\*|[A-Za-z]+)$"},
                    "filter": {
                        "type": "object",
                        "properties": {
                            "prefix": {"type": "string"},
                            "suffix": {"type": "string", "pattern": r"^(\..*)?$"},
                        },
                        "additionalProperties": False,
                    },
                    **_ENABLE,
                },
            ),
            _trigger(
                "timer",
                ["name", "cronExpression"],
                {
                    "name": _TEXT,
                    "cronExpression": {"type": "string", "pattern": r"^\S+( \S+){6}$"},
                    "argument": {"type": "string"},
                    **_ENABLE,
                },
            ),
            _trigger("cmq", ["name"], {"name": _TEXT, "filterType": {"const": 1}, "filterKey": {}, **_ENABLE}),
            _trigger(
                "http",
                ["authType", "netConfig"],
                {
                    "name": _TEXT,
                    "authType": {"enum": ["NONE", "CAM"]},
                    "netConfig": {
                        "type": "object",
                        "properties": {"enableIntranet": {"type": "boolean"}, "enableExtranet": {"type": "boolean"}},
                        "additionalProperties": False,
                    },
                    "corsConfig": {"type": "object"},
                },
            ),
        ],
    },
}


def _component(name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {
            "component": {"const": name},
            "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9-]*$"},
            "app": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
            "stage": {"type": "string", "pattern": "^[A-Za-z0-9-]+$"},
            "org": _TEXT,
            "inputs": inputs,
        },
        "required": ["component", "name", "inputs"],
        "additionalProperties": False,
    }


MULTI_SCF = _component(
    "multi-scf",
    {
        "type": "object",
        "properties": {
            **_FUNCTION,
            "src": _SOURCE,
            "region": {"enum": REGIONS},
            "isAutoPublish": {"type": "boolean"},
            "publishDescription": {"type": "string"},
            "triggers": _TRIGGERS,
            "functions": {
                "type": "object",
                "minProperties": 1,
                "additionalProperties": {
                    "type": "object",
                    "properties": {
                        **_FUNCTION,
                        "name": {"type": "string", "pattern": r"^[A-Za-z$][\w${}-]{0,58}[A-Za-z0-9}]$"},
                        "src": _TEXT,
                        "handler": {"type": "string", "pattern": r"^\w+\.\w+$"},
                        "role": _TEXT,
                    },
                    "required": ["handler"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["src", "functions"],
        "additionalProperties": False,
    },
)
LAYER = _component(
    "layer",
    {
        "type": "object",
        "properties": {
            "name": {"type": "string", "pattern": r"^[A-Za-z$][\w${}-]{0,58}[A-Za-z0-9}]$"},
            "region": {"enum": REGIONS},
            "src": _SOURCE,
            "runtimes": {"type": "array", "items": {"enum": RUNTIMES}},
            "description": _TEXT,
        },
        "required": ["src"],
        "additionalProperties": False,
    },
)


def problems(document: object, schema: Mapping[str, Any]) -> Iterator[str]:
    """What of `document` the schema does not know or allow, each as `path: value` or `path: unknown`."""
    for error in Draft202012Validator(schema).iter_errors(document):
        path = "/".join(map(str, error.absolute_path))
        if error.validator == "additionalProperties":
            known = error.schema["properties"]
            yield from (f"{path}/{name}: unknown" for name in error.instance if name not in known)
        else:
            yield f"{path}: {error.instance!r}" + (f" ({error.message})" if error.validator == "required" else "")


def resolve(document: Any, environ: Mapping[str, str]) -> Any:
    """`document` with every `${env:X}` as the command-line tool resolves it before anything is sent.

    An unset variable becomes JavaScript's `undefined`, which the deployed function finds as that very text
    (serverless-cloud-framework src/libs/utils/basic.js, resolveVariables; tencent-component-toolkit
    src/modules/scf/utils.ts, String(val)).
    """
    if isinstance(document, dict):
        return {key: resolve(value, environ) for key, value in document.items()}
    if isinstance(document, list):
        return [resolve(value, environ) for value in document]
    if isinstance(document, str):
        return re.sub(r"\$\{env:(\w+)\}", lambda found: environ.get(found[1], "undefined"), document)
    return document
