"""What holds for every replay test."""

import pytest

#: The SDK says once a process that typed decoding exists; the apps are written without it, as most are.
ADVICE = "ignore:azure.functions (df_loads|Durable JSON codec):DeprecationWarning"


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.filterwarnings(ADVICE))
