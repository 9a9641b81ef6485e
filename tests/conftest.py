"""What tests of several folders share."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from azurite import Azurite


@pytest.fixture(scope="session")
def azurite() -> Iterator[Azurite]:
    """The storage emulator, one for all tests of a worker: each takes a `storage()` of its own."""
    with Azurite() as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """A test may log what no UTF-8 can hold, half a surrogate; a worker's report of it must still arrive."""
    return _sendable((yield))


def _sendable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if isinstance(value, dict):
        return {_sendable(key): _sendable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_sendable(item) for item in value)
    return value
