"""A bucket's lifecycle rules as COS's XML: one rule is put in, changed or taken out, the others stay byte for byte."""

from __future__ import annotations

import re
from html import unescape

_RULE = re.compile(r"<Rule>.*?</Rule>", re.DOTALL)
_ID = re.compile(r"<ID>(.*?)</ID>", re.DOTALL)
_DAYS = re.compile(r"<Days>\s*[1-9][0-9]*\s*</Days>")


def rules(content: bytes) -> dict[str, str]:
    """The rules by their ID, each as it stands there."""
    found = _RULE.findall(content.decode("utf-8"))
    return {unescape(match[1].strip()): rule for rule in found if (match := _ID.search(rule))}


def with_rule(content: bytes, name: str, rule: str) -> bytes:
    """The configuration with the rule `name` replaced by `rule`, or without it when `rule` is ""; b"" without rules."""
    others = [each for each in _RULE.findall(content.decode("utf-8")) if not _is_named(each, name)]
    kept = "".join([*others, rule])
    return f"<LifecycleConfiguration>{kept}</LifecycleConfiguration>".encode() if kept else b""


def is_same_but_for_days(found: str, wanted: str) -> bool:
    """Whether two rules do the same to the same objects; after how many days is for the bucket's owner to say."""
    return _essence(found) == _essence(wanted)


def _is_named(rule: str, name: str) -> bool:
    match = _ID.search(rule)
    return match is not None and unescape(match[1].strip()) == name


def _essence(rule: str) -> list[str]:
    """Every node with its text, whatever the order and the blanks."""
    plain = _DAYS.sub("<Days>n</Days>", re.sub(r">\s+<", "><", rule))
    return sorted(re.findall(r"<([A-Za-z]+>[^<]*)", plain))
