"""How a node of the API is described, once: what may stand in it, and where that is documented.

A node is a class whose attributes are `leaf`, `leaves`, `branch` or `branches`. Reading (XML, JSON), checking, writing
and the coverage table in the docs all walk these descriptions. Every leaf is text, as the API has it; an empty text,
`None` and an empty tuple mean that the node is not there.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, TypeVar

from cosconcat.errors import SHOWN_PROBLEMS

if TYPE_CHECKING:
    from typing_extensions import Self, dataclass_transform
else:

    def dataclass_transform(**_):
        """Only type checkers act on it."""
        return lambda decorated: decorated


Manner = Literal["whole", "partial", "tolerant"]
"""How to read: `whole` checks everything; `partial` lets required nodes be missing and null stand (an overlay);
`tolerant` skips what it does not know and checks nothing (an answer of the service)."""

_DECIMAL = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_NOT_IN_XML = r"[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]"


class Allowed(NamedTuple):
    """What may stand in a leaf: a test, and the same in words for people."""

    words: str
    accepts: Callable[[str], bool]


class Spec(NamedTuple):
    """One node as its parent describes it. `most` is 0 for a node that stands alone, else the longest list."""

    source: str
    required: bool = False
    allowed: Allowed | None = None
    node: type[Node] | None = None
    most: int = 0

    @property
    def absent(self) -> str | tuple[()] | None:
        """What stands for a node that is not there."""
        if self.most:
            return ()
        return None if self.node else ""


@dataclass_transform(frozen_default=True, kw_only_default=True)
class Node:
    """A container of the API, never changed; subclasses say which of their values exclude each other.

    To type checkers its subclasses are frozen dataclasses. They are none, because to define one takes eighty times as
    long as a plain class, and a cold start defines thirty. An instance holds what is there and nothing else.
    """

    specs: ClassVar[Mapping[str, Spec]] = {}  # the nodes that may stand in it, in the order in which they are written
    required: ClassVar[tuple[str, ...]] = ()

    def __init_subclass__(cls) -> None:
        own = {name: spec for name, spec in vars(cls).items() if isinstance(spec, Spec)}
        cls.specs = {**cls.specs, **own}
        cls.required = tuple(name for name, spec in cls.specs.items() if spec.required)
        for name, spec in own.items():
            setattr(cls, name, spec.absent)

    def __init__(self, **values: Any) -> None:
        held = vars(self)
        for name, value in values.items():
            if name not in self.specs:
                raise TypeError(f"{type(self).__name__} has no {name}")
            if value:
                held[name] = value

    def replaced(self, **values: Any) -> Self:
        """The same node with other values."""
        return type(self)(**{**vars(self), **values})

    def inconsistent(self, path: str) -> Iterable[str]:
        """One sentence for each pair of given values that do not go together."""
        del path
        return ()

    def lacking(self, path: str) -> Iterable[str]:
        """One sentence for each node that the given values make necessary."""
        del path
        return ()

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"{type(self).__name__}.{name} cannot be changed")

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    def __hash__(self) -> int:
        return hash((type(self), frozenset(vars(self).items())))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


N = TypeVar("N", bound=Node)


def leaf(allowed: Allowed, source: str, *, required: bool = False) -> Any:  # an attribute of type str
    """A single text."""
    return Spec(source, required, allowed)


def leaves(allowed: Allowed, source: str, *, most: int) -> Any:  # an attribute of type tuple[str, ...]
    """A text that may be repeated."""
    return Spec(source, allowed=allowed, most=most)


def branch(node: type[Node], source: str, *, required: bool = False) -> Any:  # an attribute of type Node | None
    """A single container."""
    return Spec(source, required, node=node)


def branches(node: type[Node], source: str, *, most: int) -> Any:  # an attribute of type tuple[Node, ...]
    """A container that may be repeated."""
    return Spec(source, node=node, most=most)


def one_of(*values: str) -> Allowed:
    """Exactly one of the words listed."""
    return Allowed(", ".join(values), frozenset(values).__contains__)


def like(pattern: str, words: str) -> Allowed:
    """Text that fully matches a regular expression."""
    return Allowed(words, lambda text: re.fullmatch(pattern, text) is not None)


def number(
    low: float, high: float = math.inf, unit: str = "", *, whole: bool = False, above: bool = False, below: bool = False
) -> Allowed:
    """Decimal text from `low` to `high`; `above` and `below` exclude the limits themselves, `whole` a fraction."""

    def accepts(text: str) -> bool:
        value = as_number(text)
        if value is None or (whole and "." in text):
            return False
        return (value > low if above else value >= low) and (value < high if below else value <= high)

    words = ["a whole number" if whole else "a number", f"above {low:g}" if above else f"from {low:g}"]
    if high < math.inf:
        words.append(f"and below {high:g}" if below else f"to {high:g}")
    return Allowed(" ".join([*words, unit]).strip(), accepts)


BOOLEAN = one_of("true", "false")
ANYTHING = Allowed("any text", lambda _: True)


def as_number(text: str) -> float | None:
    """The number that decimal text stands for, or None (also for nan, infinity and exponents)."""
    return float(text) if _DECIMAL.fullmatch(text) else None


def as_text(value: object) -> str | None:
    """A JSON scalar as the API writes it: `true`, `25`, `1.5`; None for what is no scalar."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        from decimal import Decimal

        return format(Decimal(repr(value)), "f")
    if isinstance(value, (str, int)):
        return str(value)
    return None


def textual(value: object) -> object:
    """The same JSON value with every number and boolean as text."""
    if isinstance(value, Mapping):
        return {str(name): textual(child) for name, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [textual(child) for child in value]
    text = as_text(value)
    return value if text is None else text


def walk(node: type[Node], path: str) -> Iterator[tuple[str, Spec]]:
    """Every node below a container with its path."""
    for name, spec in node.specs.items():
        yield f"{path}.{name}", spec
        if spec.node is not None:
            yield from walk(spec.node, f"{path}.{name}")


def read(node: type[N], value: object, path: str, problems: list[str], manner: Manner = "whole") -> N:
    """The container that `value` (nested mappings, lists, scalars) describes.

    Every mistake is added to `problems`, starting with the path of the node; the value is kept as it was given, so
    that one mistake does not hide another.
    """
    if value is None or value == "":
        value = {}
    if not isinstance(value, Mapping):
        if manner != "tolerant":
            problems.append(f"{path}: {_shown(value)} is not a container; it holds {', '.join(node.specs)}")
        return node()
    known = node.specs
    found: dict[str, Any] = {}
    for name, given in value.items():
        spec = known.get(name)
        if spec is not None:
            if given is not None or manner != "partial":
                found[name] = _read_field(spec, given, f"{path}.{name}", problems, manner)
        elif manner != "tolerant":
            nearest = _nearest(str(name), node, path) if len(problems) < SHOWN_PROBLEMS else "not known here"
            problems.append(f"{path}.{name}: unknown node; {nearest}")
    made = node(**found)
    if manner == "whole":
        problems += [f"{path}.{name}: missing; required" for name in node.required if not value.get(name)]
        problems += made.lacking(path)
    if manner != "tolerant":
        problems += made.inconsistent(path)
    return made


def mapping(node: Node) -> dict[str, Any]:
    """The nodes that are there, as nested dicts, lists and texts; what `read` reads back into an equal node."""
    found: dict[str, Any] = {}
    for name in node.specs:
        value = vars(node).get(name)
        if isinstance(value, Node):
            found[name] = mapping(value)
        elif isinstance(value, tuple):
            found[name] = [mapping(item) if isinstance(item, Node) else item for item in value]
        elif value is not None:
            found[name] = value
    return found


def _read_field(spec: Spec, given: object, path: str, problems: list[str], manner: Manner) -> object:
    if spec.most == 0:
        if manner == "tolerant" and isinstance(given, (list, tuple)):
            given = given[0] if given else None
        return _read_one(spec, given, path, problems, manner)
    items: Sequence[object] = given if isinstance(given, (list, tuple)) else [given]
    if len(items) > spec.most and manner != "tolerant":
        problems.append(f"{path}: {len(items)} given; at most {spec.most} allowed")
    if manner == "partial":
        manner = "whole"  # an overlay replaces a list as a whole, so each item must be complete
    if isinstance(given, (list, tuple)):
        return tuple(_read_one(spec, item, f"{path}[{i}]", problems, manner) for i, item in enumerate(items))
    return (_read_one(spec, given, path, problems, manner),)


def _read_one(spec: Spec, given: object, path: str, problems: list[str], manner: Manner) -> object:
    if spec.node is not None:
        return read(spec.node, given, path, problems, manner)
    allowed = spec.allowed or ANYTHING
    text = given if isinstance(given, str) else "" if given is None else as_text(given)
    if manner == "tolerant":
        return text or ""
    if text is None:
        problems.append(f"{path}: {_shown(given)} is not a text, number or boolean; allowed: {allowed.words}")
    elif not _fits_xml(text):
        problems.append(f"{path}: {_shown(text)} has control characters, which XML cannot carry")
    elif text and not allowed.accepts(text):
        problems.append(f"{path}: {_shown(text)} is not allowed; allowed: {allowed.words}")
    return text or ""


def _fits_xml(text: str) -> bool:
    """Whether it holds no control characters; for most text that shows without the expression."""
    return (text.isascii() and text.isprintable()) or not re.search(_NOT_IN_XML, text)


def _shown(value: object) -> str:
    """A value in a message, cut where it is long."""
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _nearest(name: str, node: type[Node], path: str) -> str:
    """What a person who wrote `name` here may have meant."""
    import difflib

    elsewhere = [below for below, _ in walk(node, path) if below.rsplit(".", 1)[1] == name]
    if elsewhere:
        return f"it belongs at {elsewhere[0]}"
    known = {known.lower(): known for known in node.specs}
    close = difflib.get_close_matches(name.lower(), list(known), n=1, cutoff=0.5)
    return f"did you mean {known[close[0]]}?" if close else f"known here: {', '.join(node.specs)}"
