"""What a person runs from a desk; nothing of it is deployed."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "handler"))  # the functions' code root, as in the cloud
