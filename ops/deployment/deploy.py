"""From settings to a deployment: look, plan, and carry the plan out."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from cosconcat.errors import ConfigurationError
from ops.deployment.desired import ADDRESS_TO_COME, Package, Secrets, choose_secrets, desired
from ops.deployment.plan import Plan, plan
from ops.deployment.seen import Seen, look
from ops.deployment.settings import SECRET
from ops.deployment.steps.functions import layer_version

if TYPE_CHECKING:
    from ops.deployment.door import Door
    from ops.deployment.execute import Zips
    from ops.deployment.settings import Settings


class Proposal(NamedTuple):
    """What was found and what is to be done about it."""

    seen: Seen
    plan: Plan
    secrets: Secrets


def propose(
    settings: Settings,
    zips: Zips,
    door: Door,
    *,
    enable_ci: bool = False,
    rotate_secret: bool = False,
    make_secret: Callable[[], str] = lambda: secrets.token_hex(24),
) -> Proposal:
    """Look at the account and plan; nothing is changed.

    Raises:
        ConfigurationError: a secret is to be made although the settings say one.
    """
    if rotate_secret and SECRET in settings.variables:
        raise ConfigurationError([f"{SECRET} is set, so --rotate-secret makes none: change it there and deploy"])
    seen = look(door, settings)
    package = Package(*(hashlib.sha256(each).hexdigest() for each in zips))
    chosen = choose_secrets(settings, seen.environment, make_secret(), rotate=rotate_secret)
    door.keep_secret(chosen.now, chosen.old)
    version = layer_version(package.layer, seen)
    wanted = desired(settings, package, chosen, seen.address or ADDRESS_TO_COME, version)
    return Proposal(seen, plan(settings, wanted, seen, enable_ci=enable_ci), chosen)
