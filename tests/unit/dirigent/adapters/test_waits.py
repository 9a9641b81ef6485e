from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.waits import wait_asked
from dirigent.domain.outcomes import LONGEST_RETRY

NOW = datetime(2031, 5, 6, 7, 8, 9, tzinfo=UTC)


def dated(seconds: float) -> str:
    return format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": " 0.5 "}, 0.5),
        ({"retry-after": "600"}, 600.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"x-ms-retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": dated(90)}, 90.0),
        ({"retry-after": dated(90), "date": dated(60)}, 30.0),
        ({"retry-after": dated(90), "date": "yesterday"}, 90.0),
        ({"retry-after": "Tue, 06 May 2031 07:09:09 -0000"}, 60.0),
        ({"retry-after": dated(-90)}, None),
        ({"retry-after": "0"}, None),
        ({"retry-after": "-5"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e3"}, None),
        ({"retry-after": "٣"}, None),
        ({"retry-after": "9" * 400}, LONGEST_RETRY),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 GMT"}, LONGEST_RETRY),
        ({"retry-after": "Mon, 99 Foo 20311 99:99:99 GMT"}, None),
        ({"retry-after": "Fri, 31 Dec 9999 23:59:59 -2359"}, None),
    ],
)
def test_reads_what_is_asked_for(headers: dict[str, str], expected: float | None) -> None:
    assert wait_asked(headers, NOW) == expected


@given(
    headers=st.dictionaries(
        st.sampled_from(["retry-after", "retry-after-ms", "date"]), st.text() | st.floats().map(str)
    )
)
def test_whatever_is_said_no_wait_is_absurd(headers: dict[str, str]) -> None:
    wait = wait_asked(headers, NOW)

    assert wait is None or 0 < wait <= LONGEST_RETRY


@given(seconds=st.integers(1, 86_400))
def test_seconds_and_dates_say_the_same(seconds: int) -> None:
    counted, until = {"retry-after": str(seconds)}, {"retry-after": dated(seconds)}

    assert wait_asked(counted, NOW) == wait_asked(until, NOW) == seconds
