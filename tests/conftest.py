"""What tests of several folders share."""

from collections.abc import Iterator

import pytest
from azurite import Azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """The storage emulator, one for all tests: each takes a `storage()` of its own."""
    with Azurite() as running:
        yield running
