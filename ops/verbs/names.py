"""`cos-concat names`: the workbench for names. What a convention makes of keys, and which one fits a listing.

keys (arguments, a file, standard input, a bucket's LIST) ─► each read ─► groups judged ─► unmatched, and why nearly
                                                        └─► with --suggest: settings that explain it, best first

Nothing is asked of the service but, with --from-bucket, LIST: the verdict on each group takes the given keys for all
there are.
"""

from __future__ import annotations

import re
import sys
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import click

from cosconcat.config import Config
from cosconcat.environment.reading import read_config
from cosconcat.errors import InvalidInput
from cosconcat.groups.rules import in_order, in_words, judge_numbers, judge_times
from cosconcat.groups.verdicts import FoundFragment, Invalid, Marker, Waiting, Whole
from cosconcat.log import printable
from cosconcat.model import ObjectInfo
from cosconcat.naming.keys import FragmentName, InvalidName, ManifestName, MarkerName, Name, NotOurs
from cosconcat.output.key import resolved_output_key
from ops.desk.environment import environment
from ops.desk.files import read_text
from ops.desk.keys import with_keys
from ops.desk.mistakes import NO, Mistake
from ops.desk.options import json_option
from ops.desk.show import counted, show_json

_SLOW = 0.05  # seconds for one key; an expression that takes that long costs more than the rest of the function
_LISTED = 200  # so many keys are described one by one, more only in sum
_RECORDINGS = 4  # of a source that are described
_MOST = 100_000  # keys of a bucket
_SHOWN = 50  # groups of a large listing
_ARCHIVE = re.compile(r"(?i)\.(?:(?:7z|zip|rar|tar|gz|xz)(?:\.[0-9]{2,4})?|[rz][0-9]{2})$")
_UNFINISHED = re.compile(r"(?i)\.(?:part(?:-frag[0-9]+)?|ytdl|crdownload|!ut)$")
_EXPLAINED = 3  # unmatched keys of one reason that are looked at for what they are nearly
_OPTIONS = {
    "naming": "CONCAT_NAMING",
    "completion": "CONCAT_COMPLETION",
    "prefix": "CONCAT_INPUT_PREFIX",
    "first": "CONCAT_FIRST",
    "marker": "CONCAT_MARKER",
}
_EXAMPLE = {"CONCAT_BUCKET": "example-1250000000", "CONCAT_REGION": "ap-guangzhou"}
EXAMPLES = """\b
Examples:
  cos-concat names fragments/a/v.part1-of-2.mp4 fragments/readme.txt
  cos-concat names --naming '{group}_{index:3}.{ext}' --completion quiet:300 < keys.txt
  cos-concat names --suggest --file keys.txt
  cos-concat names --suggest --from-bucket
"""


class Unmatched(NamedTuple):
    """Keys that are no fragments for one reason: how many, one of them, and what that is nearly."""

    reason: str
    keys: int
    example: str
    nearly: str


class Examination(NamedTuple):
    """What a convention makes of keys: each key's name, each group's verdict in words, and what is unmatched."""

    names: list[Name]
    groups: dict[str, str]
    unmatched: list[Unmatched]
    slowest: float

    @property
    def wrong(self) -> bool:
        """Whether something is invalid."""
        return any(isinstance(name, InvalidName) for name in self.names) or any(
            words.startswith("invalid") for words in self.groups.values()
        )

    @property
    def fits(self) -> bool:
        """Whether any key is something to the convention."""
        return not all(isinstance(name, NotOurs | InvalidName) for name in self.names)


def examine(config: Config, keys: Iterable[str]) -> Examination:
    """What the configured convention makes of keys."""
    names: list[Name] = []
    slowest = 0.0
    for key in keys:
        begun = time.perf_counter()
        itself = key == config.input_prefix
        names.append(NotOurs(key, "the input prefix itself") if itself else config.convention.read(key))
        slowest = max(slowest, time.perf_counter() - begun)
    return Examination(names, judge(config, names), unmatched(config, names), slowest)


def unmatched(config: Config, names: Iterable[Name]) -> list[Unmatched]:
    """The keys that are no fragments, by reason, the commonest first."""
    from ops.naming.nearly import why_nearly

    reasons: dict[tuple[str, str], list[str]] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for name in names:
        if isinstance(name, NotOurs | InvalidName):
            kind = (name.reason, name.key.rpartition(".")[2].lower())
            counts[kind] += 1
            if counts[kind] <= _EXPLAINED:
                reasons.setdefault(kind, []).append(name.key)
    found = []
    for (reason, ending), count in counts.most_common():
        keys = reasons[reason, ending]
        near = {key: why_nearly(config.convention, key) for key in keys if key.startswith(config.input_prefix)}
        best = next((key for key, words in near.items() if words), keys[0])
        found.append(Unmatched(reason, count, best, near.get(best, "")))
    return found


def describe(name: Name) -> str:
    """One key in words."""
    if isinstance(name, FragmentName):
        of = f" of {name.total}" if name.total is not None else ""
        return f"fragment {name.digits or 'without a number'}{of} of group {name.group} ({name.ext})"
    if isinstance(name, MarkerName):
        every = ", all its windows" if name.every else ""
        return f"marker of group {name.group}{every}" + (f", counts {name.count}" if name.count is not None else "")
    if isinstance(name, ManifestName):
        return f"manifest of group {name.group}"
    return f"{'invalid' if isinstance(name, InvalidName) else 'ignored'}: {name.reason}"


def judge(config: Config, names: Iterable[Name]) -> dict[str, str]:
    """A verdict in words for each group, as if its objects were there, not empty, and had been quiet for long. What is
    in a manifest is not known here.
    """
    pieces: dict[str, list[FoundFragment]] = {}
    markers: dict[str, Marker] = {}
    closing: list[MarkerName] = []
    by_manifest: dict[str, str] = {}
    for name in names:
        if isinstance(name, FragmentName):
            pieces.setdefault(name.group, []).append(FoundFragment(name, ObjectInfo(name.key, "", 1, 0)))
        elif isinstance(name, MarkerName):
            markers[name.group] = Marker(ObjectInfo(name.key, "", 1, 0), name.count)
            closing += [name] * name.every
        elif isinstance(name, ManifestName):
            by_manifest[name.group] = "a manifest decides: cos-concat explain --manifest <file>"
    for marker in closing:
        closed = (group for group in pieces if config.convention.closes(marker, group))
        markers |= dict.fromkeys(closed, Marker(ObjectInfo(marker.key, "", 1, 0), None))
    if config.completion == "gap":
        return {group: _runs(config, pieces[group]) for group in sorted(pieces)}
    judged = {
        group: _verdict(config, group, pieces[group], markers.get(group)) for group in pieces.keys() - by_manifest
    }
    return dict(sorted((judged | by_manifest).items()))


def _runs(config: Config, found: Iterable[FoundFragment]) -> str:
    """A source's recordings, where each ends and why, and what cannot be joined."""
    from cosconcat.groups import gap
    from cosconcat.groups.source import recording_id, rule_of, timed_fragment

    read = [piece for one in found if (piece := timed_fragment(config, one.object)) is not None]
    rule = rule_of(config)
    parts = [part for run in gap.runs(read, rule) for part in gap.parts(run, rule)]
    shown = []
    for part in parts[:_RECORDINGS]:
        ends = gap.why_it_ends(part, read, rule)
        shown.append(
            f"{recording_id('', part.pieces[0])} ({counted(len(part.pieces), 'piece')}{f', {ends}' if ends else ''})"
        )
    words = f"recordings: {len(parts)}, from {', '.join(shown)}{', …' * (len(parts) > _RECORDINGS)}"
    wrong = next((reason for part in parts if (reason := gap.inconsistent(part.pieces, rule))), "")
    return f"invalid: {wrong}; {words}" if wrong else words


def _verdict(config: Config, group: str, found: list[FoundFragment], marker: Marker | None) -> str:
    ordered, now = in_order(found), int(time.time())
    if config.convention.timed:
        verdict = judge_times(config, group, ordered, marker, now, config.convention.bounds(group)[1])
    else:
        verdict = judge_numbers(config, group, ordered, marker, now)
    if isinstance(verdict, Invalid):
        return f"invalid: {verdict.reason}"
    if isinstance(verdict, Waiting):
        also = f"; missing so far: {in_words(verdict.missing)}" if verdict.missing else ""
        return f"waiting: {verdict.reason}" + ("" if verdict.awaits == "fragments" else also)
    if isinstance(verdict, Whole):
        order = ", ".join(fragment.object.key.rpartition("/")[2] for fragment in verdict.set.fragments[:4])
        more = ", …" if len(verdict.set.fragments) > 4 else ""
        key = resolved_output_key(config, verdict.set) or "a key that holds the job's id"
        return f"whole: {order}{more} -> {key}" + (f" ({verdict.note})" if verdict.note else "")
    return "gone"


def listing_cost(config: Config, names: Iterable[Name]) -> str:
    """How many of these keys one look at a group lists, where that is much more than the group."""
    keys = sorted(_in_utf8(name.key) for name in names)
    sizes = Counter(name.group for name in names if isinstance(name, FragmentName))
    worst, of = 0, 1
    for group, size in sizes.most_common(_SHOWN):
        if config.completion == "gap":
            return ""
        listed = 0
        for span in config.convention.spans(group):
            low, high = _in_utf8(span.after or span.prefix), _in_utf8(span.last or span.prefix) + b"\xff\xff\xff\xff"
            listed += max(0, bisect_left(keys, high) - bisect_left(keys, low))
        if listed * of > worst * size:
            worst, of = listed, size
    if worst <= 5 * of + 50:
        return ""
    return f"a look at a group of {of} lists {worst} of these keys: text before the group keeps listings narrow"


def _in_utf8(key: str) -> bytes:
    """The key as COS orders it; what was no UTF-8 on the way in comes out as it came."""
    return key.encode(errors="surrogateescape")


def never_joined(names: Iterable[Name]) -> str:
    """What can never be joined, and what to do about it; an empty text when nothing looks like it."""
    for name in names:
        if isinstance(name, NotOurs) and "cut into bytes" in name.reason:
            return f"{name.key}: pieces of a file that was cut into bytes are joined by `cat`, before the upload"
        if isinstance(name, NotOurs) and _ARCHIVE.search(name.key):
            return f"{name.key}: an archive, or a volume of one, is no media file: unpack it before the upload"
        if isinstance(name, NotOurs) and _UNFINISHED.search(name.key):
            return f"{name.key}: a download that has not ended: upload the file that it becomes"
        if isinstance(name, FragmentName) and name.ext == "webm" and name.digits.isdigit() and len(name.digits) < 10:
            return (
                f"{name.key}: if it comes from a browser's MediaRecorder with a time slice, only the first chunk is a "
                "file of its own, and no job can join them: stop and start the recorder for each piece, or append the "
                "chunks before the upload"
            )
    return ""


def read_keys(lines: Iterable[str]) -> Iterator[str]:
    """The keys in a text, one a line; byte order marks, carriage returns and empty lines do not count."""
    for line in lines:
        key = line.rstrip("\r\n").lstrip("\ufeff")
        if key:
            yield key


def _file_lines(file: Path) -> Iterable[str]:
    """The lines of a file in UTF-8 or, with its mark, UTF-16."""
    return read_text(file).split("\n")


def _bucket_keys(config: Config, most: int) -> Iterator[str]:
    """The keys under the input prefix, by LIST alone."""
    from cosconcat.cloud.cos import CosOverHttp
    from cosconcat.environment.reading import read_credentials

    cos = CosOverHttp(config, read_credentials(with_keys(environment())))
    after: str | None = ""
    while after is not None and most > 0:
        page = cos.list(config.bucket, config.input_prefix, after)
        yield from (found.key for found in page.objects[:most])
        most -= len(page.objects)
        after = page.next_marker


@click.command(epilog=EXAMPLES)
@click.argument("keys", nargs=-1)
@click.option("--file", type=click.Path(path_type=Path), help="Read keys from a file, one a line.")
@click.option("--from-bucket", is_flag=True, help="LIST the keys under the input prefix; nothing else is asked.")
@click.option("--most", type=click.IntRange(1), help="Most keys --from-bucket (100,000).")
@click.option("--suggest", "wanted", is_flag=True, help="Find the setting that explains the keys best.")
@click.option("--naming", help="Instead of CONCAT_NAMING.")
@click.option("--completion", help="Instead of CONCAT_COMPLETION.")
@click.option("--prefix", help="Instead of CONCAT_INPUT_PREFIX.")
@click.option("--first", help="Instead of CONCAT_FIRST.")
@click.option("--marker", help="Instead of CONCAT_MARKER.")
@json_option
def command(
    keys: tuple[str, ...],
    file: Path | None,
    from_bucket: bool,
    most: int | None,
    wanted: bool,
    as_json: bool,
    **options: str | None,
) -> int:
    """Say what each key is, or find the setting for the names.

    Which group it belongs to and what is missing there, or why it matches nothing, and what it is nearly. KEYS are full
    keys; without any they are read from standard input, one a line. Exit code 1 when something is invalid, when nothing
    at all matches, or when no setting is found; 2 when there are no keys.
    """
    _refuse_what_would_be_ignored(keys, file, options, from_bucket=from_bucket, most=most, wanted=wanted)
    chosen = {variable: value for option, variable in _OPTIONS.items() if (value := options[option])}
    config = read_config({**_EXAMPLE, **environment(), **chosen})
    lines = _file_lines(file) if file else keys or sys.stdin or ()
    given = list(_bucket_keys(config, most or _MOST) if from_bucket else read_keys(lines))
    if not given and from_bucket:
        raise InvalidInput([f"no keys: nothing lies under {config.bucket.name}/{config.input_prefix}"])
    if not given:
        raise Mistake(f"no keys: {file or 'standard input'} holds none")
    if wanted:
        return _suggest(given, config.input_prefix, as_json=as_json)
    found = examine(config, given)
    if as_json:
        show_json(_as_json(config, found))
    else:
        for line in _report(config, found):
            click.echo("\t".join(map(printable, line.rsplit("\t", 1))))
    return NO if found.wrong or not found.fits else 0


def _refuse_what_would_be_ignored(
    keys: Sequence[str], file: Path | None, options: Mapping[str, str | None], *, from_bucket: bool, most: int | None,
    wanted: bool,
) -> None:  # fmt: skip
    if bool(keys) + bool(file) + from_bucket > 1:
        raise click.UsageError("KEYS, --file and --from-bucket are three places of keys: say one of them")
    if most and not from_bucket:
        raise click.UsageError("--most goes with --from-bucket")
    found = [f"--{option}" for option, value in options.items() if value and option != "prefix"]
    if wanted and found:
        raise click.UsageError(f"--suggest finds the setting: leave out {' and '.join(found)}")


def _suggest(keys: Sequence[str], prefix: str, *, as_json: bool) -> int:
    from ops.naming.suggest import suggest

    under = sum(key.startswith(prefix) for key in keys)
    found = suggest(keys, prefix) if under else []
    if not under:
        folder = keys[0].partition("/")[0] + "/"
        shared = all(key.startswith(folder) for key in keys)
        found = suggest(keys, folder) if shared else []
        found = [one._replace(lines=(*one.lines, f"CONCAT_INPUT_PREFIX={folder}")) for one in found]
        what = f"set CONCAT_INPUT_PREFIX={folder} as well" if found else f"upload them under {prefix}"
        click.echo(f"# these keys lie outside CONCAT_INPUT_PREFIX={prefix}: {what}", err=as_json)
        found = found or suggest(keys, "")
    elif under < len(keys):
        out = f"{len(keys) - under} of {len(keys)}"
        click.echo(f"# left out: {out} keys, which lie outside CONCAT_INPUT_PREFIX={prefix}", err=as_json)
    if as_json:
        show_json([one._asdict() for one in found])
        return 0 if found else NO
    for number, one in enumerate(found, 1):
        click.echo(f"# {number}. {one.words}")
        for line in one.lines:
            click.echo(line if number == 1 else f"# {line}")
    if not found:
        bare = all(re.fullmatch(r"[0-9]+\.[0-9A-Za-z]+", key.removeprefix(prefix)) for key in keys)
        why = "names that are numbers alone need a folder" if bare else "each seems to be a recording by itself"
        click.echo(f"no setting joins any of these names: {why}")
    return 0 if found else NO


def _report(config: Config, found: Examination) -> Iterator[str]:
    """The examination for people."""
    few = len(found.names) <= _LISTED
    if few:
        from ops.naming.nearly import why_nearly

        for name in found.names:
            ours = isinstance(name, NotOurs) and name.key.startswith(config.input_prefix)
            nearly = why_nearly(config.convention, name.key) if ours else ""
            yield f"{name.key}\t{describe(name)}" + (f" ({nearly})" if nearly else "")
    if found.slowest > _SLOW:
        yield f"slow: {found.slowest:.2f} s for one key"
    shown = found.groups.items() if few else list(found.groups.items())[:_SHOWN]
    for group, words in shown:
        yield f"group {group}\t{words}"
    if not few:
        yield from _in_sum(found)
    for words in (listing_cost(config, found.names), never_joined(found.names)):
        if words:
            yield f"note: {words}"


def _in_sum(found: Examination) -> Iterator[str]:
    states = Counter(words.partition(":")[0] for words in found.groups.values())
    fragments = sum(isinstance(name, FragmentName) for name in found.names)
    if len(found.groups) > _SHOWN:
        yield f"… and {counted(len(found.groups) - _SHOWN, 'group')} more"
    by_state = ", ".join(f"{count} {state}" for state, count in states.most_common())
    told = (
        f"{counted(len(found.names), 'key')}: {counted(fragments, 'fragment')} in {counted(len(found.groups), 'group')}"
    )
    yield told + (f" ({by_state})" if by_state else "")
    for one in found.unmatched:
        nearly = f"; {one.nearly}" if one.nearly else ""
        yield f"unmatched: {one.keys} x {one.reason}, such as {one.example}{nearly}"


def _as_json(config: Config, found: Examination) -> dict[str, object]:
    notes = [words for words in (listing_cost(config, found.names), never_joined(found.names)) if words]
    return {
        "keys": {name.key: describe(name) for name in found.names},
        "groups": found.groups,
        "unmatched": [one._asdict() for one in found.unmatched],
        "notes": notes,
    }
