"""What several of these files test with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.local_cos import LocalCos


@pytest.fixture
def cos() -> Iterator[LocalCos]:
    """A COS of its own for each test."""
    with LocalCos() as cos:
        yield cos
