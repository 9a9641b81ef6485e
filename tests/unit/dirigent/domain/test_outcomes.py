"""A failure says as much as may travel."""

from datetime import UTC, datetime

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.outcomes import LONGEST_MESSAGE, LONGEST_REASON, Category, Failure, Missing


def failure(message: str) -> Failure:
    return Failure(category=Category.RATE_LIMIT, message=message, retry_after=7.0)


def test_a_message_that_may_travel_stays_whole() -> None:
    longest = failure("m" * LONGEST_MESSAGE)

    assert longest.brief() == longest


def test_a_longer_message_is_cut_and_shows_it() -> None:
    brief = failure("m" * (LONGEST_MESSAGE + 1)).brief()

    assert brief.message == "m" * (LONGEST_MESSAGE - 1) + "…"


def test_nothing_but_the_message_is_cut() -> None:
    long = failure("m" * 5 * LONGEST_MESSAGE)

    brief = long.brief()

    assert (brief.category, brief.retry_after) == (long.category, long.retry_after)
    assert len(long.message) == 5 * LONGEST_MESSAGE


def test_half_a_character_travels_nowhere() -> None:
    odd = failure("bad \udc00 thing \ud83d")
    missing = Missing.of("web", None, odd, datetime(2030, 1, 1, tzinfo=UTC))

    assert odd.brief().message == missing.because == "bad ? thing ?"
    assert codec.decode(Missing, codec.encode(missing)) == missing


def test_why_somebody_is_missing_is_told_briefly() -> None:
    missing = Missing.of("web", None, failure("m" * 5_000), datetime(2030, 1, 1, tzinfo=UTC))

    assert missing.because == "m" * (LONGEST_REASON - 1) + "…"


def test_what_the_other_side_said_is_told_to_people_and_stands_apart() -> None:
    failure = Failure(category=Category.PERMANENT, message="It refuses.", said="I will not.")
    missing = Missing.of("web", None, failure, datetime(2030, 1, 1, tzinfo=UTC))

    assert failure.in_full == missing.because == "It refuses. They said: I will not."
    assert replace(failure, said="").in_full == "It refuses."


def test_what_the_other_side_said_fills_no_history() -> None:
    failure = Failure(category=Category.PERMANENT, message="It refuses.", said="no \ud83c" * 1_000).brief()

    assert len(failure.said) == LONGEST_REASON
    assert failure.said.startswith("no ?no ?")
