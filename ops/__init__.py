"""What a person runs from a desk; nothing of it is deployed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "handler"))  # the functions' code root, as in the cloud


def environment(file: Path = ROOT / ".env") -> dict[str, str]:
    """The variables of `.env` (which deployment reads as well), overridden by those of the shell.

    What in the file is probably not meant is told on stderr.

    Raises:
        InvalidInput: when the file is not UTF-8 text.
    """
    from ops.dotenv import read_dotenv

    read = read_dotenv(file)
    for warning in read.warnings:
        print(warning, file=sys.stderr)
    return {**read.values, **os.environ}
