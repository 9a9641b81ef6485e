"""Bookmarks of lists."""

import pytest

from dirigent.ports.records import TokenRefused
from dirigent.records.bookmarks import bookmark, place_of

ASKED = ["a", "None", "w"]


@pytest.mark.parametrize("key", ["0abc", "Grüße", "0abc-0123"])
def test_marks_a_place(key: str) -> None:
    assert place_of(bookmark(ASKED, key), ASKED) == key


def test_is_of_one_list_only() -> None:
    with pytest.raises(TokenRefused):
        place_of(bookmark(ASKED, "k"), ["b", "None", "w"])


@pytest.mark.parametrize("token", ["", "x", "ä", "e30=", "WyJhIiwgImIiXQ==", "A" * 40_000, "=", "W10="])
def test_is_nobodys_invention(token: str) -> None:
    with pytest.raises(TokenRefused):
        place_of(token, ASKED)
