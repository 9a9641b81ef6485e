"""Showing what is left."""

import pytest

from dirigent.domain.account_gate import standing
from dirigent.domain.passages import Level
from dirigent.domain.windows import SECOND, Limits, Windows
from triggers.limit_view import limit_view, seconds_until

NOW = 1_000 * SECOND


def test_shows_a_window_without_limit_as_null() -> None:
    limits = Limits(minute=None, day=None)
    windows, _ = Windows().admit(limits, NOW, 10)

    assert limit_view(standing(Level.AGENT, "writer", limits, windows, NOW), NOW) == {
        "level": "agent",
        "key": "writer",
        "allowed": False,
        "retry_after": 1.05,
        "refused_by": "burst",
        "limits": {"burst": 10, "minute": None, "hour": 1_000, "day": None},
        "left": {"burst": 0, "minute": None, "hour": 990, "day": None},
    }


@pytest.mark.parametrize(
    ("instant", "seconds"),
    [(None, None), (NOW + 1, 0.001), (NOW + 1_001, 0.002), (NOW + SECOND, 1.0), (NOW - 1, 0.0)],
)
def test_tells_nobody_to_come_back_too_early(instant: int | None, seconds: float | None) -> None:
    assert seconds_until(instant, NOW) == seconds
