"""What is to be there: the configuration and the packages as values, in the API's own terms. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import NamedTuple

from cosconcat.environment.variables import DEFAULTS
from cosconcat.inputs.expiry import EXPIRE_TAG
from deployed import blueprint, policies
from deployed.blueprint import Trigger
from ops.deployment.settings import ADDRESS, OLD_SECRET, SECRET, Settings

# What is only known once an earlier call has answered; the executor fills it in.
ADDRESS_TO_COME = "<address of the callback function>"
LAYER_TO_COME = "<new layer version>"
CODE_ZIP, LAYER_ZIP = "<base64 of build/code.zip>", "<base64 of build/layer.zip>"


class Package(NamedTuple):
    """What `make package` built: the SHA-256 (hex) of the two zips."""

    code: str
    layer: str


class Function(NamedTuple):
    """A function as it is to be, or as it was found. Limits in seconds and megabytes."""

    name: str
    handler: str
    runtime: str
    memory: int
    seconds: int
    init_seconds: int
    role: str
    layer: str
    layer_version: int | str
    environment: Mapping[str, str]
    description: str  # ends with the SHA-256 of the code, which the API tells nowhere else


class Role(NamedTuple):
    """An execution role with the one policy of the same name."""

    name: str
    policy: Mapping[str, object]


class Desired(NamedTuple):
    """A whole deployment."""

    stage: str
    functions: Mapping[str, Function]  # by upload, callback, sweep
    roles: Mapping[str, Role]  # likewise
    triggers: tuple[Trigger, ...]
    layer: str
    layer_sha256: str
    expire_rule: str  # the XML of the lifecycle rule, "" where the configuration needs none


class Secrets(NamedTuple):
    """The callback secret and the former one, "" where there is none."""

    now: str = ""
    old: str = ""

    def __repr__(self) -> str:
        return "Secrets(...)"


def choose_secrets(settings: Settings, deployed: Mapping[str, str], made: str, *, rotate: bool = False) -> Secrets:
    """The secret that `.env` says, else the deployed one, else `made`; a replaced one stays valid as the old one.

    `deployed` is the environment found in the account, empty at the first deployment.
    """
    if not settings.secret_is_needed:
        return Secrets()
    current, said = deployed.get(SECRET, ""), settings.variables.get(SECRET, "")
    now = made if rotate else said or current or made
    replaced = current if current != now else deployed.get(OLD_SECRET, "")
    old = settings.variables.get(OLD_SECRET, "") or replaced
    return Secrets(now, old if old != now else "")


def desired(settings: Settings, package: Package, secrets: Secrets, address: str, layer_version: int | str) -> Desired:
    """Everything that `settings` ask for.

    `address` is the callback function's URL and `layer_version` the number of the layer with these bytes, where they
    are known, else the stand-ins above.
    """
    stage, config = settings.stage, settings.config
    variables = environment(settings, secrets, address)
    layer = blueprint.layer_name(stage)
    functions, roles = {}, {}
    for spec in blueprint.FUNCTIONS:
        name = blueprint.name(stage, spec.key)
        roles[spec.key] = Role(name, policies.policy(config, spec.key))
        functions[spec.key] = Function(
            name=name,
            handler=spec.handler,
            runtime=blueprint.RUNTIME,
            memory=blueprint.MEMORY_MB,
            seconds=spec.seconds,
            init_seconds=blueprint.INIT_SECONDS,
            role=name,
            layer=layer,
            layer_version=layer_version,
            environment=variables,
            description=f"{spec.description}. Code {package.code}",
        )
    triggers = [blueprint.cos_trigger(config.bucket.cos_host, config.input_prefix), blueprint.timer_trigger()]
    if settings.address_is_made:
        triggers.insert(0, blueprint.url_trigger())
    rule = expire_rule(stage, config.input_prefix) if config.cleanup == "expire" and removes(settings.variables) else ""
    return Desired(stage, functions, roles, tuple(triggers), layer, package.layer, rule)


def environment(settings: Settings, secrets: Secrets, address: str) -> dict[str, str]:
    """The variables that every function gets: those that are set, the secrets, and where jobs call back."""
    found = {name: value for name, value in settings.variables.items() if name not in (SECRET, OLD_SECRET)}
    if settings.address_is_made:
        found[ADDRESS] = address
    found |= {name: value for name, value in ((SECRET, secrets.now), (OLD_SECRET, secrets.old)) if value}
    return dict(sorted(found.items()))


def removal(settings: Settings) -> str:
    """In words what becomes of fragments under this configuration, "" where they stay."""
    config = settings.config
    if not removes(settings.variables):
        return ""
    return {
        "delete": f"fragments under {config.input_prefix} WILL BE DELETED after proof",
        "trash": f"fragments under {config.input_prefix} WILL BE MOVED to {config.trash_prefix} after proof",
        "expire": f"fragments under {config.input_prefix} WILL BE DELETED {blueprint.EXPIRE_DAYS} days after proof",
    }[config.cleanup]


def removes(variables: Mapping[str, str]) -> bool:
    """Whether functions with these variables take fragments away."""
    said = {name: variables.get(name, DEFAULTS[name]).lower() for name in _DECIDE}
    cleanup, dry_run, verify = (said[name] for name in _DECIDE)
    return cleanup != "keep" and dry_run != "true" and verify != "none"


_DECIDE = ("CONCAT_CLEANUP", "CONCAT_CLEANUP_DRY_RUN", "CONCAT_VERIFY")


def expire_rule(stage: str, prefix: str) -> str:
    """The lifecycle rule that `CONCAT_CLEANUP=expire` needs, as COS's XML (436/8280)."""
    from xml.sax.saxutils import escape

    key, value = EXPIRE_TAG
    return (
        f"<Rule><ID>{blueprint.rule_name(stage)}</ID>"
        f"<Filter><And><Prefix>{escape(prefix)}</Prefix><Tag><Key>{key}</Key><Value>{value}</Value></Tag></And></Filter>"
        f"<Status>Enabled</Status><Expiration><Days>{blueprint.EXPIRE_DAYS}</Days></Expiration></Rule>"
    )


def document(value: object) -> str:
    """A policy as the API takes it: JSON in a string."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
