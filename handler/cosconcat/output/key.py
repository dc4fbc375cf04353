"""Where a joined recording goes: the key from its template, the API's wildcards in it, a second content's name."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from cosconcat.naming.keys import EXTENSIONS, KEY_BYTES, has_dot_segment, resolve, unfit_key

if TYPE_CHECKING:
    from cosconcat.config import Config
    from cosconcat.model import FragmentSet

PLACEHOLDERS = ("group", "fingerprint", "date", "ext", "jobid")
WILDCARDS = ("ext", "jobid")  # the API's own, written ${ext} and ${jobid}
PLACEHOLDER = re.compile(r"\$?\{([^{}]*)\}")


def is_copied(config: Config, fragments: FragmentSet) -> bool:
    """Whether a group is copied to its output key instead of being joined: CONCAT_SINGLE=copy, and it is one piece as
    it is. A key that holds a job's id asks for a job.
    """
    wanted = fragments.output or config.output_key
    return config.single == "copy" and fragments.is_single and "jobid" not in PLACEHOLDER.findall(wanted)


def extension_of(fragments: FragmentSet) -> str:
    """What the first piece's name ends in, lower case: what a copy is named by."""
    return fragments.fragments[0].object.key.rpartition(".")[2].lower()


def output_key(config: Config, fragments: FragmentSet) -> str:
    """Where the result goes, as the API takes it: `${ext}` and `${jobid}` are left for the service to fill in.

    A copy's key is written out, with the piece's own extension also where another container's was asked for.
    """
    key = _filled_in(config, fragments)
    return _with_extension(key, extension_of(fragments)) if is_copied(config, fragments) else key


def _with_extension(key: str, extension: str) -> str:
    stem, dot, ending = key.replace("${ext}", extension).rpartition(".")
    named = dot and ending.lower() in EXTENSIONS.values()
    return f"{stem}.{extension}" if named else f"{stem}{dot}{ending}"


def _filled_in(config: Config, fragments: FragmentSet) -> str:
    values = {
        "group": fragments.group,
        "fingerprint": fragments.fingerprint,
        "date": time.strftime("%Y-%m-%d", time.gmtime(fragments.newest)),
        "ext": "${ext}",
        "jobid": "${jobid}",
    }
    return PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), fragments.output or config.output_key)


def impossible_key(config: Config, fragments: FragmentSet) -> str:
    """Why the result's key cannot be: longer than COS allows with all that may be added to it, or a way out of its
    folder; an empty text when it can.
    """
    key = output_key(config, fragments)
    if has_dot_segment(key):
        return f"the result's key {key!r} has a dot segment, which clients resolve away"
    if config.format == "hls" and resolve(key, config.format).lower().endswith(".ts"):
        return f"the result's key {key!r} is named like a segment of another's: a playlist is named .m3u8"
    size = len(key.encode()) + len("j" * 33) + len(".r0000-4294967295")
    return f"the result's key would have {size} bytes; COS allows {KEY_BYTES}" if size > KEY_BYTES else ""


def resolved_output_key(config: Config, fragments: FragmentSet) -> str | None:
    """The key that the result will have, or None when it holds the job's id and so is not known beforehand."""
    key = output_key(config, fragments)
    return None if "${jobid}" in key else resolve(key, config.format)


def literal_beginning(template: str) -> str:
    """What every key built from `template` begins with: the text before its first placeholder."""
    return PLACEHOLDER.split(template, maxsplit=1)[0]


def expand(key: str, container: str, job_id: str = "") -> str | None:
    """The key that CI writes for `key`: `${ext}` and `${jobid}` resolved; None while the job id is not known."""
    return None if "${jobid}" in key and not job_id else resolve(key, container, job_id)


def with_rev(key: str, rev: int, count: int = 1) -> str:
    """`key` with `.r<rev>` before its extension: the name for content that must not overwrite what is there.

    With a `count` above 1 `.r<rev>-<count>`, where that name is taken as well.
    """
    return with_mark(key, f"r{rev:04}" if count == 1 else f"r{rev:04}-{count}")


def with_mark(key: str, mark: str) -> str:
    """`key` with `.<mark>` before its extension."""
    folder, slash, name = key.rpartition("/")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        stem, extension = name, ""
    return f"{folder}{slash}{stem}.{mark}{dot}{extension}"


def output_key_problems(key: str, config: Config) -> list[str]:
    """What is wrong with an output key, from the configuration or from a manifest, apart from where it lies."""
    names = PLACEHOLDER.findall(key)
    wild = [found for found in PLACEHOLDER.finditer(key) if found[0].startswith("$") and found[1] not in WILDCARDS]
    problems = []
    if wild or set(names) - set(PLACEHOLDERS) or re.search(r"[{}]", PLACEHOLDER.sub("", key)):
        allowed = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        problems.append(f"is {key!r}; what may stand in braces is {allowed}, ${{ext}} and ${{jobid}}")
    literal = PLACEHOLDER.sub("x", key)
    unfit = unfit_key(literal) or ("must name an object, not a folder" if literal.endswith("/") else "")
    if unfit:
        problems.append(f"{unfit}: {key!r}")
    ending = literal.rpartition(".")[2].lower()
    if "ext" not in names and ending in EXTENSIONS.values() and ending != config.extension:
        problems.append(f"ends in .{ending}, but CONCAT_FORMAT is {config.format}")
    return problems
