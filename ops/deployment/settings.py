"""What `.env` and the shell say about a deployment, checked before anything is asked of an account."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from cosconcat.config import Config, check_lease
from cosconcat.environment.reading import read_config
from cosconcat.environment.variables import NAMES, TABLE
from cosconcat.errors import ConfigurationError
from deployed.blueprint import FUNCTIONS
from ops.desk.dotenv import UNSET
from ops.desk.keys import key_problems, no_keys, scheme_problems

SECRETS = frozenset(row.name for row in TABLE if row.secret)
NOT_SHOWN = SECRETS | {"CONCAT_NOTIFY_URL"}  # an address may hold a key in its path or query
SECRET, OLD_SECRET, ADDRESS = "CONCAT_CALLBACK_SECRET", "CONCAT_CALLBACK_SECRET_OLD", "CONCAT_CALLBACK_URL"
STAGE = re.compile("[A-Za-z][A-Za-z0-9]{0,19}")  # function names have 60 characters at most
# A stand-in, as long as a real address, for the check of the whole before the real one is known.
_ADDRESS_TO_COME = "https://1250000000-xxxxxxxxxx.{region}.tencentscf.com/"
_KEYS = (  # the deployment tool's names, the SDK's, and those that a function finds
    ("TENCENT_SECRET_ID", "TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRETID"),
    ("TENCENT_SECRET_KEY", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_SECRETKEY"),
    ("TENCENT_TOKEN", "TENCENTCLOUD_TOKEN", "TENCENTCLOUD_SESSIONTOKEN"),
)


class Keys(NamedTuple):
    """The API keys of whoever deploys; `token` only with temporary ones."""

    secret_id: str
    secret_key: str
    token: str = ""

    def __repr__(self) -> str:
        return f"Keys({self.secret_id[:8]}...)"


class Settings(NamedTuple):
    """A checked deployment. `variables` are those of the table that are set, as they will be deployed."""

    stage: str
    keys: Keys
    config: Config
    variables: Mapping[str, str]
    from_shell: tuple[str, ...] = ()  # which of them the shell said, not the file

    @property
    def appid(self) -> str:
        """The account number at the end of the bucket's name."""
        return self.config.bucket.name.rpartition("-")[2]

    @property
    def region(self) -> str:
        """Where everything is made: functions hear of objects in their own region only."""
        return self.config.bucket.region

    @property
    def address_is_made(self) -> bool:
        """Whether jobs call back to the function URL that the deployment makes (else to what `.env` names)."""
        return not self.variables.get(ADDRESS) and self.config.callback_mq is None

    @property
    def secret_is_needed(self) -> bool:
        """Whether anything is signed with the callback secret."""
        return self.config.callback_mq is None or bool(self.config.notify_url)


def read_settings(environ: Mapping[str, str], shell: Mapping[str, str] | None = None) -> Settings:
    """The deployment that `environ` (the variables of `.env` under those of the shell) describes.

    `shell` are the variables of the shell alone; which of them matter is shown in the plan.

    Raises:
        ConfigurationError: with every mistake at once, by name.
    """
    given = _given(environ)
    stage = _stage(given)
    secret_id, secret_key, token = (next((given[n] for n in names if n in given), "") for names in _KEYS)
    problems = stage_problems(environ)
    missing = [names[0] for names, value in zip(_KEYS, (secret_id, secret_key), strict=False) if not value]
    problems += [no_keys(missing)] if missing else []
    problems += key_problems(secret_id, secret_key, token)
    variables = {name: given[name] for name in _deployable(given)}
    try:
        config = _read(variables)
    except ConfigurationError as wrong:
        raise ConfigurationError([*problems, *wrong.problems]) from None
    if problems:
        raise ConfigurationError(problems)
    from_shell = tuple(name for name in variables if name in NAMES and (shell or {}).get(name, "").strip())
    known = {name: value for name, value in variables.items() if name in NAMES}
    return Settings(stage, Keys(secret_id, secret_key, token), config, known, from_shell)


def stage_problems(environ: Mapping[str, str]) -> list[str]:
    """What is wrong with the name of the stage, which stands in the name of everything that is deployed."""
    stage = _stage(_given(environ))
    fits = STAGE.fullmatch(stage)
    return [] if fits else [f"STAGE is {stage!r}; allowed are up to 20 letters and digits, a letter first"]


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that are wanted, without the blanks around their values."""
    return {name: value.strip() for name, value in environ.items() if value.strip() not in ("", UNSET)}


def _stage(given: Mapping[str, str]) -> str:
    return given.get("STAGE", "dev")


def _deployable(given: Mapping[str, str]) -> list[str]:
    """The table's variables, and misspelt ones for the configuration to refuse; nothing else of the file."""
    return [name for name in given if name in NAMES or name.startswith("CONCAT_")]


def _read(variables: Mapping[str, str]) -> Config:
    """The configuration as the functions will read it, the address to come and a secret included."""
    probe = dict(variables)
    if ADDRESS not in probe and "CONCAT_CALLBACK_MQ" not in probe:
        probe[ADDRESS] = _ADDRESS_TO_COME.format(region=probe.get("CONCAT_REGION", ""))
    if ADDRESS in probe or "CONCAT_NOTIFY_URL" in probe:
        probe.setdefault(SECRET, "x" * 48)
        probe.setdefault(OLD_SECRET, "x" * 48)  # room for a rotation
    config = read_config(probe)
    check_lease(config, 1000 * max(function.seconds for function in FUNCTIONS))
    return config


def check_scheme(settings: Settings, shell: Mapping[str, str]) -> None:
    """Refuse plain http unless a proxy on this machine answers: it would carry the keys' signatures in the clear.

    Raises:
        ConfigurationError: naming the proxy in force.
    """
    if problems := list(scheme_problems(settings.config.scheme, shell)):
        raise ConfigurationError(problems)
