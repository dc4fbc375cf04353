"""`cos-concat completion`: the script that completes verbs and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

EXAMPLES = """\b
Examples, for the running shell (cos-concat has to be on the PATH):
  export PATH="$PWD/.venv/bin:$PATH"
  eval "$(cos-concat completion bash)"
  cos-concat completion fish | source
"""


@click.command(epilog=EXAMPLES)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print the script that completes verbs and options."""
    root = click.get_current_context().find_root()
    made = get_completion_class(shell)
    assert made is not None, "every choice has one"  # noqa: S101  Click's own table
    click.echo(made(root.command, {}, str(root.info_name), "_COS_CONCAT_COMPLETE").source())
