"""What an orchestrator hears now, what waits, and what nobody wants any more."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from devhost.engine import history
from devhost.engine.history import COMPLETES, EventType
from devhost.engine.instances import Letter
from devhost.engine.messages import Event
from devhost.engine.selection import Selection, select
from devhost.storage.tables import LETTERS

NOW = "2030-01-01T00:00:00.000000Z"


def letter(event: Event, execution: str | None = None) -> Letter:
    return Letter(event=event, table=LETTERS, key=(0,), execution=execution)


def raised(name: str) -> Letter:
    return letter(history.event_raised(NOW, name, "1"))


def answered(task: int, execution: str = "e") -> Letter:
    return letter(history.task_completed(NOW, task, None), execution)


def selected(
    *letters: Letter, open_tasks: tuple[int, ...] = (), waits: dict[str, int] | None = None
) -> Selection:
    tasks = dict.fromkeys(open_tasks, "something")
    return select(letters, execution="e", open_tasks=tasks, waits=waits or {})


def test_takes_the_answer_to_an_open_task() -> None:
    answer = answered(3)

    assert selected(answer, open_tasks=(3,)).taken == (answer,)


def test_an_answer_nobody_waits_for_is_stale() -> None:
    answer = answered(3)

    assert selected(answer, open_tasks=(4,)).stale == (answer,)


def test_a_second_answer_to_one_task_is_stale() -> None:
    first, second = answered(3), answered(3)
    chosen = selected(first, second, open_tasks=(3,))

    assert (chosen.taken, chosen.stale) == ((first,), (second,))


def test_an_answer_to_another_execution_is_stale_though_the_number_is_open() -> None:
    late = answered(3, execution="former")

    assert selected(late, open_tasks=(3,)).stale == (late,)


def test_an_event_waits_until_it_is_waited_for() -> None:
    event = raised("go")

    assert selected(event).kept == (event,)
    assert selected(event, waits={"go": 1}).taken == (event,)


def test_hands_over_one_event_for_each_wait_the_oldest_first() -> None:
    first, second, third = raised("go"), raised("go"), raised("go")
    chosen = selected(first, second, third, waits={"go": 2})

    assert (chosen.taken, chosen.kept) == ((first, second), (third,))


def test_an_entity_s_reply_is_never_held_back() -> None:
    reply = letter(history.event_raised(NOW, "guid", "{}"), execution="e")

    assert selected(reply).taken == (reply,)


def test_the_start_is_always_taken() -> None:
    start = letter(
        history.execution_started(
            NOW, name="a", version="", input_json=None, instance_id="i", execution_id="e", parent=None
        ),
        execution="e",
    )

    assert selected(raised("go"), start).taken == (start,)


NAMES = st.sampled_from(["go", "stop", "Go"])
LETTERS_OF_ALL_KINDS = (
    st.builds(raised, NAMES)
    | st.builds(answered, st.integers(0, 4), st.sampled_from(["e", "former"]))
    | st.builds(lambda task: letter(history.timer_fired(NOW, task, NOW)), st.integers(0, 4))
)


@given(
    letters=st.lists(LETTERS_OF_ALL_KINDS, max_size=20),
    open_tasks=st.sets(st.integers(0, 4)),
    waits=st.dictionaries(NAMES, st.integers(0, 3)),
)
def test_loses_nothing_keeps_the_order_and_hands_over_no_more_than_is_waited_for(
    letters: list[Letter], open_tasks: set[int], waits: dict[str, int]
) -> None:
    chosen = selected(*letters, open_tasks=tuple(open_tasks), waits=waits)
    places = [[id(letter) for letter in part] for part in (chosen.taken, chosen.stale, chosen.kept)]

    order = [id(letter) for letter in letters]
    assert sorted(place for part in places for place in part) == sorted(order)
    assert all(part == [one for one in order if one in set(part)] for part in places)
    heard = Counter(one.event["Name"] for one in chosen.taken if "Name" in one.event)
    assert all(number <= waits.get(name, 0) for name, number in heard.items())
    answers = [
        one.event[COMPLETES[one.event["EventType"]]] for one in chosen.taken if "Name" not in one.event
    ]
    assert len(answers) == len(set(answers))
    assert set(answers) <= open_tasks
    assert all(one.event["EventType"] == EventType.EVENT_RAISED for one in chosen.kept)
    # Only what exceeds its waits is kept.
    kept = Counter(one.event["Name"] for one in chosen.kept)
    assert all(heard[name] == waits.get(name, 0) for name in kept)
