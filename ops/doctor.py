"""`cos-concat doctor`: examine a deployment from a desk, with the keys and the configuration in the shell or in `.env`.

The same checks run inside, with the function's own rights: `scf invoke -f sweep --data '{"doctor": true}'`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cosconcat.bootstrap import bootstrap, bucket_settings
from cosconcat.errors import ServiceUnavailable
from cosconcat.functions.doctor import examine
from ops.dotenv import UNSET
from ops.mistakes import NO, Mistake
from ops.options import json_option
from ops.settings import config_of, settings
from ops.show import show_json

if TYPE_CHECKING:
    from collections.abc import Mapping

# The names under which the deployment tool keeps its keys in .env, and those that a function finds.
KEYS = {
    "TENCENT_SECRET_ID": "TENCENTCLOUD_SECRETID",
    "TENCENT_SECRET_KEY": "TENCENTCLOUD_SECRETKEY",
    "TENCENT_TOKEN": "TENCENTCLOUD_SESSIONTOKEN",
}
REACH_SECONDS = 5
EXAMPLES = """\b
Examples:
  cos-concat doctor
  cos-concat --env .env.production doctor --json
"""


def with_keys(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables, the keys under the names that a function finds them by.

    Raises:
        Mistake: when there are none.
    """
    known = {name: value.strip() for name, value in environ.items() if value.strip() not in ("", UNSET)}
    keys = {name: known[given] for given, name in KEYS.items() if given in known and name not in known}
    missing = [given for given, name in KEYS.items() if name not in {**known, **keys} and given != "TENCENT_TOKEN"]
    if missing:
        raise Mistake(f"no keys: set {' and '.join(missing)} in .env or the shell")
    return {**environ, **keys}


def reach(address: str) -> None:
    """Whether anything answers there, whatever it says.

    Raises:
        ServiceUnavailable: when nothing does.
    """
    import requests

    try:
        requests.head(address, timeout=REACH_SECONDS, allow_redirects=False).close()
    except requests.RequestException as failure:
        proxy = " through the proxy in force" if requests.utils.get_environ_proxies(address) else ""
        words = f"no network: {address} does not answer{proxy} ({type(failure).__name__})"
        raise ServiceUnavailable(words) from failure


@click.command(epilog=EXAMPLES)
@json_option
def command(as_json: bool) -> int:
    """Check buckets, media processing, queue and callback.

    One line for each check. Exit code 1 when a line says WRONG.
    """
    config = config_of(settings())
    environ = with_keys(settings())
    reach(f"{config.scheme}://{config.bucket.cos_host}/")
    services = bootstrap({}, environ)
    findings = examine(services, bucket_settings(services.config, environ))
    if as_json:
        show_json([finding.as_dict() for finding in findings])
    else:
        click.echo("\n".join(map(str, findings)))
    return 0 if all(finding.ok for finding in findings) else NO
