"""Windows against a log that forgets nothing."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dirigent import codec
from dirigent.domain.windows import SECOND, SLICES, SPANS, Crowd, Limits, Windows

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


def test_survives_being_written_down() -> None:
    windows, _ = Windows().admit(Limits(), START, 4)

    assert codec.from_json(Windows, codec.to_json(windows)) == windows


@given(st.lists(st.integers(0, 4 * SPANS["day"]), min_size=1, max_size=200))
def test_its_state_stays_small(instants: list[int]) -> None:
    windows = Windows()
    for instant in sorted(instants):
        windows, _ = admitted(windows, NONE, START + instant)

    assert all(len(marks) <= SLICES + 1 for _, marks in windows.marks())


class Gate(RuleBasedStateMachine):
    """One key's windows; the log knows every admission to the microsecond."""

    limits = Limits(burst=3, minute=7, hour=15, day=40)

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.windows = Windows()
        self.log: list[int] = []

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

    @rule(wanted=st.integers(1, 6), used=st.integers(0, 6))
    def ask_and_give_back(self, wanted: int, used: int) -> None:
        self.windows, admission = self.windows.admit(self.limits, self.now, wanted)
        used = min(used, admission.granted)
        self.windows = self.windows.release(self.now, admission.granted - used)
        self.log += [self.now] * used

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


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(0, 40 * SECOND), st.integers(1, 3)), max_size=60
    )
)
def test_in_a_crowd_nobody_gets_more_than_alone(asked: list[tuple[str, int, int]]) -> None:
    limits, crowd, now = Limits(burst=2, minute=4, hour=None, day=None), Crowd(), START
    log: list[tuple[str, int]] = []
    for key, span, wanted in asked:
        now += span
        crowd, windows = crowd.of(key, now, most=3)
        windows, admission = windows.admit(limits, now, wanted)
        crowd = crowd.put(key, windows, now, most=3)
        log += [(key, now)] * admission.granted

    assert len(crowd.known) <= 3
    for _, last in log:
        for window in ("burst", "minute"):
            lately = Counter(who for who, at in log if last - SPANS[window] < at <= last)
            assert max(lately.values()) <= (limits.of(window) or 0)
