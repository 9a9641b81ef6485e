"""A misspelt name leads to the one that was meant."""

import pytest

from dirigent.domain.spelling import nearest, suggestion, twin

NAMES = ("researcher", "writer", "editor")


@pytest.mark.parametrize(
    ("written", "meant"),
    [("writr", "writer"), ("Editor", "editor"), ("reasearcher", "researcher"), ("cook", None), ("", None)],
)
def test_finds_the_nearest_name(written: str, meant: str | None) -> None:
    assert nearest(written, NAMES) == meant


def test_does_not_compare_what_is_no_name() -> None:
    assert nearest("writer" * 1_000, ["writer" * 1_000]) is None


def test_suggests_the_one_probably_meant() -> None:
    assert suggestion("writr", NAMES, kind="agents") == "did you mean 'writer'?"


def test_lists_all_when_none_is_near() -> None:
    assert suggestion("cook", NAMES, kind="agents") == "agents are 'editor', 'researcher', 'writer'."


def test_says_when_there_are_none() -> None:
    assert suggestion("cook", (), kind="agents") == "there are none."


def test_lists_no_more_than_one_reads() -> None:
    assert suggestion("cook", [f"agent-{n}" for n in range(30)], kind="agents").endswith(
        "'agent-26' and 10 more."
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("order", "orders"),
        ("oders", "orders"),
        ("odrers", "orders"),
        ("ordera", "orders"),
        ("stockcounts", "stock-count"),
        ("orders", None),
        ("borderline", None),
        ("orders-late", None),
        ("stock", None),
        ("us", None),
        ("stage-2", None),
    ],
)
def test_finds_the_name_that_is_one_slip_away(written: str, meant: str | None) -> None:
    assert twin(written, ("stock-count", "orders", "eu", "stage-1")) == meant
