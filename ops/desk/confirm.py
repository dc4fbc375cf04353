"""The question before something is changed."""

from __future__ import annotations

import click

from ops.desk.mistakes import Mistake


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
