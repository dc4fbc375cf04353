"""Typed access to environment variables that collects every mistake instead of stopping at the first."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from cosconcat.environment.variables import DEFAULTS, NAMES
from cosconcat.naming.keys import unfit_key

_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?-[0-9]{4,12}")
_REGION = re.compile(r"[a-z]{2,3}(?:-[a-z0-9]+)+")
_URL = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:/[!-~]*|\?[!-~]*)?")
_SHORTEST_SECRET = 16  # characters: anything shorter can be guessed offline from one signed address
UNSET = ("", "-")  # SCF's API allows no empty value, so a single - says the same
_MOST_BYTES = 4096  # SCF: names and values of all variables together
_CLOSE = 0.8  # how alike a mistyped name is to the one that was meant, at least
_NO_TEXT = re.compile("[\ud800-\udfff]")  # bytes of the environment that are no UTF-8
_LONGEST_PREFIX = 200  # bytes: leaves room for names within COS's 850


class Environment:
    """The variables of `environ`, with defaults filled in. `problems` grows with every mistake, one sentence each.

    A method whose variable is wrong notes it and returns the default (or something harmless), so that reading goes on.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.problems: list[str] = []
        self.unknown: list[str] = []  # variables like none of ours: of another release, perhaps
        self._values: dict[str, str] = {}
        for name, value in environ.items():
            known = name in NAMES or name == "TENCENTCLOUD_REGION"
            value = value.strip()
            if not known and name.upper().startswith("CONCAT_") and value not in UNSET:
                self._note_unknown(name)
            elif known and (value == "undefined" or value.startswith("${env:")):
                self.wrong(name, f"is the literal {value}: the deployment did not fill it in; set it or remove it")
            elif known and _NO_TEXT.search(value):
                self.wrong(name, "holds what is no text in UTF-8")  # of a secret as well: not shown
            elif known and value not in UNSET:
                self._values[name] = value
        size = sum(len(f"{name}{value}".encode(errors="replace")) for name, value in self._values.items())
        if size > _MOST_BYTES:
            largest = max(self._values, key=lambda name: len(self._values[name]))
            self.wrong(largest, f"is too long: all variables together have {size} bytes; SCF allows {_MOST_BYTES}")

    def wrong(self, name: str, problem: str) -> None:
        """Note a mistake of one variable."""
        self.problems.append(f"{name} {problem}")

    def given(self, name: str) -> bool:
        """Whether the variable is set (empty means unset)."""
        return name in self._values

    def text(self, name: str) -> str:
        """The variable, or its default."""
        return self._values.get(name, DEFAULTS.get(name, ""))

    def is_default(self, name: str) -> bool:
        """Whether the variable says what it would say unset."""
        return self.text(name).lower() == DEFAULTS[name].lower()

    def whole(self, name: str, least: int, most: int, words: str = "whole numbers") -> int:
        """A whole number between `least` and `most`."""
        text = self.text(name)
        if re.fullmatch(r"[0-9]{1,12}", text) and least <= int(text) <= most:
            return int(text)
        self.wrong(name, f"is {text!r}; allowed are {words} from {least} to {most}")
        return least

    def flag(self, name: str) -> bool:
        """`true` or `false`, in any case."""
        return bool(self.choice(name, "true", "false") == "true")

    def choice(self, name: str, *allowed: str) -> Any:
        """One of `allowed`, in any case."""
        text = self.text(name)
        for word in allowed:
            if text.lower() == word.lower():
                return word
        self.wrong(name, f"is {text!r}; allowed are {', '.join(allowed)}")
        return DEFAULTS[name]

    def words(self, name: str, *allowed: str) -> frozenset[str]:
        """Some of `allowed`, in any case, with commas between them."""
        given = {word.strip().lower() for word in self.text(name).split(",")} - {""}
        unknown = sorted(given - set(allowed))
        if unknown:
            self.wrong(name, f"has {', '.join(map(repr, unknown))}; allowed are {', '.join(allowed)}")
        return frozenset(given - set(unknown))

    def pattern(self, name: str, allowed: str, words: str) -> str:
        """A text that matches the expression `allowed`, which `words` describe; empty when unset."""
        text = self.text(name)
        if not text or re.fullmatch(allowed, text):
            return text
        self.wrong(name, f"is {text!r}; allowed is {words}")
        return ""

    def bucket(self, name: str) -> str:
        """A bucket's full name."""
        return self.pattern(name, _BUCKET.pattern, "<name>-<appid> in lower case, e.g. demo-1250000000")

    def region(self, name: str) -> str:
        """A region's name."""
        return self.pattern(name, _REGION.pattern, "a region such as ap-guangzhou")

    def prefix(self, name: str) -> str:
        """The beginning of keys: a folder."""
        text = self.text(name)
        if not text.endswith("/"):
            self.wrong(name, f"is {text!r}; it must end with /")
        problem = unfit_key(text) or ("is too long" if len(text.encode()) > _LONGEST_PREFIX else "")
        if problem:
            self.wrong(name, f"{problem}: {text!r}")
        return text

    def mapping(self, name: str) -> dict[str, Any]:
        """A JSON object."""
        try:
            value = json.loads(self.text(name))
        except (ValueError, RecursionError) as error:
            self.wrong(name, f"is not JSON: {error}")
            return {}
        if isinstance(value, dict):
            return value
        self.wrong(name, "must be a JSON object, in braces")
        return {}

    def url(self, name: str) -> str:
        """An http or https address without fragment, spaces, or user name."""
        text = self.text(name)
        if text and (not _URL.fullmatch(text) or "#" in text):
            self.wrong(name, "is no http(s) address of printable ASCII without user name and fragment")
        return text

    def secret(self, name: str) -> str:
        """A key; it is never quoted in a message."""
        text = self.text(name)
        if text and len(text) < _SHORTEST_SECRET:
            self.wrong(name, f"has {len(text)} characters; at least {_SHORTEST_SECRET} are needed")
        return text

    def _note_unknown(self, name: str) -> None:
        """A name that is close to one of ours, or is one in another case, is mistyped. Any other must not keep an
        earlier release from starting.
        """
        from difflib import get_close_matches

        ours = sorted(known.removeprefix("CONCAT_") for known in NAMES)
        close = get_close_matches(name.upper().removeprefix("CONCAT_"), ours, n=1, cutoff=_CLOSE)
        if close:
            self.wrong(name, f"is no variable of cos-concat; did you mean CONCAT_{close[0]}?")
        else:
            self.unknown.append(name)
