"""How much a request's schemas may ask for altogether."""

import pytest

from dirigent.modelserver.budgets import MOST_CHARACTERS, MOST_PIECES, Budget, Overspent


def test_allows_as_much_as_there_is_and_no_more() -> None:
    budget = Budget()
    budget.spend(MOST_PIECES - 1, MOST_CHARACTERS)
    budget.spend(1)

    with pytest.raises(Overspent, match="5,000"):
        budget.spend(1)
    with pytest.raises(Overspent, match="120,000 characters"):
        Budget().spend(0, MOST_CHARACTERS + 1)


def test_what_is_repeated_counts_as_often() -> None:
    budget = Budget()

    with budget.repeated(50), budget.repeated(0), budget.repeated(MOST_PIECES // 50):
        budget.spend(1)

    with pytest.raises(Overspent):
        budget.spend(1)


def test_is_repeated_only_meanwhile() -> None:
    budget = Budget()
    with budget.repeated(MOST_PIECES):
        pass

    budget.spend(2)

    with pytest.raises(Overspent):
        budget.spend(MOST_PIECES - 1)
