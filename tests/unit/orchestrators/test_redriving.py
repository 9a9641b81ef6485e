"""A replay of many: paced by timers, told of in its status, stopped where something is wrong."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.dead_letters import Choice
from dirigent.domain.messages import Message
from dirigent.domain.redrives import Course, Progress, Redrive, RedriveGo, Told
from orchestrators.beginning import CopyRefused
from orchestrators.redriving import GOES, PAUSES, redriving

NOW = datetime(2030, 1, 1, tzinfo=UTC)
Rehearse = Callable[..., Any]


def asked(**others: Any) -> Redrive:
    values: dict[str, Any] = {
        "id": "run",
        "account": "acme",
        "choice": Choice(subscription="s"),
        "rate": 10.0,
        "began_at": NOW,
        "matching": 25,
    }
    return Redrive(**(values | others))


def played(rehearse: Rehearse, redrive: Redrive, *answers: Told | Exception) -> tuple[Any, Any]:
    """The context, and what came of it; each go is answered in turn."""
    left = list(answers)

    def answer(activity: str, order: Any) -> Message:
        told = left.pop(0)
        if isinstance(told, Exception):
            raise told
        return told

    context = rehearse(answer)
    context.given = codec.encode(redrive)
    return context, context.play(redriving(context))


def orders(context: Any) -> list[RedriveGo]:
    assert {name for name, _ in context.calls} == {"redrive"}
    return [codec.decode(RedriveGo, order) for _, order in context.calls]


def statuses(context: Any) -> list[Progress]:
    return [codec.decode(Progress, told) for told in context.told]


def told(replayed: int = 10, **others: Any) -> Told:
    values: dict[str, Any] = {"behind": f"k{replayed}", "replayed": replayed} | others
    return Told(**values)


def test_goes_follow_each_other_no_faster_than_the_rate(rehearse: Rehearse) -> None:
    context, ended = played(rehearse, asked(), told(), told(), told(5, is_last=True))

    assert context.timers == [NOW + timedelta(seconds=1), NOW + timedelta(seconds=2)]
    assert [(order.behind, order.size) for order in orders(context)] == [(None, 10), ("k10", 10), ("k10", 10)]
    assert codec.decode(Progress, ended) == Progress(course=Course.COMPLETED, replayed=25)


def test_its_status_says_how_far_it_is(rehearse: Rehearse) -> None:
    context, _ = played(rehearse, asked(), told(), told(5, is_last=True, returned=2))

    assert statuses(context) == [
        Progress(),
        Progress(replayed=10),
        Progress(course=Course.COMPLETED, replayed=15, returned=2),
    ]


def test_a_go_that_met_nothing_is_followed_at_once(rehearse: Rehearse) -> None:
    context, _ = played(rehearse, asked(), told(0), told(5, is_last=True))

    assert context.timers == []


def test_what_cannot_be_sent_stops_it_and_is_named(rehearse: Rehearse) -> None:
    context, ended = played(rehearse, asked(), told(), Told(replayed=3, because="Too large.", letter="l"))

    stop = Progress(course=Course.STOPPED, replayed=13, letter="l", because="Too large.")
    assert codec.decode(Progress, ended) == statuses(context)[-1] == stop
    assert len(context.calls) == 2


def test_too_many_that_come_back_stop_it(rehearse: Rehearse) -> None:
    back = told(returned=3, returned_letter="l", returned_because="refusal: No.")
    _, ended = played(rehearse, asked(most_returns=3), back)

    assert codec.decode(Progress, ended).course is Course.STOPPED


@pytest.mark.parametrize(
    "trouble", [Told(because="Away.", letter="l", is_passing=True), ConnectionError("dead")]
)
def test_a_go_is_repeated_where_that_may_help(rehearse: Rehearse, trouble: Any) -> None:
    context, ended = played(rehearse, asked(), trouble, told(5, is_last=True))

    first, second = orders(context)
    assert first == second
    assert context.timers == [NOW + timedelta(seconds=PAUSES[0])]
    assert codec.decode(Progress, ended) == Progress(course=Course.COMPLETED, replayed=5)


def test_what_does_not_pass_stops_it_in_the_end(rehearse: Rehearse) -> None:
    away = Told(because="The bus is away.", letter="l", is_passing=True)

    context, ended = played(rehearse, asked(), *[away] * (len(PAUSES) + 1))

    assert codec.decode(Progress, ended) == Progress(
        course=Course.STOPPED, letter="l", because="The bus is away."
    )
    assert len(context.timers) == len(PAUSES)


def test_it_begins_anew_before_its_history_is_long(rehearse: Rehearse) -> None:
    context, ended = played(rehearse, asked(), *[told()] * GOES)

    [after] = context.continued
    assert ended is None
    assert codec.decode(Redrive, after) == replace(
        asked(), behind="k10", progress=Progress(replayed=10 * GOES)
    )
    # The pace is kept across generations.
    assert context.timers[-1] == NOW + timedelta(seconds=GOES)


def test_a_copy_under_another_id_tells_nothing(rehearse: Rehearse) -> None:
    with pytest.raises(CopyRefused):
        played(rehearse, asked(id="another"))
