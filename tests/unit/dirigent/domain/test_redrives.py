"""Replays of many dead letters: pace, progress and where they stop."""

from datetime import UTC, datetime, timedelta

import pytest

from dirigent.domain.dead_letters import Choice
from dirigent.domain.redrives import MOST_AT_ONCE, Course, Progress, Redrive, Told

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)


def redrive(rate: float = 10, limit: int | None = None, *, replayed: int = 0, most: int = 10) -> Redrive:
    return Redrive(
        id="r",
        account="a",
        choice=Choice(),
        rate=rate,
        limit=limit,
        most_returns=most,
        began_at=NOON,
        progress=Progress(replayed=replayed),
    )


@pytest.mark.parametrize(
    ("rate", "size", "seconds"), [(10, 10, 1), (2.5, 2, 0.8), (0.5, 1, 2), (500, MOST_AT_ONCE, 0.2)]
)
def test_a_go_takes_as_long_as_its_rate_allows(rate: float, size: int, seconds: float) -> None:
    asked = redrive(rate)

    assert asked.size == size
    assert asked.due(NOON, size) == NOON + timedelta(seconds=seconds)


def test_the_last_go_is_as_short_as_the_limit() -> None:
    assert redrive(limit=25, replayed=20).size == 5


def test_it_goes_on_behind_what_was_told() -> None:
    after = redrive(replayed=10).heard(Told(behind="k", replayed=10, returned=3))

    assert (after.behind, after.progress) == ("k", Progress(replayed=20, returned=3))


def test_a_go_that_met_nothing_keeps_its_place() -> None:
    after = redrive().heard(Told(behind="k", replayed=1)).heard(Told(is_last=True))

    assert (after.behind, after.progress.course) == ("k", Course.COMPLETED)


def test_it_is_over_at_its_limit() -> None:
    after = redrive(limit=20, replayed=10).heard(Told(behind="k", replayed=10))

    assert after.progress.course is Course.COMPLETED


def test_it_stops_at_what_could_not_be_told() -> None:
    after = redrive().heard(Told(replayed=4, because="too large", letter="l", is_last=True))

    assert after.progress == Progress(course=Course.STOPPED, replayed=4, letter="l", because="too large")


def test_it_stops_when_too_many_come_back() -> None:
    told = Told(behind="k", replayed=10, returned=2, returned_letter="l", returned_because="refusal: No.")
    after = redrive(most=2).heard(told)

    assert (after.progress.course, after.progress.letter) == (Course.STOPPED, "l")
    assert after.progress.because == "2 letters that were told again came back dead: refusal: No."


def test_it_says_of_one_that_it_is_one() -> None:
    told = Told(returned=1, returned_letter="l", returned_because="refusal: No.")

    assert redrive(most=1).heard(told).progress.because.startswith("1 letter that was told")


def test_asked_to_it_never_stops_for_those_that_come_back() -> None:
    after = redrive(most=0).heard(Told(behind="k", replayed=10, returned=500, returned_letter="l"))

    assert after.progress.course is Course.RUNNING
