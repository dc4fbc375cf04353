"""`make translated`: which Chinese pages are older than their English ones; PAGES= marks those that were revised.

The first line of a Chinese page holds a digest of the words of its English page as they were when somebody last
compared the two. Code in fences is copied by `make pages`, and how lines are broken says nothing: both are left out.
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

from tools.pages import ROOT, chinese

_STAMP = re.compile(r"\A<!-- compared with (?P<digest>[0-9a-f]{12}) of the English page -->\n")
_NO_WORDS = re.compile(r"^```.*?^```$|<!--.*?-->", re.DOTALL | re.MULTILINE)


def digest(english: str) -> str:
    """Twelve digits that change when a word of the page does."""
    words = " ".join(_NO_WORDS.sub(" ", english).split())
    return hashlib.sha256(words.encode()).hexdigest()[:12]


def is_older(page: str, english: str) -> bool:
    """Whether the English page has changed since the Chinese one was last compared with it."""
    found = _STAMP.match(page)
    return not found or found["digest"] != digest(english)


def stamped(page: str, english: str) -> str:
    """The Chinese page, marked as compared with this English one."""
    return f"<!-- compared with {digest(english)} of the English page -->\n{_STAMP.sub('', page)}"


def what_to_do(page: Path, english: Path) -> str:
    """A sentence for whoever changed the English page."""
    ours, theirs = page.relative_to(ROOT), english.relative_to(ROOT)
    return (
        f"{theirs} has changed since {ours} was last compared with it: bring the change over (git log -p {theirs} "
        f"shows it), then run make translated PAGES={ours}"
    )


def main(named: list[str]) -> int:
    """0 when every page is up to date, or was marked so; 1 when one is older; 2 when a name is no Chinese page."""
    pairs = dict(chinese.pages())
    pages = [(ROOT / name).resolve() for name in named]
    unknown = [page for page in pages if page not in pairs]
    if unknown:
        print(f"no Chinese page: {', '.join(map(str, unknown))}", file=sys.stderr)
        return 2
    for page in pages:
        page.write_text(stamped(page.read_text("utf-8"), pairs[page].read_text("utf-8")), "utf-8")
    older = [pair for pair in pairs.items() if is_older(pair[0].read_text("utf-8"), pair[1].read_text("utf-8"))]
    for page, english in older:
        print(what_to_do(page, english))
    return 1 if older else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
