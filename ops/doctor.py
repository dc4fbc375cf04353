"""Examine a deployment from a desk, with the keys and the configuration in the shell or in `.env`.

    python -m ops.doctor

The same checks run inside, with the function's own rights: `scf invoke -f sweep --data '{"doctor": true}'`. The exit
code is 0 when all is well, 1 when a line says WRONG, 2 when the configuration cannot be read.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from cosconcat.bootstrap import bootstrap, bucket_settings
from cosconcat.errors import ConfigurationError
from cosconcat.functions.doctor import examine
from ops import environment

if TYPE_CHECKING:
    from collections.abc import Mapping

# The names under which the deployment tool keeps its keys in .env, and those that a function finds.
KEYS = {
    "TENCENT_SECRET_ID": "TENCENTCLOUD_SECRETID",
    "TENCENT_SECRET_KEY": "TENCENTCLOUD_SECRETKEY",
    "TENCENT_TOKEN": "TENCENTCLOUD_SESSIONTOKEN",
}


def main(environ: Mapping[str, str]) -> int:
    """Print one line for each check; the exit code."""
    keys = {name: environ[given] for given, name in KEYS.items() if environ.get(given) and not environ.get(name)}
    os.environ.update({**environ, **keys})
    try:
        services = bootstrap({})
    except ConfigurationError as wrong:
        print("\n".join(f"WRONG configuration: {problem}" for problem in wrong.problems))
        return 2
    findings = examine(services, bucket_settings(services.config))
    print("\n".join(map(str, findings)))
    return 0 if all(finding.ok for finding in findings) else 1


if __name__ == "__main__":
    sys.exit(main(environment()))
