"""Whether what is deployed is still what `.env` asks for, as the doctor at a desk says it; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from cosconcat.errors import ConcatError
from cosconcat.functions.doctor import Finding
from deployed import blueprint
from ops.deployment.desired import ADDRESS_TO_COME, Package, choose_secrets, desired
from ops.deployment.door import Door
from ops.deployment.plan import plan
from ops.deployment.seen import look
from ops.deployment.settings import ADDRESS, OLD_SECRET, SECRET, read_settings, stage_problems
from ops.deployment.steps.functions import layer_version
from ops.desk import network
from ops.desk.environment import command_line

if TYPE_CHECKING:
    from ops.deployment.seen import Seen
    from ops.deployment.settings import Settings

CHECK = "functions"
_ACTIVE = ("Active", "Creating", "Updating", "Publishing")  # as it is, or on its way there
_MADE = (ADDRESS, SECRET, OLD_SECRET)  # variables that the deployment fills in where `.env` does not
_STAGE = "correct STAGE in .env or the shell; no other verb that asks for the deployment takes it"


class Examined(NamedTuple):
    """What there is to say, and the variables that the deployment filled in, for the checks that need them."""

    findings: tuple[Finding, ...]
    made: Mapping[str, str] = {}


def examine_deployment(environ: Mapping[str, str]) -> Examined:
    """Compare what is deployed with what `environ` asks for; the packages are taken for right as they are.

    Where these keys may not look, or the settings are no deployment's, that is said and nothing called wrong. But a
    STAGE that no verb would take is a mistake in them.
    """
    misnamed = stage_problems(environ)
    if misnamed:
        return Examined(tuple(Finding(CHECK, ok=False, text=told, fix=_STAGE) for told in misnamed))
    try:
        settings = read_settings(environ)
        door = Door(settings)
        seen = look(door, settings)
        if not seen.functions:
            told = f"stage {settings.stage} is not deployed in {settings.region} by `cos-concat deploy`"
            return Examined((Finding(CHECK, ok=True, text=told),))
        secrets = choose_secrets(settings, seen.environment, "")
        door.keep_secret(*secrets)
        findings = tuple(_findings(settings, seen))
    except ConcatError as failure:
        silent = network.cause(failure)
        why = network.sentence(silent) if silent else str(failure)
        return Examined((Finding(CHECK, ok=True, text=f"not looked at: {why}"),))
    made = {name: seen.environment[name] for name in _MADE if name in seen.environment}
    return Examined(findings, {name: value for name, value in made.items() if name not in settings.variables})


def _findings(settings: Settings, seen: Seen) -> Iterator[Finding]:
    """What differs, a line each; one line where nothing does."""
    package = _package(seen)
    secrets = choose_secrets(settings, seen.environment, "")
    version = layer_version(package.layer, seen)
    made = plan(settings, desired(settings, package, secrets, seen.address or ADDRESS_TO_COME, version), seen)
    wrong = [Finding(CHECK, ok=False, text=refusal) for refusal in made.refusals]
    for step in made.changes:
        how = f": {'; '.join(step.details)}" if step.details else ""
        missing, unlike = f"{step.thing} is missing", f"{step.thing} is not as .env asks{how}"
        text = missing if step.change == "create" else unlike
        wrong.append(Finding(CHECK, ok=False, text=text, fix=command_line("deploy")))
    for found in seen.functions.values():
        if found.status not in _ACTIVE:
            fix = f"{command_line('deploy')}; if it stays so: console > SCF > {found.function.name}"
            wrong.append(Finding(CHECK, ok=False, text=f"{found.function.name} is {found.status}", fix=fix))
    off = [each.name for triggers in seen.triggers.values() for each in triggers if not each.enabled]
    if off:
        text = f"switched off: {', '.join(off)}; nothing begins by itself"
        wrong.append(Finding(CHECK, ok=False, text=text, fix=command_line("resume")))
    well = f"stage {settings.stage}: all of {len(made.steps)} things are as .env asks"
    yield from wrong or [Finding(CHECK, ok=True, text=well)]


def _package(seen: Seen) -> Package:
    """What is deployed: the code of the first function, by what its description says, and its layer's version."""
    function = next(seen.functions[spec.key].function for spec in blueprint.FUNCTIONS if spec.key in seen.functions)
    layers = {layer.version: layer.description for layer in seen.layers}
    layer = layers.get(int(function.layer_version), "")
    return Package(function.description[-64:], layer[-64:] or "0" * 64)
