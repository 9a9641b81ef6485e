"""What the faults of a script look like from outside."""

import pytest

from dirigent.adapters.scripted_faults import garbage, refusal, silence
from dirigent.domain.outcomes import Category


@pytest.mark.parametrize(
    ("status", "category"),
    [
        (400, Category.PERMANENT),
        (401, Category.AUTHENTICATION),
        (403, Category.AUTHENTICATION),
        (404, Category.PERMANENT),
        (408, Category.TIMEOUT),
        (429, Category.RATE_LIMIT),
        (500, Category.TRANSIENT),
        (503, Category.TRANSIENT),
    ],
)
def test_a_status_has_its_category_and_a_sentence(status: int, category: Category) -> None:
    failure = refusal(status, 7.0, "large")

    assert failure.category is category
    assert failure.retry_after == 7.0
    assert f"'large' answered {status} (scripted)" in failure.message


def test_garbage_may_be_asked_again_and_silence_is_a_timeout() -> None:
    assert garbage("large").category is Category.TRANSIENT
    assert silence("large").category is Category.TIMEOUT
