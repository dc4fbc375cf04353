"""What several of these files test with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.local_cos import LocalCos

if TYPE_CHECKING:
    from local.cloud import LocalCloud


@pytest.fixture
def cos() -> Iterator[LocalCos]:
    """A COS of its own for each test."""
    with LocalCos() as cos:
        yield cos


@pytest.fixture
def cloud() -> Iterator[LocalCloud]:
    """An account in which nothing is deployed."""
    from tests.support.deployments import empty_account  # what deploys is loaded only where something is deployed

    with empty_account() as running:
        yield running
