"""Instants and spans as people read them."""

import pytest

from dirigent.cli.times import to_the_second, whole


@pytest.mark.parametrize(
    ("instant", "told"),
    [
        ("2030-01-01T00:00:02.500Z", "2030-01-01T00:00:02Z"),
        ("2030-01-01T00:00:02.123456+00:00", "2030-01-01T00:00:02+00:00"),
        ("2030-01-01T00:00:02Z", "2030-01-01T00:00:02Z"),
        ("never", "never"),
    ],
)
def test_an_instant_is_told_to_the_second(instant: str, told: str) -> None:
    assert to_the_second(instant) == told


@pytest.mark.parametrize(("seconds", "told"), [(4.737, "5 s"), (4.0, "4 s"), (0.001, "1 s")])
def test_a_span_is_rounded_up(seconds: float, told: str) -> None:
    assert whole(seconds) == told
