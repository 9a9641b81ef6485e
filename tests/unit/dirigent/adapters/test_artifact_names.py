"""Names of artifacts."""

import pytest

from dirigent.adapters.artifact_names import LONGEST_NAME, LONGEST_PART, NameRefused, check, folder_of


@pytest.mark.parametrize(
    "name", ["a", "runs/1/article.md", "..a/a..", ".a", "a" * LONGEST_PART, "a/" * 249 + "aa"]
)
def test_takes_a_name_that_leads_nowhere_else(name: str) -> None:
    check(name)

    assert folder_of(f"{name}/") == name


@pytest.mark.parametrize(
    "name", ["", "/", "a//b", "a/", "/a", "..", "a/../b", "a/.", "a b", "a\\b", "ä", "a~", "a\n"]
)
def test_refuses_any_other(name: str) -> None:
    with pytest.raises(NameRefused, match=r"neither '\.' nor '\.\.'") as refusal:
        check(name)

    assert refusal.value.name == name


def test_refuses_what_is_too_long_and_does_not_repeat_it() -> None:
    with pytest.raises(NameRefused, match=f"at most {LONGEST_NAME} characters") as long:
        check("a/" * LONGEST_NAME)
    with pytest.raises(NameRefused, match=f"a part has at most {LONGEST_PART}"):
        check("a" * (LONGEST_PART + 1))

    assert len(str(long.value)) < 250


@pytest.mark.parametrize("prefix", ["", "a", "a/b"])
def test_refuses_a_prefix_that_ends_in_the_middle_of_a_name(prefix: str) -> None:
    with pytest.raises(NameRefused, match="a prefix ends in '/'"):
        folder_of(prefix)


@pytest.mark.parametrize("prefix", ["/", "../", "a//"])
def test_refuses_a_prefix_that_is_no_name(prefix: str) -> None:
    with pytest.raises(NameRefused, match="its parts"):
        folder_of(prefix)
