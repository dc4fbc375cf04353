"""What the verbs deploy, destroy, pause and resume have in common: the settings, the door, questions and answers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

import click

from ops import ROOT
from ops.deployment.door import Door
from ops.deployment.settings import Settings, check_scheme, read_settings
from ops.desk.mistakes import Mistake
from ops.desk.settings import read_settings as read_variables

if TYPE_CHECKING:
    from ops.deployment.steps.step import Step

F = TypeVar("F", bound=Callable[..., Any])


def yes_option(command: F) -> F:
    """`--yes`, as the argument `yes`."""
    return click.option("--yes", "-y", is_flag=True, help="Do it without a question.")(command)


def open_account() -> tuple[Settings, Door]:
    """The settings in force, checked, and the door to their account.

    Raises:
        ConfigurationError: with every mistake at once.
    """
    settings = read_settings(_variables(), os.environ)
    check_scheme(settings, os.environ)
    return settings, Door(settings)


def _variables() -> Mapping[str, str]:
    """Of the file after --env, else of `.env.<STAGE>` where the shell names a stage that has one, else of `.env`."""
    given = click.get_current_context().find_root().obj
    if given is not None:
        return dict(given)
    own = ROOT / f".env.{os.environ.get('STAGE', '')}"
    return read_variables(own if os.environ.get("STAGE") and own.is_file() else ROOT / ".env")


def confirm(question: str, *, yes: bool, flag: str = "--yes") -> bool:
    """Whether to go on: by the flag that says so, or by asking.

    Raises:
        Mistake: when nobody answers.
    """
    if yes:
        return True
    try:
        return click.confirm(question)
    except click.Abort:
        raise Mistake(
            f"nobody answered {question!r}: say {flag} to go on without a question; nothing was changed"
        ) from None


def tell(step: Step, state: str) -> None:
    """One line for each step that is done."""
    if state == "done":
        click.echo(f"  done: {step.change} {step.thing}")
