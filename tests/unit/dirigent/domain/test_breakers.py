"""Circuits: the table, and what it comes to."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.breakers import MOVES, SECOND, Breaker, BreakerRules, Event, State, Verdict

RULES = BreakerRules()
START = 1_900_000_000 * SECOND
LATER = START + 60 * SECOND


def opened() -> Breaker:
    return Breaker(changed_at=START).settle(RULES, START, 0, (Verdict.ILL,) * 5)


def test_every_state_hears_every_event() -> None:
    assert {state: set(heard) for state, heard in MOVES.items()} == {state: set(Event) for state in State}


@pytest.mark.parametrize("event", Event)
@pytest.mark.parametrize("state", State)
def test_a_circuit_moves_as_the_table_says(state: State, event: Event) -> None:
    before = Breaker(state=state, changed_at=START, round=7)
    once, often = BreakerRules(failures=1, success_threshold=1), BreakerRules(failures=9, success_threshold=9)
    after = {
        Event.SUCCESS: lambda: before.settle(often, START, 7, (Verdict.WELL,)),
        Event.LAST_SUCCESS: lambda: before.settle(once, START, 7, (Verdict.WELL,)),
        Event.FAILURE: lambda: before.settle(often, START, 7, (Verdict.ILL,)),
        Event.LAST_FAILURE: lambda: before.settle(once, START, 7, (Verdict.ILL,)),
        Event.COOLED: lambda: before.at(RULES, LATER),
        Event.RESET: lambda: before.reset(START),
    }[event]()

    assert after.state is MOVES[state][event]
    has_changed = after.state is not state or event is Event.RESET
    assert after.round == (8 if has_changed else 7)


def test_cools_down_to_the_microsecond() -> None:
    assert opened().at(RULES, LATER - 1).state is State.OPEN
    assert opened().at(RULES, LATER).state is State.HALF_OPEN


def test_opens_with_the_fifth_failure_in_a_row() -> None:
    four = Breaker().settle(RULES, START, 0, (Verdict.ILL,) * 4)

    assert four.state is State.CLOSED
    assert four.settle(RULES, START, 0, (Verdict.ILL,)).state is State.OPEN


def test_a_success_resets_the_count() -> None:
    verdicts = (*(Verdict.ILL,) * 4, Verdict.WELL, *(Verdict.ILL,) * 4)

    assert Breaker().settle(RULES, START, 0, verdicts).state is State.CLOSED


def test_what_says_nothing_of_the_dependency_does_not_count() -> None:
    assert Breaker().settle(RULES, START, 0, (Verdict.SILENT,) * 99) == Breaker()


def test_open_refuses_at_once_and_says_until_when() -> None:
    _, permission = opened().permit(RULES, START + SECOND, 3, until=LATER)

    assert (permission.granted, permission.come_back_at) == (0, LATER)


@pytest.mark.parametrize("trials", [1, 3])
def test_after_the_cool_down_exactly_the_declared_trials_pass(trials: int) -> None:
    rules, circuit, granted = BreakerRules(trials=trials), opened(), 0
    for _ in range(100):
        circuit, permission = circuit.permit(rules, LATER, 1, until=LATER + 45 * SECOND)
        granted += permission.granted

    assert (granted, circuit.state) == (trials, State.HALF_OPEN)


def test_a_trial_that_goes_well_closes_it() -> None:
    circuit, permission = opened().permit(RULES, LATER, 1, until=LATER + SECOND)

    assert circuit.settle(RULES, LATER, permission.round, (Verdict.WELL,)).state is State.CLOSED


def test_a_trial_that_fails_opens_it_again_for_the_whole_time() -> None:
    circuit, permission = opened().permit(RULES, LATER, 1, until=LATER + SECOND)
    again = circuit.settle(RULES, LATER + SECOND, permission.round, (Verdict.ILL,))

    assert again.state is State.OPEN
    assert again.permit(RULES, LATER + 60 * SECOND, 1, until=0)[1].granted == 0
    assert again.permit(RULES, LATER + 61 * SECOND, 1, until=0)[1].granted == 1


def test_a_trial_whose_caller_died_is_given_to_the_next() -> None:
    circuit, _ = opened().permit(RULES, LATER, 1, until=LATER + 45 * SECOND)

    assert circuit.permit(RULES, LATER + 44 * SECOND, 1, until=0)[1].come_back_at == LATER + 45 * SECOND
    assert circuit.permit(RULES, LATER + 45 * SECOND, 1, until=0)[1].granted == 1


TRIALS = BreakerRules(trials=3, success_threshold=9)


def tried(*leases: int) -> Breaker:
    """Half open, with a trial under way for each lease."""
    circuit = opened()
    for until in leases:
        circuit, _ = circuit.permit(TRIALS, LATER, 1, until=LATER + until)
    return circuit


@pytest.mark.parametrize("verdict", [Verdict.WELL, Verdict.SILENT])
def test_a_trial_that_ended_makes_room_for_another(verdict: Verdict) -> None:
    circuit = tried(10, 20, 20)
    after = circuit.settle(TRIALS, LATER, circuit.round, (verdict,), until=LATER + 20)

    assert after.trials == (LATER + 10, LATER + 20)


def test_each_verdict_ends_one_trial() -> None:
    circuit = tried(10, 20, 20)
    after = circuit.settle(TRIALS, LATER, circuit.round, (Verdict.WELL,) * 2, until=LATER + 20)

    assert (after.trials, after.successes) == ((LATER + 10,), 2)


@pytest.mark.parametrize("until", [0, LATER + 5])
def test_a_late_verdict_ends_no_trial_of_somebody_else(until: int) -> None:
    circuit = tried(10, 20)
    after = circuit.settle(TRIALS, LATER + 6, circuit.round, (Verdict.WELL,), until=until)

    assert (after.trials, after.successes) == ((LATER + 10, LATER + 20), 1)


def test_a_verdict_after_the_one_that_opened_it_says_nothing() -> None:
    circuit = tried(10, 10, 20)
    after = circuit.settle(
        TRIALS, LATER, circuit.round, (Verdict.ILL, Verdict.WELL, Verdict.WELL), until=LATER + 10
    )

    # The trial with the other lease goes on, and is one of the next round's.
    assert after == Breaker(state=State.OPEN, changed_at=LATER, round=circuit.round + 1, trials=(LATER + 20,))


def test_a_trial_that_outlives_its_round_is_one_of_the_next_rounds() -> None:
    circuit = tried(10, 500).settle(TRIALS, LATER, 2, (Verdict.ILL,), until=LATER + 10)
    cooled = LATER + int(TRIALS.cool_down * SECOND)
    again, permission = replace(circuit, trials=(cooled + 9,)).permit(TRIALS, cooled, 99, until=cooled + 50)

    assert permission.granted == TRIALS.trials - 1
    ended = again.settle(TRIALS, cooled, circuit.round, (Verdict.ILL,), until=cooled + 9)
    assert (ended.state, ended.permit(TRIALS, cooled, 99, until=cooled + 50)[1].granted) == (
        State.HALF_OPEN,
        1,
    )


def test_with_fewer_trials_declared_none_is_added_until_those_under_way_have_ended() -> None:
    fewer = BreakerRules(trials=1)
    circuit, permission = tried(10, 20).permit(fewer, LATER, 1, until=LATER + 99)

    assert (permission.granted, permission.come_back_at) == (0, LATER + 10)
    assert circuit.permit(fewer, LATER + 19, 1, until=LATER + 99)[1].granted == 0
    assert circuit.permit(fewer, LATER + 20, 1, until=LATER + 99)[1].granted == 1


def test_verdicts_of_a_round_that_is_over_say_nothing() -> None:
    circuit, _ = opened().permit(RULES, LATER, 1, until=LATER + SECOND)

    assert circuit.settle(RULES, LATER, 0, (Verdict.WELL,) * 9) == circuit


def test_several_trials_must_go_well_where_that_is_declared() -> None:
    rules = BreakerRules(success_threshold=2)
    circuit, permission = opened().permit(rules, LATER, 1, until=LATER + SECOND)
    circuit = circuit.settle(rules, LATER, permission.round, (Verdict.WELL,), until=LATER + SECOND)

    assert circuit.state is State.HALF_OPEN
    assert (
        circuit.settle(rules, LATER, permission.round, (Verdict.WELL,), until=LATER + SECOND).state
        is State.CLOSED
    )


def test_a_person_may_close_it() -> None:
    assert opened().reset(START).permit(RULES, START, 5, until=0)[1].granted == 5


class Circuit(RuleBasedStateMachine):
    """A circuit under any interleaving of callers, of whom some never come back."""

    declared = BreakerRules(failures=3, cool_down=10, trials=2, success_threshold=2)

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.circuit = Breaker(changed_at=START)
        self.under_way: list[tuple[int, int]] = []

    @rule(span=st.integers(0, 15 * SECOND))
    def time_passes(self, span: int) -> None:
        self.now += span

    @rule(wanted=st.integers(1, 5), lease=st.integers(1, 20 * SECOND))
    def ask(self, wanted: int, lease: int) -> None:
        before = self.circuit.at(self.declared, self.now)
        self.circuit, permission = self.circuit.permit(
            self.declared, self.now, wanted, until=self.now + lease
        )
        if before.state is State.OPEN:
            assert permission.granted == 0
            assert permission.come_back_at == before.changed_at + 10 * SECOND
        if permission.granted < wanted:
            assert permission.come_back_at is not None
            assert permission.come_back_at > self.now
        self.under_way += [(permission.round, self.now + lease)] * permission.granted

    @rule(data=st.data(), verdict=st.sampled_from(Verdict))
    def settle(self, data: st.DataObject, verdict: Verdict) -> None:
        if self.under_way:
            call = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
            self.circuit = self.circuit.settle(self.declared, self.now, call[0], (verdict,), until=call[1])

    @invariant()
    def never_more_trials_than_declared(self) -> None:
        circuit = self.circuit.at(self.declared, self.now)
        if circuit.state is State.HALF_OPEN:
            trying = [
                until for round_, until in self.under_way if round_ == circuit.round and until > self.now
            ]
            assert len(trying) == len(circuit.trials) <= self.declared.trials

    @invariant()
    def its_state_stays_small_and_can_be_written(self) -> None:
        assert codec.from_json(Breaker, codec.to_json(self.circuit)) == self.circuit
        assert self.circuit.failures < self.declared.failures


TestCircuit = Circuit.TestCase
TestCircuit.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


@given(st.lists(st.sampled_from(Verdict), max_size=50))
def test_opens_exactly_with_so_many_failures_and_no_success_between(verdicts: list[Verdict]) -> None:
    row, is_open = 0, False
    for verdict in verdicts:
        row = 0 if verdict is Verdict.WELL else row + (verdict is Verdict.ILL)
        is_open = is_open or row == RULES.failures

    circuit = Breaker().settle(RULES, START, 0, tuple(verdicts))
    assert (circuit.state is State.OPEN) == is_open
