"""A manifest: the JSON object in which a person lists what belongs to a group, and in which order.

    {"fragments": [{"key": "fragments/a/1.mp4", "start": 2.5, "end": "60"}], "intro": "brand/in.mp4", "outro": …,
     "output": "talks/a.mp4", "job": {"JobLevel": "1"}}

`docs/manifest.schema.json` says the same for editors. Every mistake is reported at once, by its JSON path.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cosconcat.config import Config
from cosconcat.errors import SHOWN_PROBLEMS, InvalidInput
from cosconcat.events.bodies import bounded_json
from cosconcat.model import FragmentSet
from cosconcat.naming.keys import unfit_name
from cosconcat.output.key import literal_beginning, output_key_problems

LARGEST = 256 * 1024  # bytes; some 2,000 fragments
_NODES = ("fragments", "intro", "outro", "output", "job")
_FRAGMENT_NODES = ("key", "start", "end")
_SECONDS = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")  # the API takes seconds to the millisecond


@dataclass(frozen=True)
class ListedFragment:
    """One listed object; `start` and `end` trim it (seconds as decimal text, empty: not trimmed)."""

    key: str
    start: str = ""
    end: str = ""


@dataclass(frozen=True)
class Manifest:
    """What a manifest says; `intro`, `outro` and `output` are empty when it does not name them."""

    fragments: tuple[ListedFragment, ...]
    intro: str = ""
    outro: str = ""
    output: str = ""
    job: Mapping[str, object] = field(default_factory=dict)


def read_manifest(body: bytes, config: Config) -> Manifest:
    """The manifest in `body`.

    Raises:
        InvalidInput: with every mistake at once, each beginning with its JSON path.
    """
    if len(body) > LARGEST:
        raise InvalidInput([f"$: has {len(body)} bytes; at most {LARGEST} are allowed"])
    try:
        text = body.decode("utf-8-sig")
        bounded_json(text, "$", most=LARGEST)
        value = json.loads(text, object_pairs_hook=_without_doubles, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()  # JSON can smuggle in half characters, which no key can have
    except ValueError as error:
        raise InvalidInput([f"$: is not JSON in UTF-8: {error}"]) from None
    if not isinstance(value, dict):
        raise InvalidInput([f"$: must be an object with {', '.join(_NODES)}"])
    reader = _Reader(config, [])
    manifest = reader.manifest(value)
    if reader.problems:
        raise InvalidInput(reader.problems)
    return manifest


@dataclass(frozen=True)
class _Reader:
    config: Config
    problems: list[str]

    def manifest(self, value: Mapping[str, Any]) -> Manifest:
        self._known("$", value, _NODES)
        entries = self._fragments(value.get("fragments"))
        self._allowed(value)
        intro, outro = (self._extra(f"$.{node}", value[node]) if node in value else "" for node in ("intro", "outro"))
        places: dict[str, str] = {}
        for at, entry in enumerate(entries):
            if entry.key and entry.key in places:
                self.problems.append(f"$.fragments[{at}].key: {entry.key} stands at {places[entry.key]} already")
            places.setdefault(entry.key, f"$.fragments[{at}].key")
        for node, key in (("intro", intro), ("outro", outro)):
            if key and key in places:
                self.problems.append(f"$.{node}: {key} is also a fragment, and fragments are removed")
        self._sizes(entries, bool(intro) + bool(outro))
        return Manifest(entries, intro, outro, self._output(value.get("output")), self._job(value.get("job")))

    def _fragments(self, value: Any) -> tuple[ListedFragment, ...]:
        if not isinstance(value, list) or not value:
            self.problems.append("$.fragments: must be a list of at least one fragment")
            return ()
        return tuple(self._entry(f"$.fragments[{at}]", entry) for at, entry in enumerate(value))

    def _entry(self, path: str, value: Any) -> ListedFragment:
        if not isinstance(value, dict):
            self.problems.append(f"{path}: must be an object with {', '.join(_FRAGMENT_NODES)}")
            return ListedFragment("")
        self._known(path, value, _FRAGMENT_NODES)
        key = self._media(f"{path}.key", value.get("key"))
        if key and not key.startswith(self.config.input_prefix):
            self.problems.append(f"{path}.key: {key} is outside the input prefix {self.config.input_prefix}")
        start, end = (self._seconds(f"{path}.{node}", value.get(node)) for node in ("start", "end"))
        if end and float(start or 0) >= float(end):
            self.problems.append(f"{path}: start {start or 0} is not before end {end}")
        if (start or end) and self.config.direct:
            self.problems.append(f"{path}: start and end have no effect with CONCAT_DIRECT=true")
        return ListedFragment(key, start, end)

    def _media(self, path: str, value: Any) -> str:
        """A key of a media object in the input bucket."""
        if not isinstance(value, str) or not value:
            self.problems.append(f"{path}: must be the full key of an object in the input bucket")
            return ""
        unfit = "must not begin with /" if value.startswith("/") else unfit_name(value)
        if unfit:
            self.problems.append(f"{path}: {value!r}: {unfit}")
        if value.rpartition(".")[2].lower() not in self.config.convention.media:
            self.problems.append(f"{path}: {value!r} has no media extension")
        return value

    def _extra(self, path: str, value: Any) -> str:
        """The key of an intro or outro."""
        key = self._media(path, value)
        if key and not self.config.may_read(key):
            self.problems.append(f"{path}: {key} lies outside {self._readable}")
        return key

    @property
    def _readable(self) -> str:
        """Where what a manifest names may lie, in words."""
        assets = self.config.assets_prefix
        return f"the input prefix {self.config.input_prefix} and CONCAT_ASSETS_PREFIX, which is {assets or 'not set'}"

    def _allowed(self, value: Mapping[str, Any]) -> None:
        """Note each use that CONCAT_MANIFEST_MAY does not allow."""
        may = self.config.manifest_may
        for node in ("intro", "outro", "output", "job"):
            if value.get(node) is not None and node not in may:
                words = ", ".join(sorted(may)) or "nothing"
                self.problems.append(f"$.{node}: CONCAT_MANIFEST_MAY does not allow it; it allows {words}")

    def _seconds(self, path: str, value: Any) -> str:
        if value is None:
            return ""
        text = f"{value:.3f}" if isinstance(value, float) else value
        text = str(text) if isinstance(text, (int, str)) and not isinstance(text, bool) else ""
        if not _SECONDS.fullmatch(text):
            self.problems.append(f"{path}: is {value!r}; allowed are seconds from 0 to 999999, to the millisecond")
            return ""
        return text.rstrip("0").rstrip(".") if "." in text else text

    def _sizes(self, entries: tuple[ListedFragment, ...], extras: int) -> None:
        most, count = self.config.max_fragments, len(entries) + extras
        if count > most:
            self.problems.append(f"$.fragments: {count} objects to join, more than CONCAT_MAX_FRAGMENTS={most}")

    def _output(self, value: Any) -> str:
        if value is None:
            return ""
        if not isinstance(value, str) or not value:
            self.problems.append("$.output: must be a key in the output bucket")
            return ""
        self.problems.extend(f"$.output: {problem}" for problem in output_key_problems(value, self.config))
        beginning = literal_beginning(self.config.output_key)
        if not value.startswith(beginning):
            self.problems.append(f"$.output: {value!r} must begin with {beginning!r}, as CONCAT_OUTPUT_KEY does")
        return value

    def _job(self, value: Any) -> Mapping[str, object]:
        if value is None:
            return {}
        from cosconcat.job.overlay import read_overlay

        try:
            overlay = read_overlay(value, "$.job")
        except InvalidInput as mistake:
            self.problems.extend(mistake.problems)
            return {}
        self._addresses(overlay)
        self._segments(overlay)
        return overlay

    def _segments(self, overlay: Mapping[str, object]) -> None:
        """Note an overlay that turns one object into a playlist and its segments, or the other way round: what segments
        are called is the service's to choose, so nobody can see to it that they are no other group's result.
        """
        from cosconcat.job.compose import container_format

        usual = container_format(self.config, FragmentSet("", ()))
        wanted = container_format(self.config, FragmentSet("", (), job=overlay))
        if (wanted == "hls") != (usual == "hls"):
            told = f"is {wanted}; where results are {usual} it may not be, as hls writes segments of names of its own"
            self.problems.append(f"$.job.ConcatTemplate.Container.Format: {told}")

    def _addresses(self, overlay: Mapping[str, object]) -> None:
        """Note each sound and image that what is uploaded may not have read into a result."""
        from cosconcat.job import schema
        from cosconcat.job.addresses import key_at
        from cosconcat.job.request import Operation

        for path, url in schema.read(Operation, overlay, "$.job", [], "partial").addresses("$.job"):
            key, problem = key_at(url, self.config.bucket)
            if problem:
                self.problems.append(f"{path}: {url!r} {problem}")
            elif not self.config.may_read(key):
                self.problems.append(f"{path}: {key} lies outside {self._readable}")

    def _known(self, path: str, value: Mapping[str, Any], nodes: tuple[str, ...]) -> None:
        for node in value:
            if node not in nodes:
                from difflib import get_close_matches

                close = get_close_matches(node, nodes, n=1) if len(self.problems) < SHOWN_PROBLEMS else []
                hint = f"; did you mean {close[0]}?" if close else f"; allowed are {', '.join(nodes)}"
                self.problems.append(f"{path}.{node}: unknown{hint}")


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) < len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"an object has the name {twice!r} twice")
    return value


def _no_number(text: str) -> float:
    raise ValueError(f"{text} is no number")
