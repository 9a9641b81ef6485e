"""What a model's failure says."""

from dirigent.domain.outcomes import Category, Failure
from dirigent.ports.model import ModelFailed


def test_a_failure_says_its_category_and_why() -> None:
    failure = Failure(category=Category.RATE_LIMIT, message="too many calls", retry_after=7)

    error = ModelFailed(failure)

    assert error.failure is failure
    assert error.is_theirs
    assert str(error) == "RATE_LIMIT: too many calls"
