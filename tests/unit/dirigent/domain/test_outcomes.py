"""A failure says as much as may travel."""

from dirigent.domain.outcomes import LONGEST_MESSAGE, Category, Failure


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
