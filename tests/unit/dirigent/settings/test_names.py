"""What accounts may be called."""

import pytest

from dirigent.settings import is_name


@pytest.mark.parametrize(
    "text", ["", "a/b", "a\\b", "a#b", "a?b", "vic%74im", "a\x00b", "a\nb", "a" * 501, "🦉" * 251, " a", "a "]
)
def test_a_name_that_records_could_not_keep_is_none(text: str) -> None:
    assert not is_name(text)


@pytest.mark.parametrize("text", ["house", "night shift", "a" * 500, "🦉" * 250, "55555555-abcd"])
def test_any_other_text_is_a_name(text: str) -> None:
    assert is_name(text)
