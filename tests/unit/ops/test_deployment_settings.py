"""What .env and the shell make of a deployment: every mistake at once, plain http through a loopback proxy alone."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from cosconcat.environment.reading import read_config
from cosconcat.errors import ConfigurationError
from deployed import blueprint
from local.cloud import THE_FUNCTIONS
from ops import ROOT
from ops.deployment.desired import choose_secrets, removal
from ops.deployment.settings import check_scheme, read_settings
from ops.desk.dotenv import read_dotenv

KEYS = {"TENCENT_SECRET_ID": "AKIDexample", "TENCENT_SECRET_KEY": "key-of-whoever-deploys"}
MINIMAL = {**KEYS, "CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}


def problems(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Every mistake in these variables."""
    with pytest.raises(ConfigurationError) as raised:
        read_settings(environ)
    return raised.value.problems


def test_the_example_deploys_once_bucket_and_keys_are_filled_in() -> None:
    """As a newcomer leaves it: nothing of it is empty, fragments stay, the stage is dev."""
    settings = read_settings({**read_dotenv(ROOT / ".env.example").values, **MINIMAL})
    assert (settings.stage, settings.config.cleanup, removal(settings)) == ("dev", "keep", "")
    assert all(settings.variables.values())
    assert "-" not in settings.variables.values()


def test_every_mistake_is_told_at_once_by_name() -> None:
    """Keys, stage, bucket, and what the functions would refuse."""
    told = problems({"STAGE": "my stage", "CONCAT_CLEANUP": "shred", "CONCAT_REGION": "ap-guangzhou"})
    for name in ("STAGE", "TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "CONCAT_BUCKET", "CONCAT_CLEANUP"):
        assert [text for text in told if name in text.split()], (name, told)


@pytest.mark.parametrize("stage", ["", "-dev", "dev-1", "1dev", "x" * 21, "../x", "a b"])
def test_a_stage_is_a_word_that_fits_every_name(stage: str) -> None:
    """Names of functions have 60 characters at most."""
    if stage:
        assert any(text.startswith("STAGE") for text in problems({**MINIMAL, "STAGE": stage}))
    else:
        assert read_settings({**MINIMAL, "STAGE": stage}).stage == "dev"


def test_keys_are_read_under_the_names_of_the_tool_the_sdk_and_the_functions() -> None:
    """And their text is in no representation."""
    for names in (
        ("TENCENT_SECRET_ID", "TENCENT_SECRET_KEY", "TENCENT_TOKEN"),
        ("TENCENTCLOUD_SECRET_ID", "TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN"),
        ("TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY", "TENCENTCLOUD_SESSIONTOKEN"),
    ):
        given = {"CONCAT_BUCKET": "demo-1250000000", "CONCAT_REGION": "ap-guangzhou"}
        settings = read_settings({**given, **dict(zip(names, ("AKIDexample", "key-text", "token-text"), strict=True))})
        assert tuple(settings.keys) == ("AKIDexample", "key-text", "token-text")
        assert "key-text" not in repr(settings)
        assert "token-text" not in repr(settings)


def test_only_variables_of_the_table_are_deployed() -> None:
    """No key, no stage, no line of somebody else."""
    settings = read_settings({**MINIMAL, "STAGE": "dev", "DATABASE_URL": "x", "PATH": "/bin", "LOG_LEVEL": "DEBUG"})
    assert set(settings.variables) == {"CONCAT_BUCKET", "CONCAT_REGION", "LOG_LEVEL"}


def test_all_variables_together_must_fit_with_the_address_and_the_secrets_to_come() -> None:
    """Told before anything is created: SCF allows 4 KB."""
    own = {name: value for name, value in MINIMAL.items() if name.startswith("CONCAT_")}
    own |= {"CONCAT_CALLBACK_SECRET": "s" * 48, "CONCAT_NOTIFY_URL": "https://example.com/"}
    room = 4096 - sum(len(name + value) for name, value in own.items())
    full, fitting = ({**own, "CONCAT_NOTIFY_URL": "https://example.com/" + "y" * (room - n)} for n in (120, 250))
    read_config(full)  # the address to come would fit as well, but not a rotated secret beside it
    assert any("SCF allows 4096" in text for text in problems({**KEYS, **full}))
    read_settings({**KEYS, **fitting})


def test_a_lease_must_outlive_the_longest_function() -> None:
    """The functions would refuse every event."""
    assert any("CONCAT_LEASE_SECONDS is 300" in text for text in problems({**MINIMAL, "CONCAT_LEASE_SECONDS": "300"}))


LOOPBACK = "http://127.0.0.1:8080"


@pytest.mark.parametrize(
    ("scheme", "shell", "fine"),
    [
        ("https", {}, True),
        ("https", {"http_proxy": "http://proxy.example.com:3128"}, True),
        ("http", {"http_proxy": LOOPBACK}, True),
        ("http", {"HTTP_PROXY": "http://localhost:1", "no_proxy": "", "NO_PROXY": ""}, True),
        ("http", {"http_proxy": "http://[::1]:8080"}, True),
        ("http", {}, False),
        ("http", {"http_proxy": ""}, False),
        ("http", {"http_proxy": "", "HTTP_PROXY": LOOPBACK}, False),
        ("http", {"http_proxy": LOOPBACK, "HTTP_PROXY": "http://proxy.example.com:3128"}, False),
        ("http", {"http_proxy": "http://127.0.0.1.example.com:8080"}, False),
        ("http", {"http_proxy": "http://127.0.0.1@example.com:8080"}, False),
        ("http", {"http_proxy": LOOPBACK, "NO_PROXY": ".myqcloud.com"}, False),
        ("http", {"http_proxy": LOOPBACK, "no_proxy": "*"}, False),
        ("http", {"https_proxy": LOOPBACK}, False),
    ],
)
def test_plain_http_is_refused_unless_the_proxy_in_force_is_on_this_machine(
    scheme: str, shell: dict[str, str], fine: bool
) -> None:
    """Else signatures, and with them a session's rights, would cross the network in the clear."""
    settings = read_settings({**MINIMAL, "CONCAT_SCHEME": scheme})
    if fine:
        check_scheme(settings, shell)
        return
    with pytest.raises(ConfigurationError, match="CONCAT_SCHEME is http, which is for the local cloud alone"):
        check_scheme(settings, shell)


@pytest.mark.parametrize(
    ("said", "deployed", "rotate", "now", "old"),
    [
        ({}, {}, False, "made", ""),
        ({}, {"CONCAT_CALLBACK_SECRET": "deployed"}, False, "deployed", ""),
        ({}, {"CONCAT_CALLBACK_SECRET": "deployed"}, True, "made", "deployed"),
        ({}, {"CONCAT_CALLBACK_SECRET": "deployed", "CONCAT_CALLBACK_SECRET_OLD": "older"}, False, "deployed", "older"),
        ({}, {"CONCAT_CALLBACK_SECRET": "deployed", "CONCAT_CALLBACK_SECRET_OLD": "older"}, True, "made", "deployed"),
        ({"CONCAT_CALLBACK_SECRET": "said-in-the-file"}, {}, False, "said-in-the-file", ""),
        (
            {"CONCAT_CALLBACK_SECRET": "said-in-the-file"},
            {"CONCAT_CALLBACK_SECRET": "deployed"},
            False,
            "said-in-the-file",
            "deployed",
        ),
        ({"CONCAT_CALLBACK_MQ": "gz:Topic:done"}, {}, False, "", ""),
    ],
)
def test_which_secret_is_deployed(
    said: dict[str, str], deployed: dict[str, str], rotate: bool, now: str, old: str
) -> None:
    """What the file says, else what is deployed, else one that is made; a replaced one stays valid as the old one."""
    chosen = choose_secrets(read_settings({**MINIMAL, **said}), deployed, "made", rotate=rotate)
    assert (chosen.now, chosen.old) == (now, old)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"CONCAT_CLEANUP": "delete"}, "fragments under fragments/ WILL BE DELETED after proof"),
        ({}, "fragments under fragments/ WILL BE DELETED after proof"),
        ({"CONCAT_CLEANUP": "trash"}, "fragments under fragments/ WILL BE MOVED to trash/ after proof"),
        ({"CONCAT_CLEANUP": "expire"}, "fragments under fragments/ WILL BE DELETED 7 days after proof"),
        ({"CONCAT_CLEANUP": "keep"}, ""),
        ({"CONCAT_CLEANUP": "delete", "CONCAT_CLEANUP_DRY_RUN": "TRUE"}, ""),
        ({"CONCAT_CLEANUP": "delete", "CONCAT_VERIFY": "none"}, ""),
    ],
)
def test_what_becomes_of_fragments_is_said_in_words(variables: dict[str, str], words: str) -> None:
    """The default is to delete, and is told like the rest."""
    assert removal(read_settings({**MINIMAL, **variables})) == words


def test_the_local_cloud_runs_the_functions_with_the_blueprint_s_limits() -> None:
    """One source of truth: what is rehearsed is what is deployed."""
    assert {each.name: (each.handler, each.time_limit) for each in THE_FUNCTIONS} == {
        spec.key: (spec.handler, spec.seconds) for spec in blueprint.FUNCTIONS
    }
