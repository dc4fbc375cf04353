"""Whoever deploys needs the rights of the printed policy, all of them, and no others."""

from __future__ import annotations

import pytest

from cosconcat.errors import ConcatError
from deployed.policies import deployer_needs, granting
from local.cloud import LocalCloud
from ops.deployment.door import Door
from ops.deployment.settings import Settings
from tests.support.claims import put_in_flight
from tests.support.deployments import (
    UPLOAD,
    ZIPS,
    deploy,
    empty_account,
    remove,
    settings,
    small_zip,
    state,
    switch,
)


def test_whoever_deploys_needs_no_more_than_the_printed_policy(cloud: LocalCloud) -> None:
    """Deploy, change, pause, look at what is in flight, remove: under exactly that policy."""
    needed = deployer_needs(settings(cloud).config, "dev", enable_ci=False)
    life(cloud, settings(cloud, cloud.account.issue("deployer", granting(needed))))
    assert state(cloud)["functions"] == {}


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_whoever_deploys_needs_each_right_of_the_printed_policy() -> None:
    """Without any one of them something fails."""
    with empty_account() as cloud:
        needed = deployer_needs(settings(cloud).config, "dev", enable_ci=False)
    for left_out in sorted({need.action for need in needed}):
        with empty_account() as cloud:
            rights = [need for need in needed if need.action != left_out]
            key = cloud.account.issue("deployer", granting(rights))
            with pytest.raises(ConcatError):
                life(cloud, settings(cloud, key))


def life(cloud: LocalCloud, given: Settings) -> None:
    """All that a deployment goes through."""
    from ops.deployment.in_flight import in_flight
    from ops.verbs.deploy import examine

    deploy(given)
    examine(given, Door(given))
    cloud.control.triggers.triggers.clear()
    cloud.control.roles.roles[UPLOAD].trust = cloud.control.roles.roles[UPLOAD].trust.replace("scf.", "cvm.")
    config = settings(cloud, CONCAT_CLEANUP="expire").config
    expire = given._replace(config=config, variables={**given.variables, "CONCAT_CLEANUP": "expire"})
    deploy(expire, ZIPS._replace(code=small_zip("newer")))
    description = (
        '{"AuthType":"CAM","NetConfig":{"EnableIntranet":false,"EnableExtranet":true,"ExtranetUrl":"http://x"}}'
    )
    next(each for each in cloud.control.triggers.triggers if each.kind == "http").description = description
    deploy(expire, ZIPS._replace(code=small_zip("newer")))
    switch(given, on=False)
    put_in_flight(cloud, given, "talk")
    assert in_flight(given) == (1, ["talk"])
    remove(given)
