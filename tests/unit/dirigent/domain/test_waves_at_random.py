"""Whatever gates and calls do: waves end, and nothing that gates gave is lost."""

from collections import Counter
from datetime import timedelta

from guarded_wave import AGENT, MODEL, NOW, VALUE, answered, full, later, performed, planned, shut, waved
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.gates import Answer, Grant, Group
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome
from dirigent.domain.passages import Refusal, Why
from dirigent.domain.pendings import MOST_UNBEGUN, Pending
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import PlannedStep
from dirigent.domain.waves import Inquiry, Wave

SILENT = Failure(category=Category.TRANSIENT, message="a gate did not answer")
ATTEMPTS = 2
#: Of a call and of its fallback; a gate that does not answer is an order that was never begun.
MOST_ORDERS = ATTEMPTS + RetryPolicy().max_attempts + 2 * MOST_UNBEGUN
#: Each of two gates, for each order and for each refusal.
#: Between two orders a call that waits for a day asks less often than this.
MOST_ASKINGS = 2 * (MOST_ORDERS + 100)

STEPS = st.builds(
    planned,
    agent=st.sampled_from(["writer", "reserve"]),
    home=st.sampled_from(["gpt", "gpt", "mini", None]),
    attempts=st.just(ATTEMPTS),
    fallback=st.sampled_from([None, MODEL, AGENT, VALUE]),
)
CATEGORIES = st.sampled_from(Category)
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.just(Done()),
    st.builds(
        Failed,
        failure=st.builds(
            Failure, category=CATEGORIES, message=st.just("oh"), retry_after=st.none() | st.floats(0, 1000)
        ),
        attempts=st.sampled_from([0, 1]),
        is_theirs=st.booleans(),
    ),
)
PAUSES = st.none() | st.sampled_from([-5.0, 0.0, 1.0, 20.0, 500.0])


class Play:
    """Gates that answer at random and a world that does what it likes, with a book of all that was given."""

    def __init__(self, data: st.DataObject, wave: Wave) -> None:
        self.data, self.wave, self.now = data, wave, NOW
        self.answers = 0
        self.ordered: Counter[int] = Counter()
        self.asked: Counter[int] = Counter()
        #: By answer: how many it let through that have not been settled.
        self.lent: Counter[tuple[str, int]] = Counter()
        #: By gate and agent: how many it counted that were neither ordered nor given back.
        self.counted: Counter[tuple[str, str]] = Counter()
        #: The same by the gate's stamps, ordered or not.
        self.stamped: Counter[tuple[str, int, str]] = Counter()

    def run(self) -> None:
        """Until the wave is over, as orchestrators do it."""
        while not self.wave.is_over:
            if (due := self.wave.next_due(self.now)) is not None:
                assert due > self.now
                self.now = due
                self._become(self.wave.expire(self.now))
            self._pass_gates()
            self._perform()

    def _become(self, after: Wave) -> None:
        for before, one in zip(self.wave.pending, after.pending, strict=True):
            assert before.outcome is None or one.outcome == before.outcome
        self.wave = after

    def _pass_gates(self) -> None:
        at = self.now
        while inquiries := self.wave.inquiries(at):
            assert len({inquiry.deployment for inquiry in inquiries}) == len(inquiries)
            for inquiry in inquiries:
                self._ask(inquiry)
            for gate, back in self.wave.give_backs():
                for agent, calls in back.agents.items():
                    self.counted[gate, agent] -= calls
                    self.stamped[gate, back.at, agent] -= calls
                    assert self.stamped[gate, back.at, agent] >= 0
            self._become(self.wave.given_back())
        assert not any(one.is_counted for one in self.wave.pending)

    def _ask(self, inquiry: Inquiry) -> None:
        self.asked.update(place for places in inquiry.places for place in places)
        self.now += timedelta(milliseconds=self.data.draw(st.integers(0, 50)))
        if self.data.draw(st.integers(0, 9)) == 0:
            self._become(self.wave.unanswered(inquiry, SILENT, self.now))
            return
        answer = self._answer(inquiry)
        for group, grant in zip(inquiry.ask.groups, answer.grants, strict=True):
            if group.through:
                self.lent[inquiry.deployment, answer.round] += grant.granted
            if group.agent is not None:
                self.counted[inquiry.deployment, group.agent] += grant.granted + grant.leaving
                self.stamped[inquiry.deployment, answer.at, group.agent] += grant.granted + grant.leaving
        self._become(self.wave.told(inquiry, answer, self.now))

    def _answer(self, inquiry: Inquiry) -> Answer:
        self.answers += 1
        closed = self.data.draw(st.none() | st.builds(self._closed, st.just(inquiry), PAUSES))
        grants = tuple(self._grant(group, closed) for group in inquiry.ask.groups)
        # No two answers of a gate have the same stamp here, so that the book can tell them apart.
        at = self.now + timedelta(microseconds=self.answers)
        return answered(*grants, at=at, number=self.answers, closed=closed)

    def _closed(self, inquiry: Inquiry, seconds: float | None) -> Refusal:
        why = self.data.draw(st.sampled_from(Why))
        return shut(seconds, why=why, deployment=inquiry.deployment, at=self.now)

    def _grant(self, group: Group, closed: Refusal | None) -> Grant:
        granted = self.data.draw(st.integers(0, group.calls))
        if granted == group.calls:
            return Grant(granted=granted)
        if closed is not None and (group.agent is None or self.data.draw(st.booleans())):
            may_leave = group.leaves and closed.is_of_circuit
            leaving = self.data.draw(st.integers(0, group.calls - granted)) if may_leave else 0
            return Grant(granted=granted, leaving=leaving, refusal=closed)
        if group.agent is None:
            return Grant(granted=group.calls)
        return Grant(granted=granted, refusal=full(self.data.draw(PAUSES), agent=group.agent, at=self.now))

    def _perform(self) -> None:
        orders = performed(self.wave, self.now)
        for place, order in orders.items():
            self._go(self.wave.pending[place])
            self.ordered[place] += 1
            # A fixed value is tried as often as is usual, whoever it stands in for.
            assert order.attempt <= ATTEMPTS + RetryPolicy().max_attempts
            assert order.not_after <= self.wave.deadline
        assert not any(self.counted.values())
        self.now += timedelta(seconds=self.data.draw(st.sampled_from([0.0, 0.5, 25.0, 60.0])))
        heard = {place: self.data.draw(OUTCOMES) for place in orders}
        for gate, settlement in self.wave.settlements(heard):
            self.lent[gate, settlement.round] -= len(settlement.verdicts)
        assert not any(self.lent.values())
        self._become(self.wave.hear(heard, self.now).expire(self.now))

    def _go(self, one: Pending) -> None:
        lane = one.lane
        if lane.deployment is None:
            assert one.permit is None
            return
        assert one.permit is not None
        assert one.permit.deployment == lane.deployment
        if lane.home is not None and lane.agent is not None:
            self.counted[lane.home, lane.agent] -= 1


@given(
    st.data(),
    st.lists(STEPS, min_size=1, max_size=4),
    st.sampled_from([0.0, 5.0, 120.0, 86_400.0]),
    st.sampled_from([30.0, 3_600.0]),
)
def test_a_wave_ends_and_nothing_that_gates_gave_is_lost(
    data: st.DataObject, steps: list[PlannedStep], max_wait: float, timeout: float
) -> None:
    play = Play(data, waved(*steps, max_wait=max_wait, timeout=timeout))
    play.run()

    assert len(play.wave.outcomes) == len(steps)
    assert max(play.ordered.values(), default=0) <= MOST_ORDERS
    assert max(play.asked.values(), default=0) <= MOST_ASKINGS
    assert play.now <= later(timeout + 120)
