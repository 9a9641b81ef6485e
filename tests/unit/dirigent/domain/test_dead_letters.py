"""Dead letters: their ids, the ids of their replays, and their causes."""

from datetime import UTC, datetime, timedelta

import pytest

from dirigent.domain.dead_letters import (
    LONGEST_ID,
    cause_of,
    dead_letter_id,
    is_dead_letter_id,
    known_as,
    letters_between,
    replay_id,
    why_unheard,
)
from dirigent.domain.outcomes import Category

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)


def cause(description: str, *, step: str | None = None, category: Category = Category.PERMANENT) -> str:
    return cause_of("analyser", category, "refusal", description, step)


def test_the_same_event_has_the_same_letter() -> None:
    assert dead_letter_id("analyser", "e1", NOON) == dead_letter_id("analyser", "e1", NOON)


def test_another_subscription_has_another_letter() -> None:
    assert dead_letter_id("analyser", "e1", NOON) != dead_letter_id("notifier", "e1", NOON)


def test_newer_letters_sort_first() -> None:
    newer, older = dead_letter_id("s", "e", NOON), dead_letter_id("s", "e", NOON - timedelta(seconds=1))

    assert newer < older


@pytest.mark.parametrize("text", ["", "x", "../etc", "0" * 14, "0" * 14 + "-" + "g" * 20])
def test_what_nobody_made_is_no_id(text: str) -> None:
    assert is_dead_letter_id(dead_letter_id("s", "e", NOON))
    assert not is_dead_letter_id(text)


def test_a_range_of_time_is_a_range_of_ids() -> None:
    first, last = letters_between(NOON, NOON + timedelta(hours=1))
    inside = [dead_letter_id("s", "e", NOON + timedelta(minutes=minutes)) for minutes in (0, 30, 60)]
    outside = [dead_letter_id("s", "e", NOON + timedelta(minutes=minutes)) for minutes in (-1, 61)]

    assert all(first <= letter <= last for letter in inside)
    assert not any(first <= letter <= last for letter in outside)


def test_a_range_without_ends_holds_everything() -> None:
    first, last = letters_between(None, None)

    assert first <= dead_letter_id("s", "e", NOON) <= last
    assert first <= dead_letter_id("s", "e", datetime(1960, 1, 1, tzinfo=UTC)) <= last


def test_replays_have_ids_of_their_own() -> None:
    assert [replay_id("e1", number) for number in (1, 2)] == ["e1.replay-1", "e1.replay-2"]


def test_replays_of_the_longest_ids_fit_the_bus_and_do_not_meet() -> None:
    one, other = "a" * (LONGEST_ID - 1) + "1", "a" * (LONGEST_ID - 1) + "2"

    assert len(replay_id(one, 12)) <= LONGEST_ID
    assert replay_id(one, 12) != replay_id(other, 12)
    assert replay_id(one, 12).endswith(".replay-12")


@pytest.mark.parametrize("length", [1, 96, 97, 98, 118, 119, 120, LONGEST_ID])
def test_an_event_and_its_replays_are_known_by_the_same_however_long_its_id_is(length: int) -> None:
    event = "é" * length
    replays = [replay_id(event, number).removesuffix(f".replay-{number}") for number in (1, 9, 10, 12_345)]

    assert {known_as(each) for each in replays} == {known_as(event)}


def test_other_events_are_known_by_others() -> None:
    ids = [f"{'e' * length}{last}" for length in (3, 96, 97, 120) for last in "ab"]

    assert len({known_as(event) for event in ids}) == len(ids)


def test_ids_and_figures_make_no_other_cause() -> None:
    assert cause("The order 'A-17' has 3 items.") == cause("The order 'B-90' has 12 items.")


def test_other_words_are_another_cause() -> None:
    found = {
        cause("No such field."),
        cause("No such topic."),
        cause("No such field.", step="write"),
        cause("No such field.", category=Category.TIMEOUT),
    }

    assert len(found) == 4


def test_half_a_character_has_a_cause() -> None:
    assert cause("broken \ud800") == cause("broken \ud800")


def test_of_a_subscription_that_is_gone_the_nearest_is_named_if_one_is_near() -> None:
    assert why_unheard("write-order", ["write-orders", "billing"]) == (
        "There is no subscription 'write-order' any more (there is 'write-orders'), and nobody would hear of "
        "it: declare it again, or discard its dead letters."
    )
    assert "any more, and nobody" in why_unheard("write-order", ["billing"])
