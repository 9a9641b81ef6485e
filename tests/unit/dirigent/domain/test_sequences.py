"""How a chain goes on."""

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.runs import Held, PlannedStep, StartRun
from dirigent.domain.sequences import Sequence, Settled

FAILED = Failed(failure=Failure(category=Category.PERMANENT, message="no"))


def started(*steps: str) -> StartRun:
    return StartRun(
        run="r",
        account="a",
        workflow="w",
        type="t",
        definition="d",
        plan=tuple(PlannedStep(name=name, activity="ask_agent", timeout=30) for name in steps),
        input=Held(text="{}"),
        created_at=datetime(2030, 1, 1, tzinfo=UTC),
        timeout=3600,
    )


def test_performs_the_steps_in_their_order() -> None:
    state, names = Sequence(start=started("one", "two", "three")), []
    while not isinstance(move := state.next_move(), Settled):
        names.append(move.step.name)
        state = state.hear(Done())

    assert (names, move) == (["one", "two", "three"], Settled())


def test_the_first_opens_and_the_last_closes() -> None:
    state, marks = Sequence(start=started("one", "two", "three")), []
    while not isinstance(move := state.next_move(), Settled):
        marks.append((move.opens, move.closes))
        state = state.hear(Done())

    assert marks == [(True, False), (False, False), (False, True)]


def test_a_single_step_opens_and_closes() -> None:
    move = Sequence(start=started("only")).next_move()

    assert not isinstance(move, Settled)
    assert (move.opens, move.closes) == (True, True)


@given(st.integers(0, 4))
def test_ends_with_the_step_that_was_given_up(done: int) -> None:
    state = Sequence(start=started("0", "1", "2", "3", "4"))
    for _ in range(done):
        state = state.hear(Done())

    assert state.hear(FAILED).next_move() == Settled(failed=FAILED, step=str(done))
