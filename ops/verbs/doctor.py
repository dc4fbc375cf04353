"""`cos-concat doctor`: examine a deployment from a desk, with the keys and the configuration in the shell or in `.env`.

The same checks run inside, with the function's own rights: `scf invoke -f sweep --data '{"doctor": true}'`.
"""

from __future__ import annotations

import click

from cosconcat.bootstrap import bootstrap, bucket_settings
from cosconcat.errors import ServiceUnavailable
from cosconcat.functions.doctor import examine
from ops.desk.keys import with_keys
from ops.desk.mistakes import NO
from ops.desk.options import json_option
from ops.desk.settings import config_of, settings
from ops.desk.show import show_json

REACH_SECONDS = 5
EXAMPLES = """\b
Examples:
  cos-concat doctor
  cos-concat --env .env.production doctor --json
"""


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
