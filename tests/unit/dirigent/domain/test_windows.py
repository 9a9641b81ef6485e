"""Windows against a log that forgets nothing."""

from heapq import heappop, heappush

import pytest
from gate_log import Log
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dirigent import codec
from dirigent.domain.windows import SECOND, SLICES, SPANS, Limits, Windows

START = 1_900_000_000 * SECOND
NONE = Limits(burst=None, minute=None, hour=None, day=None)


def admitted(windows: Windows, limits: Limits, now: int, wanted: int = 1) -> tuple[Windows, int]:
    windows, admission = windows.admit(limits, now, wanted)
    return windows, admission.granted


@pytest.mark.parametrize("window", SPANS)
def test_admits_up_to_the_limit_and_then_none(window: str) -> None:
    limits = Limits(**{**dict.fromkeys(SPANS), window: 3})
    windows, admission = Windows().admit(limits, START, 5)

    assert (admission.granted, admission.refused_by) == (3, window)
    assert admission.come_back_at is not None
    assert windows.admit(limits, admission.come_back_at - 1, 1)[1].granted == 0
    assert windows.admit(limits, admission.come_back_at, 1)[1].granted == 1


def test_of_several_full_windows_the_longest_is_named() -> None:
    limits = Limits(burst=2, minute=2, hour=None, day=None)
    _, admission = Windows().admit(limits, START, 3)

    assert admission.refused_by == "minute"


def test_a_limit_of_none_admits_everything() -> None:
    assert Windows().admit(NONE, START, 10**6)[1].granted == 10**6


def test_a_limit_of_zero_never_admits() -> None:
    _, admission = Windows().admit(Limits(burst=0), START, 1)

    assert (admission.granted, admission.refused_by, admission.come_back_at) == (0, "burst", None)


def test_tells_what_is_left() -> None:
    windows, _ = Windows().admit(Limits(), START, 4)

    assert windows.left(Limits(), START) == {"burst": 6, "minute": 56, "hour": 996, "day": 9_996}


def test_what_was_counted_stays_counted_when_limits_change() -> None:
    windows, _ = Windows().admit(Limits(burst=None), START, 50)

    assert windows.left(Limits(burst=None, minute=70), START)["minute"] == 20
    assert windows.left(Limits(burst=None, minute=40), START)["minute"] == 0


def test_what_was_not_used_can_be_given_back() -> None:
    windows, _ = Windows().admit(Limits(), START, 10)

    assert windows.release(START, 4).left(Limits(), START)["burst"] == 4


def test_what_is_given_back_late_is_taken_from_what_was_counted_then() -> None:
    limits = Limits(burst=None, minute=7, hour=None, day=None)
    windows, _ = Windows().admit(limits, START, 3)
    windows, _ = windows.admit(limits, START + 30 * SECOND, 4)
    windows = windows.release(START, 3)

    assert windows.left(limits, START + 30 * SECOND) == {"minute": 3}
    # The four are still in any minute that ends then.
    assert windows.left(limits, START + 70 * SECOND) == {"minute": 3}


def test_what_is_given_back_twice_or_was_never_counted_frees_nothing_else() -> None:
    windows, _ = Windows().admit(Limits(), START, 4)
    later, _ = windows.admit(Limits(), START + 30 * SECOND, 4)

    assert later.release(START, 99).left(Limits(), START + 30 * SECOND)["minute"] == 56
    assert later.release(START - SPANS["day"] * 2, 4) == later


def test_the_refused_are_told_one_instant_after_another_as_fast_as_a_burst_allows() -> None:
    limits = Limits(burst=4, minute=8, hour=None, day=None)
    windows, _ = Windows().admit(limits, START, 4)
    windows, _ = windows.admit(limits, START + 2 * SECOND, 4)
    told = []
    for _ in range(5):
        windows, admission = windows.admit(limits, START + 2 * SECOND, 1)
        told.append(admission.come_back_at)

    first = told[0] or 0
    assert told == [first + number * SECOND // 4 for number in range(5)]


def test_a_wave_takes_as_many_turns_as_it_has_refused_calls() -> None:
    limits = Limits(burst=4, minute=None, hour=None, day=None)
    windows, wave = Windows().admit(limits, START, 14)
    _, next_one = windows.admit(limits, START, 1)

    assert (wave.granted, wave.come_back_at is None) == (4, False)
    assert (next_one.come_back_at or 0) - (wave.come_back_at or 0) == 10 * SECOND // 4


@pytest.mark.parametrize(("burst", "gap"), [(1, SECOND), (10, SECOND // 10), (None, SECOND // SLICES)])
def test_without_a_burst_limit_turns_still_have_their_pace(burst: int | None, gap: int) -> None:
    limits = Limits(burst=burst, minute=1, hour=None, day=None)
    windows, _ = Windows().admit(limits, START, 1)
    windows, first = windows.admit(limits, START, 1)
    _, second = windows.admit(limits, START, 1)

    assert (second.come_back_at or 0) - (first.come_back_at or 0) == gap


def test_one_whose_turn_lies_beyond_its_patience_takes_none() -> None:
    limits = Limits(burst=1, minute=None, hour=None, day=None)
    windows, _ = Windows().admit(limits, START, 1)
    windows, patient = windows.admit(limits, START, 1, patience=START + 2 * SECOND)
    after, hasty = windows.admit(limits, START, 50, patience=START + 2 * SECOND)

    assert patient.come_back_at is not None
    assert hasty.come_back_at == patient.come_back_at + SECOND
    assert after.turn == windows.turn == patient.come_back_at


def test_who_waited_its_turn_finds_a_place_with_little_asking() -> None:
    limits, windows, asked = Limits(burst=10, minute=None, hour=None, day=None), Windows(), 0
    waiting = [(START, number) for number in range(200)]
    while waiting:
        now, number = heappop(waiting)
        windows, admission = windows.admit(limits, now, 1)
        asked += 1
        if admission.come_back_at is not None:
            heappush(waiting, (admission.come_back_at, number))

    assert asked <= 3 * 200


def test_survives_being_written_down() -> None:
    windows, _ = Windows().admit(Limits(), START, 4)

    assert codec.from_json(Windows, codec.to_json(windows)) == windows


@given(st.lists(st.integers(0, 4 * SPANS["day"]), min_size=1, max_size=200))
def test_its_state_stays_small(instants: list[int]) -> None:
    windows = Windows()
    for instant in sorted(instants):
        windows, _ = admitted(windows, NONE, START + instant)

    assert all(len(marks) <= SLICES + 1 for _, marks in windows.marks())


@pytest.mark.parametrize("window", SPANS)
@given(
    st.lists(
        st.tuples(st.integers(0, 6) | st.integers(0, 45), st.integers(-1, 1), st.integers(1, 3)), max_size=40
    )
)
@settings(deadline=None)
def test_keeps_its_limit_at_the_edges_of_slices(window: str, asked: list[tuple[int, int, int]]) -> None:
    limits = Limits(**{**dict.fromkeys(SPANS), window: 4})
    # Midnight: every slice begins here.
    windows, log, now = Windows(), Log(), 22_000 * SPANS["day"]
    for halves, more, wanted in asked:
        now = max(now, now + halves * SPANS[window] // SLICES // 2 + more)
        room = log.room(limits, now)
        windows, granted = admitted(windows, limits, now, wanted)
        log.admit(limits, now, granted)
        assert granted >= min(room, wanted)


class Gate(RuleBasedStateMachine):
    """One key's windows; the log knows every admission to the microsecond."""

    limits = Limits(burst=3, minute=7, hour=15, day=40)

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.windows = Windows()
        self.log: list[int] = []
        #: What was admitted and may still be given back.
        self.unused: list[tuple[int, int]] = []

    @rule(
        span=st.sampled_from([0, 1, SECOND // 20 - 1, SECOND // 20, SECOND, 3 * SECOND, SPANS["minute"]])
        | st.integers(0, SPANS["hour"])
        | st.integers(0, SPANS["day"])
    )
    def time_passes(self, span: int) -> None:
        self.now += span

    @rule(wanted=st.integers(1, 6))
    def ask(self, wanted: int) -> None:
        self.windows, admission = self.windows.admit(self.limits, self.now, wanted)
        self.log += [self.now] * admission.granted
        if admission.granted < wanted:
            # Whoever is refused is told when to come back, and not in vain.
            assert admission.come_back_at is not None
            assert admission.come_back_at > self.now
            assert self.windows.admit(self.limits, admission.come_back_at, 1)[1].granted == 1

    @rule(wanted=st.integers(1, 6))
    def ask_for_what_may_not_be_used(self, wanted: int) -> None:
        self.windows, admission = self.windows.admit(self.limits, self.now, wanted)
        self.log += [self.now] * admission.granted
        self.unused.append((self.now, admission.granted))

    @precondition(lambda self: self.unused)
    @rule(number=st.integers(0, 6))
    def give_back(self, number: int) -> None:
        at, granted = self.unused.pop()
        number = min(number, granted)
        self.windows = self.windows.release(at, number)
        for _ in range(number):
            self.log.remove(at)

    @invariant()
    def no_span_has_more_than_its_limit(self) -> None:
        for window, span in SPANS.items():
            limit = self.limits.of(window) or 0
            for last in set(self.log):
                assert sum(last - span < instant <= last for instant in self.log) <= limit, window

    @invariant()
    def what_it_says_is_left_is_not_too_much(self) -> None:
        for window, left in self.windows.left(self.limits, self.now).items():
            lately = sum(self.now - SPANS[window] < instant for instant in self.log)
            assert left <= (self.limits.of(window) or 0) - lately

    @invariant()
    def nor_is_it_kept_back_for_longer_than_a_slice(self) -> None:
        for window, left in self.windows.left(self.limits, self.now).items():
            slice_ = SPANS[window] // SLICES
            lately = sum(self.now - SPANS[window] - slice_ <= instant for instant in self.log)
            assert left >= (self.limits.of(window) or 0) - lately


TestGate = Gate.TestCase
TestGate.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_turn_given_under_former_limits_does_not_hold_back_for_hours() -> None:
    windows, _ = Windows(turn=START + SPANS["day"]).admit(Limits(burst=1), START, 2)
    _, admission = windows.admit(Limits(burst=1), START, 1)

    assert admission.come_back_at is not None
    assert admission.come_back_at <= START + 3 * SECOND + SPANS["minute"]
