"""The command `cos-concat <verb>`: a file of `verbs` a verb, imported when its verb is used."""

from __future__ import annotations

import contextlib
import io
import os
import re
import signal
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from types import FrameType

import click

from cosconcat.errors import ConfigurationError
from cosconcat.log import printable
from ops import ROOT
from ops.desk import show
from ops.desk.environment import read_environment
from ops.desk.mistakes import NO, Mistake, told

NAME = "cos-concat"
VERBS = (
    "demo", "up", "invoke", "names", "explain", "preview", "status", "retry", "restore", "prune", "configuration",
    "doctor", "policies", "cost", "package", "deploy", "destroy", "pause", "resume", "completion",
)  # fmt: skip
_NO_ENV = "there is no .env: copy .env.example to .env, and fill it in"
_VERSION = "Show the version and exit."
_ENDING = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class _Verbs(click.Group):
    """The verbs in the order in which a person needs them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  Click's interface
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  Click's interface
        if cmd_name not in VERBS:
            return None
        command: click.Command = import_module(f"ops.verbs.{cmd_name}").command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the verb; where nothing configures anything, say where that is done."""
        try:
            return super().invoke(ctx)
        except ConfigurationError as wrong:
            if ctx.obj is not None or (ROOT / ".env").exists() or "CONCAT_BUCKET is required" not in wrong.problems:
                raise
            raise ConfigurationError([*wrong.problems, _NO_ENV]) from wrong

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown verb is told with those that look like it."""
        from difflib import get_close_matches

        if args and args[0] not in VERBS and not args[0].startswith("-"):
            close = get_close_matches(args[0], VERBS, 2)
            raise click.UsageError(f"there is no verb {args[0]!r}; {_alternatives(close)}", ctx)
        return super().resolve_command(ctx, args)


def _alternatives(close: Sequence[str]) -> str:
    return f"perhaps {' or '.join(close)}" if close else f"there are {', '.join(VERBS)}"


def _version(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """The version as `make release` writes it."""
    if wanted:
        written = re.search(r'^version = "(.*)"$', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
        click.echo(f"{NAME} {written[1] if written else 'of no version'}")
        context.exit()


@click.group(
    cls=_Verbs,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="Exit codes: 0 done, 1 tried and the answer is no, 2 asked wrongly, 130 interrupted. "
    "Shell completion: cos-concat completion --help.",
)
@click.option("--env", type=click.Path(path_type=Path), help="Read the configuration here instead of .env.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help=_VERSION)
@click.pass_context
def cos_concat(context: click.Context, env: Path | None) -> None:
    """Joins recordings that arrive in COS in pieces: what a person runs from a desk.

    The configuration is read from the .env beside the Makefile, and variables of the shell come first.
    """
    if env is not None:
        if not env.exists():
            raise Mistake(f"--env {env}: there is no such file")
        context.obj = read_environment(env)


def main(arguments: Sequence[str], environ: Mapping[str, str] | None = None) -> int:
    """Run one verb; the exit code. Whatever goes wrong is told in sentences on standard error.

    `environ` takes the place of `.env` and the shell.
    """
    caught: list[int] = []
    show.begin()
    if sys.stdout is None:  # closed by whoever called
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  lives as long as the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a key may hold what the terminal cannot show
            stream.reconfigure(errors="backslashreplace")
    with _interrupts(caught):
        try:
            code = cos_concat.main([_text(each) for each in arguments], NAME, standalone_mode=False, obj=environ)
            sys.stdout.flush()
        except SystemExit as end:  # the answer to a shell that completes
            code = end.code
        except BaseException as error:  # noqa: BLE001  the one place where all of them end
            code = 128 + caught[0] if caught else None  # as a shell tells of a signal
            return _say(_interruption(error) if caught else error, code, as_json="--json" in arguments)
    return code if isinstance(code, int) else 0


def _text(argument: str) -> str:
    """An argument as text in UTF-8, whatever the shell's locale is.

    Raises:
        Mistake: when it is none.
    """
    if argument.isprintable():  # an escaped byte is not
        return argument
    try:
        return os.fsencode(argument).decode()
    except UnicodeDecodeError:
        raise Mistake(f"{argument!r} is no text in UTF-8") from None


@contextlib.contextmanager
def _interrupts(caught: list[int]) -> Iterator[None]:
    """Ctrl-C, a kill and a closed terminal are remembered, for a library may make another error of them, and end the
    command in order: what it keeps in temporary folders goes. A second one ends the process at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        for each in before:
            signal.signal(each, signal.SIG_DFL)
        sys.unraisablehook = lambda _: None  # what an interrupted clean-up of an object says is of no use
        raise KeyboardInterrupt

    heard = [each for each in _ENDING if each == signal.SIGINT or signal.getsignal(each) != signal.SIG_IGN]  # nohup
    before = {each: signal.signal(each, interrupt) for each in heard}
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def _interruption(error: BaseException) -> BaseException:
    """The interruption that an error was made of, with what it has to say."""
    seen: BaseException | None = error
    while seen is not None and not isinstance(seen, KeyboardInterrupt):
        seen = seen.__cause__ or seen.__context__
    return seen or KeyboardInterrupt()


def _say(error: BaseException, code: int | None, *, as_json: bool) -> int:
    """Print what there is to say about an error, where JSON was asked for that way as well; the exit code."""
    words = told(error)
    if code is None:
        code = words.code if words else NO
    try:
        if as_json and not isinstance(error, BrokenPipeError):
            show.show_failure(words.sentences if words else [f"a bug: {type(error).__name__}"], code)
        sys.stdout.flush()
    except OSError:  # nobody reads it, or nothing can hold it: so that the last flush does not fail again
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    with contextlib.suppress(OSError):  # standard error may be gone as well
        if words is None:
            print(f"{NAME}: a bug, please report it with what follows", file=sys.stderr)
            traceback.print_exception(error)
        for sentence in words.sentences if words else ():
            print(printable(sentence), file=sys.stderr)
    return code
