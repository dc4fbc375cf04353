"""The cloud on one machine: stand-ins for COS, CI and SCF on loopback, so that the functions run unchanged."""

import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

sys.path.insert(0, str(ROOT / "handler"))  # the functions' code root, as in the cloud
