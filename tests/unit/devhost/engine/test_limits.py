"""No more at once than allowed, and everybody in the end."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.engine.limits import Gate


@given(limit=st.integers(1, 5), leaves=st.lists(st.booleans(), max_size=60))
def test_lets_in_no_more_than_the_limit_and_all_in_their_order(limit: int, leaves: list[bool]) -> None:
    gate, inside, seen = Gate(limit), 0, list[int]()

    def go(number: int) -> Callable[[], None]:
        return lambda: seen.append(number)

    left = 0
    for number, leave in enumerate(leaves):
        gate.enter(go(number))
        if leave and len(seen) > left:
            left += 1
            gate.leave()
        inside = len(seen) - left
        assert inside <= limit
    while left < len(leaves):
        left += 1
        gate.leave()

    assert seen == list(range(len(leaves)))


def test_refuses_a_limit_that_lets_nothing_run() -> None:
    with pytest.raises(ValueError, match="give at least 1"):
        Gate(0)
