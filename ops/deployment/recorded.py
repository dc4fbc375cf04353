"""What the records of the deployment depend on, against the settings that are to be deployed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosconcat.config import Credentials
from cosconcat.errors import ConcatError
from cosconcat.records.deployment import compare, remedy

if TYPE_CHECKING:
    from ops.deployment.settings import Settings


def warnings(settings: Settings) -> list[str]:
    """A sentence for each variable that nobody knows, and for each thing whose change makes the records speak of other
    groups, with what to do about it. What cannot be looked at from here the doctor tells from inside, at the end.
    """
    from cosconcat.cloud.cos import CosOverHttp

    config, keys = settings.config, settings.keys
    unknown = [f"{name} is no variable of this release: it will be ignored" for name in config.unknown]
    cos = CosOverHttp(config, Credentials(keys.secret_id, keys.secret_key, keys.token))
    try:
        changed = compare(cos, config, write=False)
    except ConcatError:
        return unknown
    return [*unknown, *changed, remedy(config)] if changed else unknown
