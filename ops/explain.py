"""The exact request that would be sent for a group, without sending it.

    python -m ops.explain                              two made-up fragments: what the configuration amounts to
    python -m ops.explain fragments/a.part1-of-2.mp4 … these keys, in the convention's order
    python -m ops.explain --manifest a.manifest.json   a manifest on this machine
    python -m ops.explain --group a                    the group as it lies in the bucket (reads it, writes nothing)

Configuration is read from the shell and `.env`. The XML goes to standard output; notes (what the service will ignore,
what only the moment of sending decides) go to standard error. Exit code 0 for a request, 1 when there is none and
why, 2 when the configuration cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from cosconcat import signing
from cosconcat.bootstrap import bootstrap
from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.errors import ConfigurationError, InvalidInput
from cosconcat.groups.manifest import Manifest, read_manifest
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import Invalid, Waiting, Whole
from cosconcat.job.compose import compose
from cosconcat.model import Fragment, FragmentSet, ObjectInfo, Token, gid_of
from cosconcat.naming.keys import FragmentName
from cosconcat.output.key import output_key
from ops import environment
from ops.doctor import KEYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cosconcat.job.request import Request

_NOBODYS_NONCE = "0" * 32  # a nonce that no claim ever draws


def request_for(config: Config, fragments: FragmentSet) -> Request:
    """The request for this group, with a nonce that is nobody's.

    Raises:
        InvalidInput: with every mistake at once.
    """
    token = Token(gid_of(fragments.group), 1, 1, _NOBODYS_NONCE)
    callback = signing.callback_url(config, token) if config.callback_url else ""
    return compose(config, fragments, output_key(config, fragments), str(token), callback)


def notes(config: Config, fragments: FragmentSet, request: Request, *, seen: bool) -> list[str]:
    """What a reader should know beside the request; `seen` when the objects themselves were looked at."""
    found = [f"the service ignores {sentence}" for sentence in request.ignored()]
    found.append("UserData and CallBack carry a nonce that is drawn when the job is claimed; here it is all zeros")
    if not seen and "{fingerprint}" in (fragments.output or config.output_key):
        found.append("the fingerprint in Output.Object depends on the objects' ETags, which were not looked at")
    if not seen and "{date}" in (fragments.output or config.output_key):
        found.append("the date in Output.Object depends on the newest fragment, which was not looked at")
    if request.direct and config.on_mixed != "trust":
        otherwise = "DirectConcat is left out" if config.on_mixed == "transcode" else "the group is refused"
        found.append(f"the fragments are probed first; where their codecs differ, {otherwise}")
    return found


def printed(request: Request) -> str:
    """The request's XML, indented for people; sent without the indentation."""
    root = ET.fromstring(request.to_xml())  # noqa: S314  our own document
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def set_of_keys(config: Config, keys: Sequence[str]) -> FragmentSet:
    """The group that these keys make, in the convention's order, whole or not.

    Raises:
        InvalidInput: naming each key that is no fragment, or keys of several groups.
    """
    names = {key: config.convention.read(key) for key in keys}
    wrong = [
        f"{key}: {getattr(name, 'reason', 'a marker or a manifest')}"
        for key, name in names.items()
        if not isinstance(name, FragmentName)
    ]
    found = sorted((name for name in names.values() if isinstance(name, FragmentName)), key=lambda name: name.number)
    groups = sorted({name.group for name in found})
    if len(groups) > 1:
        wrong.append(f"keys of several groups: {', '.join(groups)}")
    if wrong:
        raise InvalidInput(wrong)
    return FragmentSet(groups[0], tuple(Fragment(name.number, _unseen(name.key)) for name in found))


def set_of_manifest(manifest: Manifest, group: str) -> FragmentSet:
    """The group that a manifest lists."""
    return FragmentSet(
        group,
        tuple(Fragment(at, _unseen(e.key), e.start, e.end) for at, e in enumerate(manifest.fragments)),
        intro=_unseen(manifest.intro) if manifest.intro else None,
        outro=_unseen(manifest.outro) if manifest.outro else None,
        output=manifest.output,
        job=manifest.job,
    )


def set_in_bucket(environ: Mapping[str, str], group: str) -> FragmentSet:
    """The group as the bucket has it now.

    Raises:
        InvalidInput: when it is not whole, with the reason.
    """
    keys = {name: environ[given] for given, name in KEYS.items() if environ.get(given) and not environ.get(name)}
    verdict = survey(bootstrap({}, {**environ, **keys}), group)
    if isinstance(verdict, Whole):
        return verdict.set
    reason = verdict.reason if isinstance(verdict, Waiting | Invalid) else "no fragment of it is there"
    raise InvalidInput([f"group {group}: {reason}"])


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Print the request; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m ops.explain", description="The request that would be sent.")
    parser.add_argument("keys", nargs="*", help="full keys of one group's fragments")
    parser.add_argument("--manifest", type=Path, help="a manifest file on this machine")
    parser.add_argument("--group", help="a group that lies in the bucket")
    given = parser.parse_args(arguments)
    try:
        config = read_config(environ)
        fragments = _wanted(given, config, environ)
        request = request_for(config, fragments)
    except ConfigurationError as wrong:
        print("\n".join(wrong.problems), file=sys.stderr)
        return 2
    except InvalidInput as wrong:
        print("\n".join(wrong.problems), file=sys.stderr)
        return 1
    print(printed(request))
    for note in notes(config, fragments, request, seen=bool(given.group)):
        print(f"note: {note}", file=sys.stderr)
    return 0


def _wanted(given: argparse.Namespace, config: Config, environ: Mapping[str, str]) -> FragmentSet:
    if given.group:
        return set_in_bucket(environ, given.group)
    if given.manifest:
        name = given.manifest.name
        group = name.removesuffix(".manifest.json") if name != "manifest.json" else given.manifest.resolve().parent.name
        return set_of_manifest(read_manifest(given.manifest.read_bytes(), config), group)
    if given.keys:
        return set_of_keys(config, given.keys)
    keys = [f"{config.input_prefix}example.part{i}-of-2.mp4" for i in (1, 2)]
    return FragmentSet("example", tuple(Fragment(i, _unseen(key)) for i, key in enumerate(keys)))


def _unseen(key: str) -> ObjectInfo:
    """An object that was not looked at."""
    return ObjectInfo(key, "", 0, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], environment()))
