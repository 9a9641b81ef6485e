"""How somebody waits before a gate."""

from datetime import datetime

import pytest
from guarded_wave import NOW, full, later, shut
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.breakers import State
from dirigent.domain.passages import MOST_REFUSALS, Level, Passage, Refusal, Why
from dirigent.domain.queues import FIRST_PAUSE, LONGEST_PAUSE, PART, SPREAD, Queue

FOR_EVER = later(10**8)


def refused(refusal: Refusal, now: datetime = NOW, patience: datetime = FOR_EVER) -> Queue:
    return Queue().refuse(refusal, now, patience=patience, seed="r")


def test_comes_back_when_it_was_told() -> None:
    queue = refused(full(10))

    assert (queue.since, queue.due, queue.streak, queue.refused) == (NOW, later(10), 1, 1)


def test_each_further_asking_comes_after_a_longer_pause() -> None:
    queue, now, pauses = Queue(), NOW, []
    for _ in range(60):
        queue = queue.refuse(full(0, at=now), now, patience=FOR_EVER, seed="r")
        assert queue.due is not None
        pauses.append((queue.due - now).total_seconds())
        now = queue.due

    assert pauses[0] == FIRST_PAUSE
    first = [pause for pause in pauses if pause < LONGEST_PAUSE]
    assert first == sorted(first)
    # In the end it is a part of what has been waited, another for each.
    shares = [pause / sum(pauses[:number]) for number, pause in enumerate(pauses) if number > 40]
    assert all(PART * 0.5 <= share <= PART * 1.5 for share in shares)
    assert len(set(shares)) == len(shares)


def test_those_that_a_circuit_sends_away_come_back_one_after_another() -> None:
    queues = [Queue().refuse(shut(60), NOW, patience=FOR_EVER, seed=f"r{n}") for n in range(200)]
    dues = [queue.due for queue in queues if queue.due is not None]

    assert len(set(dues)) == len(queues)
    assert later(60) <= min(dues) < later(60 + SPREAD / 20)
    assert later(60 + SPREAD * 19 / 20) < max(dues) <= later(60 + SPREAD)


def test_those_that_a_window_sends_away_have_a_turn_each_and_keep_it() -> None:
    dues = {Queue().refuse(full(10), NOW, patience=FOR_EVER, seed=f"r{n}").due for n in range(20)}

    assert dues == {later(10)}


def test_comes_back_at_the_same_instant_in_every_replay() -> None:
    assert refused(shut(60)) == refused(shut(60))


@pytest.mark.parametrize("why", [Why.OPEN, Why.HALF_OPEN, Why.PAUSED])
def test_does_not_stay_longer_than_its_patience(why: Why) -> None:
    assert refused(shut(60, why=why), patience=later(60)).due is None
    assert refused(shut(60, why=why), patience=later(60 + SPREAD)).due is not None


def test_its_patience_includes_its_last_instant() -> None:
    assert refused(full(10), patience=later(10)).due == later(10)
    assert refused(full(10), patience=later(9.999999)).due is None


def test_does_not_wait_for_what_never_comes() -> None:
    assert refused(full(None)).due is None


@pytest.mark.parametrize(("seconds", "most"), [(0.0, 1), (120.0, 20), (86_400.0, 80)])
def test_asks_the_more_rarely_the_longer_it_waits(seconds: float, most: int) -> None:
    queue, now, asked = Queue(), NOW, 0
    while asked == 0 or queue.due is not None:
        now = queue.due or now
        queue = queue.refuse(full(0, at=now), now, patience=later(seconds), seed="r")
        asked += 1

    assert most / 2 < asked <= most
    assert now == later(seconds)


def test_counts_all_refusals_and_keeps_the_last_few() -> None:
    queue = Queue()
    for number in range(MOST_REFUSALS + 3):
        queue = queue.refuse(full(number), NOW, patience=FOR_EVER, seed="r")

    assert queue.refused == MOST_REFUSALS + 3
    assert queue.refusals == tuple(full(number) for number in range(3, MOST_REFUSALS + 3))


def test_waits_that_follow_each_other_add_up() -> None:
    first = refused(full(10)).leave(later(10))
    second = first.refuse(full(70), later(60), patience=FOR_EVER, seed="r")

    assert (second.since, second.streak, second.refused) == (later(60), 1, 2)
    assert second.leave(later(75)).waited == 25


def test_who_leaves_waits_for_nothing() -> None:
    left = refused(full(10)).leave(later(4))

    assert (left.since, left.streak, left.due, left.waited) == (None, 0, None, 4)
    assert left.leave(later(1000)) == left


def test_tells_how_it_came_through() -> None:
    queue = refused(full(10))

    assert queue.passage(Level.DEPLOYMENT, "gpt", later(10.0004), State.CLOSED) == Passage(
        level=Level.DEPLOYMENT, key="gpt", state=State.CLOSED, refused=1, waited=10, refusals=(full(10),)
    )


def test_who_was_never_refused_did_not_wait() -> None:
    assert Queue().passage(Level.ACCOUNT, "a", NOW) == Passage(level=Level.ACCOUNT, key="a")


REFUSALS = st.one_of(
    st.builds(full, st.none() | st.floats(-1e6, 1e6)),
    st.builds(shut, st.none() | st.floats(-1e6, 1e6), why=st.sampled_from(Why)),
)


@given(st.lists(REFUSALS, min_size=1, max_size=100), st.floats(0, 1e5))
def test_never_asks_at_once_nor_too_late(refusals: list[Refusal], seconds: float) -> None:
    queue, now, patience = Queue(), NOW, later(seconds)
    for refusal in refusals:
        queue = queue.refuse(refusal, now, patience=patience, seed="r")
        if queue.due is None:
            break
        assert now < queue.due <= patience
        assert queue.due == patience or (queue.due - now).total_seconds() >= FIRST_PAUSE
        now = queue.due
