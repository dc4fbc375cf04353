"""What a person runs from a desk; nothing of it is deployed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "handler"))  # the functions' code root, as in the cloud

_LINE = re.compile(r"\s*(?:export\s+)?(?P<name>\w+)\s*=\s*(?P<value>'[^']*'|\"[^\"]*\"|[^#]*?)\s*(?:#.*)?")


def environment(file: Path = ROOT / ".env") -> dict[str, str]:
    """The variables of `.env` (which deployment reads as well), overridden by those of the shell."""
    return {**read_dotenv(file), **os.environ}


def read_dotenv(file: Path) -> dict[str, str]:
    """The variables that a file of `NAME=value` lines sets; none where there is no such file."""
    found = {}
    for line in file.read_text("utf-8").splitlines() if file.is_file() else ():
        match = None if line.lstrip().startswith("#") else _LINE.fullmatch(line)
        if match:
            value = match["value"]
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "'\""
            found[match["name"]] = value[1:-1] if quoted else value
    return found
