"""Which dead letters are asked for."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from dirigent.domain.dead_letters import Choice, State
from dirigent.domain.outcomes import Category
from triggers.letter_filters import FILTERS, Reader, choice_of, told_choice
from triggers.problems import Refused


def choice(values: Mapping[str, Any], state: object = None) -> Choice:
    reader = Reader(values, FILTERS, word="parameter")
    found = choice_of(reader, values.get("state", state))
    reader.check()
    return found


ALL = {
    "subscription": "analyser",
    "topic": "data",
    "type": "DataReceived",
    "category": "TIMEOUT",
    "reason": "late",
    "cause": "0123",
    "state": "replayed",
    "from": "2031-05-06T12:00:00Z",
    "to": "2031-05-07T14:00:00+02:00",
}


def test_every_filter_is_read_and_told_again() -> None:
    found = choice(ALL)

    assert found == Choice(
        subscription="analyser",
        topic="data",
        type="DataReceived",
        category=Category.TIMEOUT,
        reason="late",
        cause="0123",
        state=State.REPLAYED,
        earliest=datetime(2031, 5, 6, 12, tzinfo=UTC),
        latest=datetime(2031, 5, 7, 12, tzinfo=UTC),
    )
    assert told_choice(found).keys() == ALL.keys()


def test_without_filters_the_usual_state_is_meant() -> None:
    assert choice({}, State.OPEN) == Choice(state=State.OPEN)


def test_every_state_can_be_asked_for() -> None:
    assert choice({"state": "all"}, State.OPEN) == Choice()


def test_a_state_that_is_none_is_told_of_every_state_and_of_all_where_all_is_one() -> None:
    said = {}
    for also in ((), ("all",)):
        reader = Reader({"state": "zz"}, FILTERS, word="parameter")
        choice_of(reader, "zz", also=also)
        with pytest.raises(Refused) as caught:
            reader.check()
        said[also] = caught.value.sentence

    assert said[("all",)].endswith("there are 'all', 'discarded', 'open', 'replayed', 'replaying'.")
    assert said[()].endswith("there are 'discarded', 'open', 'replayed', 'replaying'.")


def test_what_hosts_read_from_the_query_is_passed_over() -> None:
    assert choice({"code": "key", "topic": "data"}) == Choice(topic="data")


@pytest.mark.parametrize(
    ("values", "field", "words"),
    [
        ({"state": "opened"}, "state", "did you mean 'open'"),
        ({"category": "SLOW"}, "category", "'PERMANENT'"),
        ({"from": "yesterday"}, "from", "send a time such as"),
        ({"from": "2031-02-01", "to": "2031-01-01"}, "from", "exchange them"),
        ({"topic": ""}, "topic", "1 to 300 printable"),
        ({"topic": 7}, "topic", "1 to 300 printable"),
        ({"topics": "data"}, "topics", "did you mean 'topic'"),
    ],
)
def test_what_will_not_do_is_named_with_the_remedy(values: dict[str, Any], field: str, words: str) -> None:
    with pytest.raises(Refused) as refused:
        choice(values)

    assert refused.value.status == 400
    assert [problem.field for problem in refused.value.fields] == [field]
    assert words in refused.value.sentence


@pytest.mark.parametrize("value", ["0", "201", "٣", "1e2", True, 1.5, "9" * 30])
def test_no_such_number_is_whole(value: object) -> None:
    reader = Reader({"limit": value}, ("limit",), word="parameter")
    reader.whole("limit", 1, 200)

    with pytest.raises(Refused, match="whole number from 1 to 200"):
        reader.check()


@pytest.mark.parametrize(("value", "number"), [(5, 5.0), (0.5, 0.5), (None, None)])
def test_numbers_are_read(value: object, number: float | None) -> None:
    reader = Reader({"rate": value}, ("rate",), word="member")

    assert reader.number("rate", 0.1, 10) == number
    reader.check()


@pytest.mark.parametrize("value", [0, 11, "5", True, float("nan")])
def test_numbers_out_of_range_are_refused(value: object) -> None:
    reader = Reader({"rate": value}, ("rate",), word="member")
    reader.number("rate", 0.1, 10)

    with pytest.raises(Refused, match=r"number from 0\.1 to 10"):
        reader.check()


def test_a_truth_is_no_text() -> None:
    reader = Reader({"dry_run": "yes"}, ("dry_run",), word="member")
    reader.truth("dry_run")

    with pytest.raises(Refused, match="`dry_run`"):
        reader.check()
