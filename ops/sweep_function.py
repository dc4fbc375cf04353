"""Commands to the function `sweep`: given to the deployed one, or carried out here by the same code."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from cosconcat.errors import InvalidInput, Rejected, TryAgain
from ops.desk.environment import command_line, config_of, environment
from ops.desk.keys import with_keys
from ops.desk.mistakes import Mistake

if TYPE_CHECKING:
    from cosconcat.services import Services

F = TypeVar("F", bound=Callable[..., Any])


def here_option(command: F) -> F:
    """`--here`, as the argument `here`."""
    told = "Run the sweep's code on this machine with the keys in .env instead of asking the deployed function."
    return click.option("--here", is_flag=True, help=told)(command)


def services_here() -> Services:
    """What the functions are given, with the configuration and the keys at hand; it logs errors alone."""
    from cosconcat.bootstrap import bootstrap

    config_of(environment())
    return bootstrap({}, {**with_keys(environment()), "LOG_LEVEL": "ERROR"})


def ask(event: Mapping[str, object], *, here: bool) -> dict[str, Any]:
    """What `sweep` answers to a command.

    Raises:
        ConcatError: as the function does, or when it cannot be reached.
        InvalidInput: when it refuses the command itself.
    """
    answer = _here(event) if here else _deployed(event)
    refused = [str(result.get("reason")) for result in answer["results"] if result.get("action") == "invalid"]
    missing = [name for name in ("status", "report") if name in event and name not in answer]
    if missing:
        raise InvalidInput(
            refused or [f"the sweep's answer has no {missing[0]}: it is of another release, or {_mend()}"]
        )
    return answer


def _mend() -> str:
    return f"if its code was changed by hand, delete that function in the console and run `{command_line('deploy')}`"


def _here(event: Mapping[str, object]) -> dict[str, Any]:
    import sweep

    with contextlib.redirect_stdout(sys.stderr):  # where a function's log goes to, here
        return sweep.answer(services_here(), event)


def _deployed(event: Mapping[str, object]) -> dict[str, Any]:
    from deployed import blueprint
    from ops.deployment.door import Door
    from ops.deployment.seen import as_object
    from ops.deployment.settings import check_scheme, read_settings

    deployment = read_settings(environment())
    check_scheme(deployment, os.environ)
    door = Door(deployment)
    name = blueprint.name(deployment.stage, "sweep")
    body = {"FunctionName": name, "Namespace": blueprint.NAMESPACE, "ClientContext": json.dumps(event)}
    try:
        result = door.api("scf", "Invoke", body)["Result"]
    except Rejected as refusal:
        if not refusal.code.startswith("ResourceNotFound"):
            raise
        told = f"stage {deployment.stage} is not deployed in {deployment.region}: there is no {name}"
        raise Mistake(f"{told}; run `{command_line('deploy')}`, or say --here") from None
    if result.get("InvokeResult"):
        raise TryAgain(f"{name} failed: {str(result.get('ErrMsg', ''))[:2000]}")
    answer = as_object(str(result.get("RetMsg", "")))
    if not isinstance(answer.get("results"), list):
        raise InvalidInput([f"{name} answered something else: {str(result.get('RetMsg'))[:200]}; {_mend()}"])
    return answer
