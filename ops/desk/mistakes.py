"""The one place that turns what can go wrong at a desk into sentences and an exit code.

0 done · 1 tried, and the answer is no · 2 asked wrongly: an argument, a file, the configuration · 130 interrupted
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import NamedTuple

import click

from cosconcat.errors import ConcatError, ConfigurationError, InvalidInput, ServiceUnavailable
from ops.desk import network

NO, MISUSED, INTERRUPTED = 1, 2, 130

_FIXES = {
    errno.ENOSPC: "free some space, or choose another folder",
    errno.EDQUOT: "free some space, or choose another folder",
    errno.EACCES: "choose a folder and files that you may read and write",
    errno.EPERM: "choose a folder and files that you may read and write",
    errno.EROFS: "choose a folder that can be written",
    errno.ENOTDIR: "a folder is needed, and one of its parts is a file",
    errno.EEXIST: "it is in the way",
    errno.EISDIR: "a file is needed, and this is a folder",
    errno.EADDRINUSE: "another program listens there: end it or choose another port",
    errno.EMFILE: "raise the limit of open files: ulimit -n 4096",
}


class Mistake(Exception):  # noqa: N818  a person's mistake, no failure of the program's
    """What was asked for cannot be done as it was asked: names the thing, what is wrong and what is allowed."""


class Told(NamedTuple):
    """What a person is told: sentences for standard error, and the exit code."""

    sentences: Sequence[str]
    code: int


def told(error: BaseException) -> Told | None:
    """What to say about an error; None for one that no person can cause: a bug."""
    if isinstance(error, BrokenPipeError):  # nobody reads the output any more, so nobody needs to be told
        return Told((), NO)
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return Told((": ".join(("stopped", *map(str, error.args))),), INTERRUPTED)
    if isinstance(error, click.exceptions.NoArgsIsHelpError):  # nothing was asked: the help, line by line
        return Told(error.format_message().splitlines(), MISUSED)
    if isinstance(error, click.UsageError):
        see = (f"see {error.ctx.command_path} --help",) if error.ctx else ()
        return Told((" ".join(error.format_message().split()), *see), MISUSED)
    if isinstance(error, Mistake | click.ClickException):
        return Told(tuple(str(error).splitlines()), MISUSED)
    if isinstance(error, ConfigurationError):
        return Told(error.problems, MISUSED)
    if isinstance(error, InvalidInput):
        return Told(error.problems, NO)
    if isinstance(error, ServiceUnavailable) and (failure := network.cause(error)):
        return Told((network.sentence(failure), *_further(error)), NO)
    if isinstance(error, ConcatError):
        return Told((str(error),), NO)
    if isinstance(error, UnicodeDecodeError):
        return Told((f"{_beginning(error)} is not UTF-8 text: save it as UTF-8",), MISUSED)
    if isinstance(error, OSError):
        return _of_the_system(error)
    return None


def _further(error: BaseException) -> Sequence[str]:
    """What follows the first line of an error: how far a plan went."""
    return str(error).splitlines()[1:]


def _of_the_system(error: OSError) -> Told:
    if failure := network.cause(error):
        return Told((network.sentence(failure),), NO)
    where = f"{error.filename}: " if error.filename else ""
    fix = _FIXES.get(error.errno or 0)
    misused = isinstance(error, FileNotFoundError | FileExistsError | IsADirectoryError | NotADirectoryError)
    return Told((f"{where}{error.strerror or error}{f' ({fix})' if fix else ''}",), MISUSED if misused else NO)


def _beginning(error: UnicodeDecodeError) -> str:
    start = bytes(error.object[:20])
    also = "UTF-16, " if start[:2] in (b"\xff\xfe", b"\xfe\xff") else ""
    return f"what begins with {start!r} ({also}byte {error.start})"
