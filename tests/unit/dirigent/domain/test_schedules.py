"""What a timer of Azure can be set by, and what it cannot."""

import pytest

from dirigent.domain.schedules import is_schedule


@pytest.mark.parametrize(
    "text",
    [
        "0 30 3 * * *",
        "*/10 * * * * *",
        "0 0 9-17/2 1,15 Jan-March mon-FRI",
        "30 3 * * *",
        "  0  30 3 * * * ",
        "00:05:00",
        "1.00:00",
        "24:00:00",
    ],
)
def test_takes_what_timers_take(text: str) -> None:
    assert is_schedule(text)


@pytest.mark.parametrize(
    "text",
    [
        "daily",
        "",
        "3:30 daily",
        "0 30 3 * *  * *",
        "* * * *",
        "0 60 3 * * *",
        "0 0 24 * * *",
        "0 0 0 0 * *",
        "0 0 0 * 13 *",
        "0 0 0 * * 7",
        "0 0 0 * * mox",
        "0 0 0 * * mondays",
        "25:00",
        "00:61:00",
        "0 0 0 * fri *",
        "0 */0 * * * *",
        "0 -5 * * * *",
        "0 1,,2 * * * *",
        "0 0 \u0663 * * *",
        "00:00:00",
        "5",
    ],
)
def test_refuses_what_no_timer_takes(text: str) -> None:
    assert not is_schedule(text)
