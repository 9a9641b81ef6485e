"""Content types of artifacts."""

import pytest

from dirigent.adapters.content_types import LONGEST_TYPE, TypeRefused, check_type


@pytest.mark.parametrize(
    "content_type",
    [
        *("text/plain", "text/markdown; charset=utf-8", "application/vnd.x.y+json;profile=a b", "A/B ; c"),
        "text/" + "x" * (LONGEST_TYPE - 5),
    ],
)
def test_takes_a_type_with_parameters_or_none(content_type: str) -> None:
    assert check_type(content_type) is None  # type: ignore[func-returns-value]


@pytest.mark.parametrize("content_type", ["", "text", "text/plain\n", "text/plain;", "text/ä", "text/a b"])
def test_refuses_any_other_by_name(content_type: str) -> None:
    with pytest.raises(TypeRefused, match="it is type/subtype") as refusal:
        check_type(content_type)

    assert refusal.value.content_type == content_type


def test_refuses_what_is_too_long_and_does_not_repeat_it() -> None:
    with pytest.raises(TypeRefused, match=f"at most {LONGEST_TYPE} printable") as refusal:
        check_type("text/" + "x" * (LONGEST_TYPE - 4))

    assert len(str(refusal.value)) < 300
