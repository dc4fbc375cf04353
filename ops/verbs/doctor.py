"""`cos-concat doctor`: examine a deployment from a desk, with the keys and the configuration in the shell or in `.env`.

The same checks run inside, with the function's own rights, where the sweep is invoked with `{"doctor": true}`:
`cos-concat deploy` does so at its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from cosconcat.bootstrap import bootstrap, bucket_settings
from cosconcat.errors import ServiceUnavailable
from cosconcat.functions.doctor import examine
from cosconcat.job.refusals import REFUSALS
from ops.deployment.examined import examine_deployment
from ops.desk import network
from ops.desk.environment import config_of, environment
from ops.desk.keys import with_keys
from ops.desk.mistakes import NO
from ops.desk.options import json_option
from ops.desk.show import show_json

if TYPE_CHECKING:
    from cosconcat.functions.doctor import Finding

REACH_SECONDS = 5
_KEYS = "check TENCENT_SECRET_ID and TENCENT_SECRET_KEY in .env or the shell; the other checks need them"
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
        raise ServiceUnavailable(network.sentence(failure)) from failure


def _for_a_desk(findings: Sequence[Finding]) -> Sequence[Finding]:
    """Refused keys are a person's here, and with them nothing else can be examined."""
    of_a_role = REFUSALS["InvalidAccessKeyId"].fix
    refused = [replace(each, fix=_KEYS) for each in findings[:1] if each.fix == of_a_role]
    return refused or findings


@click.command(epilog=EXAMPLES)
@json_option
def command(as_json: bool) -> int:
    """Check buckets, queue, callback and what is deployed.

    One line for each check. Exit code 1 when a line says WRONG.
    """
    config = config_of(environment())
    environ = with_keys(environment())
    reach(f"{config.scheme}://{config.bucket.cos_host}/")
    deployed = examine_deployment(environ)
    services = bootstrap({}, {**environ, **deployed.made})
    findings = _for_a_desk([*examine(services, bucket_settings(services.config, environ)), *deployed.findings])
    if as_json:
        show_json([finding.as_dict() for finding in findings])
    else:
        click.echo("\n".join(map(str, findings)))
    return 0 if all(finding.ok for finding in findings) else NO
