"""What the faults of a script look like from outside."""

import pytest

from dirigent.adapters.model_script import Answered, Word
from dirigent.adapters.scripted_faults import failure_of
from dirigent.domain.outcomes import Category, Failure


@pytest.mark.parametrize(
    ("status", "category", "reason"),
    [
        (400, Category.PERMANENT, "bad_request"),
        (401, Category.AUTHENTICATION, "wrong_key"),
        (403, Category.AUTHENTICATION, "forbidden"),
        (404, Category.PERMANENT, "unknown_model"),
        (408, Category.TIMEOUT, "timeout"),
        (409, Category.TRANSIENT, "conflict"),
        (422, Category.PERMANENT, "bad_request"),
        (429, Category.RATE_LIMIT, "rate_limit"),
        (500, Category.TRANSIENT, "server_error"),
        (503, Category.TRANSIENT, "server_error"),
    ],
)
def test_a_status_has_its_category_its_reason_and_a_sentence(
    status: int, category: Category, reason: str
) -> None:
    failure = failure_of(Answered(status=status, retry_after=7.0), "large")

    assert isinstance(failure, Failure)
    assert (failure.category, failure.reason) == (category, reason)
    assert failure.retry_after == 7.0
    assert f"'large' answered {status} (scripted)" in failure.message


@pytest.mark.parametrize(
    ("word", "category", "reason"),
    [
        ("timeout", Category.TIMEOUT, "timeout"),
        ("garbage", Category.TRANSIENT, "unreadable"),
        ("cut", Category.TRANSIENT, "dropped"),
        ("refusal", Category.PERMANENT, "refusal"),
        ("filtered", Category.PERMANENT, "content_filter"),
        ("truncated", Category.PERMANENT, "truncated"),
    ],
)
def test_a_word_has_its_category_its_reason_and_a_remedy(word: Word, category: Category, reason: str) -> None:
    failure = failure_of(word, "large")

    assert isinstance(failure, Failure)
    assert (failure.category, failure.reason) == (category, reason)
    assert "'large'" in failure.message
    assert "(scripted); " in failure.message


def test_slowness_is_no_failure() -> None:
    assert failure_of(Answered(slow=3.0), "large") is None
