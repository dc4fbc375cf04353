"""What the promises ask of a schedule that was played to its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from cosconcat.config import Config
from tests.simulation.models.functions import Functions
from tests.simulation.models.objects import CosModel
from tests.simulation.models.world import World
from tests.simulation.plan import Plan
from tests.simulation.promises.groups import Group
from tests.simulation.promises.known import Known


class Uploads(Protocol):
    """Who uploaded, and what is to be expected of it."""

    @property
    def groups(self) -> Sequence[Group]:
        """Groups in a convention with a fixed number of pieces, or a marker, or a manifest."""

    @property
    def undisturbed(self) -> Sequence[str]:
        """Keys of recordings that are cut at gaps, where nobody did anything odd with any of them."""


class Played(Protocol):
    """A schedule, with what its models know to be true."""

    plan: Plan
    config: Config
    world: World
    cos: CosModel
    functions: Functions
    last_sweep: float
    excused: frozenset[str]  # ids of groups that cannot come to their end

    @property
    def promises(self) -> Known:
        """What is known of it."""

    @property
    def users(self) -> Uploads:
        """Whoever uploaded."""
