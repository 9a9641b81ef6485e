"""What every entity does around its machine."""

from collections.abc import Callable
from typing import Any

import pytest

from dirigent.domain.catalogue import Catalogue
from dirigent.domain.messages import Message
from dirigent.ports.clock import Clock
from entities.shell import Entity, Read, move


class Tally(Message, frozen=True, kw_only=True):
    """A machine as small as they come."""

    total: int = 0
    told: int = 0


def tally(clock: Clock, catalogue: Catalogue) -> Entity:
    def add(tally: Tally, wish: Read, now: int) -> tuple[Tally, Tally]:
        after = Tally(total=tally.total + wish(), told=now)
        return after, after

    def clear(tally: Tally, wish: Read, now: int) -> tuple[Tally, None]:
        return Tally(told=now), None

    return lambda context: move(context, Tally, {"add": add, "clear": clear}, clock)


@pytest.fixture
def desk(stage: Callable[[object], Any]) -> Any:
    return stage(tally)


def test_remembers_between_operations(desk: Any) -> None:
    desk.ask("add", 2)

    assert desk.ask("add", 3)["total"] == 5
    assert desk.remembered["total"] == 5


def test_says_what_time_it_is_in_microseconds(desk: Any) -> None:
    assert desk.ask("add", 1)["told"] == 1_893_456_000_000_000


def test_an_operation_without_an_answer_gives_none(desk: Any) -> None:
    results = desk.batch(("add", 2), ("clear", {"by": "ops"}), ("add", 4))

    assert [result["isError"] for result in results] == [False] * 3
    assert results[1]["result"] in (None, "null")
    assert '"total": 4' in results[2]["result"].replace('":4', '": 4')


def test_an_unknown_operation_is_named_and_changes_nothing(desk: Any) -> None:
    desk.ask("add", 2)
    before = desk.remembered

    assert desk.fail("multiply", 3) == "There is no operation 'multiply': add, clear."
    assert desk.remembered == before


def test_an_operation_that_fails_does_not_bring_an_entity_into_being(desk: Any) -> None:
    desk.fail("multiply", 3)

    assert desk.state is None


def test_what_fails_in_a_batch_leaves_the_others_as_they_are(desk: Any) -> None:
    results = desk.batch(("add", 2), ("add", "two"), ("add", 3))

    assert [result["isError"] for result in results] == [False, True, False]
    assert desk.remembered["total"] == 5


def test_an_input_that_was_left_out_fails_only_where_it_is_read(desk: Any, left_out: object) -> None:
    desk.ask("add", 2)

    assert "NoneType" in desk.fail("add", left_out)
    assert desk.ask("clear", left_out) is None
    assert desk.remembered.get("total", 0) == 0


def test_what_it_cannot_read_of_its_own_it_does_not_overwrite(desk: Any) -> None:
    desk.state = '{"total": "many"}'

    assert "$.total" in desk.fail("add", 1)
    assert desk.remembered == {"total": "many"}
