"""`cos-concat explain`: the exact request that would be sent for a group, without sending it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import click

from cosconcat import signing
from cosconcat.bootstrap import bootstrap
from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.errors import InvalidInput
from cosconcat.groups.manifest import Manifest, read_manifest
from cosconcat.groups.rules import differing_types, in_order, in_words, judge_numbers
from cosconcat.groups.survey import survey
from cosconcat.groups.verdicts import FoundFragment, Invalid, Waiting, Whole
from cosconcat.job.compose import compose
from cosconcat.model import Fragment, FragmentSet, ObjectInfo, Token, gid_of
from cosconcat.naming.keys import FragmentName
from cosconcat.output.key import is_copied, output_key
from ops.desk.environment import environment
from ops.desk.files import read_bytes
from ops.desk.keys import with_keys
from ops.desk.mistakes import Mistake
from ops.desk.options import json_option
from ops.desk.show import show_json
from ops.recordings import parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cosconcat.job.request import Request
    from cosconcat.services import Services

_NOBODYS_NONCE = "0" * 32  # a nonce that no claim ever draws
EXAMPLES = """\b
Examples:
  cos-concat explain                              two made-up fragments: what the configuration amounts to
  cos-concat explain fragments/a.part1-of-2.mp4 fragments/a.part2-of-2.mp4
  cos-concat explain --manifest a.manifest.json
  cos-concat explain --group a                    as it lies in the bucket
"""


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
    if is_copied(config, fragments):
        key = output_key(config, fragments)
        found.insert(0, f"none of this is sent: CONCAT_SINGLE=copy, so the one fragment is copied to {key}")
    elif config.single == "leave" and fragments.is_single:
        found.insert(0, "none of this is sent: CONCAT_SINGLE=leave, so the one fragment stays as it is")
    found.append("UserData and CallBack carry a nonce that is drawn when the job is claimed; here it is all zeros")
    if not seen and "{fingerprint}" in (fragments.output or config.output_key):
        found.append("the fingerprint in Output.Object depends on the objects' ETags, which were not looked at")
    if not seen and "{date}" in (fragments.output or config.output_key):
        found.append("the date in Output.Object depends on the newest fragment, which was not looked at")
    if request.direct and config.on_mixed != "trust":
        otherwise = "DirectConcat is left out" if config.on_mixed == "transcode" else "the group is refused"
        found.append(f"the fragments are probed first; where their codecs differ, {otherwise}")
    return found


def not_yet(config: Config, keys: Sequence[str]) -> list[str]:
    """Why a group of these keys alone would not be sent, as far as their numbers tell."""
    names = [name for key in keys if isinstance(name := config.convention.read(key), FragmentName)]
    if config.completion == "gap":
        return [f"none of this is sent: {reason}" for reason in _not_joined(config, keys)]
    if config.convention.timed or not names:
        return []
    found = in_order([FoundFragment(name, ObjectInfo(name.key, "", 1, 0)) for name in names])
    verdict = judge_numbers(config, names[0].group, found, None, int(time.time()))
    if isinstance(verdict, Invalid):
        return [f"none of this is sent: {verdict.reason}"]
    if isinstance(verdict, Waiting) and verdict.missing:
        total = names[0].total
        of = f" of {total}" if total is not None else ""
        are = "is" if len(verdict.missing) == 1 else "are"
        return [f"none of this is sent yet: {len(verdict.missing)}{of} {are} missing: {in_words(verdict.missing)}"]
    return []


def _not_joined(config: Config, keys: Sequence[str]) -> list[str]:
    """Why a recording of these pieces would not be joined; nothing where it would be."""
    from cosconcat.groups import gap
    from cosconcat.groups.source import rule_of

    wrong = [gap.inconsistent(part.pieces, rule_of(config)) for part in parts_of(config, keys)]
    return [reason for reason in (*wrong, differing_types(config, keys)) if reason]


def printed(request: Request) -> str:
    """The request's XML, indented for people; sent without the indentation."""
    root = ET.fromstring(request.to_xml())  # noqa: S314  our own document
    ET.indent(root)
    return ET.tostring(root, encoding="unicode")


def set_of_keys(config: Config, keys: Sequence[str]) -> FragmentSet:
    """The group that these keys make, in the convention's order, whole or not.

    Raises:
        InvalidInput: naming each key that is no fragment, or keys of several groups or recordings.
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
    if config.completion == "gap":
        return _recording_of_keys(config, groups[0], keys)
    return FragmentSet(groups[0], tuple(Fragment(name.number, _unseen(name.key)) for name in found))


def _recording_of_keys(config: Config, source: str, keys: Sequence[str]) -> FragmentSet:
    """The one recording that pieces of a source are, where recordings are cut at gaps."""
    from cosconcat.groups import gap
    from cosconcat.groups.source import in_places, recording_id, rule_of

    parts = parts_of(config, keys)
    if len(parts) > 1:
        pieces, rule = [piece for part in parts for piece in part.pieces], rule_of(config)
        told = (f"{recording_id(source, one.pieces[0])} ({gap.why_it_ends(one, pieces, rule)})" for one in parts[:-1])
        raise InvalidInput(
            [f"keys of {len(parts)} recordings: {', '.join(told)}, {recording_id(source, parts[-1].pieces[0])}"]
        )
    first = parts[0].pieces[0]
    return FragmentSet(recording_id(source, first), in_places(*(_unseen(p.object.key) for p in parts[0].pieces)))


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


def set_in_bucket(environ: Mapping[str, str], group: str) -> tuple[FragmentSet, list[str]]:
    """The group as the bucket has it now, and what to know of it: of a recording, where it is cut and why.

    Raises:
        InvalidInput: when it is not whole, with the reason.
    """
    services = bootstrap({}, with_keys(environ))
    if services.config.completion == "gap":
        return _recording(services, group)
    verdict = survey(services, group)
    if isinstance(verdict, Whole):
        return verdict.set, [verdict.note] if verdict.note else []
    reason = verdict.reason if isinstance(verdict, Waiting | Invalid) else "no fragment of it is there"
    raise InvalidInput([f"group {group}: {reason}"])


def _recording(services: Services, asked: str) -> tuple[FragmentSet, list[str]]:
    """The recording of this id, or of a piece's key: as it was claimed, or as it would be."""
    from cosconcat.functions.find_recording import find
    from cosconcat.groups.source import in_places

    found = find(services, asked)
    if found is None:
        reason = "no recording of this id and no piece of this key is there; an id is a source and a start in UTC"
        raise InvalidInput([f"{asked}: {reason}"])
    if found.part is None:
        content = services.ledger.newest_content(gid_of(found.group))
        if content is None:
            raise InvalidInput([f"recording {found.group}: reserved, not claimed yet"])
        return content.claim.record.set, [content.claim.record.note] if content.claim.record.note else []
    if found.part.action != "close":
        raise InvalidInput([f"recording {found.group}: {found.part.reason}"])
    fragments = FragmentSet(found.group, in_places(*(piece.object for piece in found.part.part.pieces)))
    return fragments, [words for words in (found.ends, found.note) if words]


@click.command(epilog=EXAMPLES)
@click.argument("keys", nargs=-1)
@click.option("--manifest", type=click.Path(path_type=Path), help="A manifest file on this machine.")
@click.option("--group", help="A group that lies in the bucket: it is read, nothing is written.")
@json_option
def command(keys: tuple[str, ...], manifest: Path | None, group: str | None, as_json: bool) -> None:
    """Print the request that a group would send.

    KEYS are full keys of one group's fragments; without any, two are made up. The XML goes to standard output; notes
    (what the service will ignore, what only the moment of sending decides) go to standard error. Exit code 1 when the
    group in the bucket is not whole.
    """
    if bool(keys) + bool(manifest) + bool(group) > 1:
        raise click.UsageError("KEYS, --manifest and --group each name a group: say one of them")
    if group == "":
        raise click.UsageError("--group is empty: name a group that lies in the bucket")
    if any(not key.strip() for key in keys):
        raise click.UsageError("one of KEYS is empty: name each fragment by its full key")
    environ = environment()
    config = read_config(environ)
    about: list[str] = []
    if group:
        fragments, about = set_in_bucket(environ, group)
    elif manifest:
        with _told_as_mistakes(of=f"{manifest}: "):
            fragments = set_of_manifest(read_manifest(read_bytes(manifest), config), _group_of(manifest))
    elif keys:
        with _told_as_mistakes():
            fragments = set_of_keys(config, keys)
        about = not_yet(config, keys)
    else:
        fragments = _made_up([f"{config.input_prefix}example.part{i}-of-2.mp4" for i in (1, 2)])
    request = request_for(config, fragments)
    noted = about + notes(config, fragments, request, seen=bool(group))
    if as_json:
        show_json({"group": fragments.group, "request": printed(request), "notes": noted})
        return
    click.echo(printed(request))
    for note in noted:
        click.echo(f"note: {note}", err=True)


@contextmanager
def _told_as_mistakes(of: str = "") -> Iterator[None]:
    """What is wrong with keys or a file that a person names was asked wrongly; each sentence says of what."""
    try:
        yield
    except InvalidInput as wrong:
        raise Mistake("\n".join(f"{of}{problem}" for problem in wrong.problems)) from None


def _group_of(manifest: Path) -> str:
    name = manifest.name
    return name.removesuffix(".manifest.json") if name != "manifest.json" else manifest.resolve().parent.name


def _made_up(keys: Sequence[str]) -> FragmentSet:
    return FragmentSet("example", tuple(Fragment(i, _unseen(key)) for i, key in enumerate(keys)))


def _unseen(key: str) -> ObjectInfo:
    """An object that was not looked at."""
    return ObjectInfo(key, "", 0, 0)
