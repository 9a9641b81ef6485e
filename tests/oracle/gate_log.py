"""What really happened at a gate: every admission to the microsecond, and nothing forgotten."""

import json
import os
from bisect import bisect_right
from typing import TypeVar

from hypothesis import settings
from hypothesis import strategies as st

from dirigent import codec
from dirigent.domain.breakers import BreakerRules, State, Verdict
from dirigent.domain.messages import Message
from dirigent.domain.windows import SLICES, SPANS, Limits

Machine = TypeVar("Machine", bound=Message)

_SLICES = [span // SLICES for span in SPANS.values()]
#: How far clocks go on between two operations, or back: moments, around slices and windows, and anything.
JUMPS = (
    st.sampled_from(
        [0, 1, *(jump for width in _SLICES for jump in (width // 2, width - 1, width, width + 1))]
    )
    | st.sampled_from([jump for span in SPANS.values() for jump in (span, span - span // SLICES + 1)])
    | st.integers(-5 * SPANS["minute"], 5 * SPANS["minute"])
    | st.integers(0, 2 * SPANS["day"])
)


def thoroughly(examples: int, steps: int) -> settings:
    """So many quick examples, and ten times as many with HYPOTHESIS_PROFILE=thorough."""
    factor = 10 if os.environ.get("HYPOTHESIS_PROFILE") == "thorough" else 1
    return settings(max_examples=factor * examples, stateful_step_count=steps, deadline=None)


def written(machine: Machine) -> Machine:
    """What is remembered, as it is read again from the text an entity keeps."""
    return codec.decode(type(machine), json.loads(text_of(machine)))


def text_of(machine: Message) -> str:
    """The text an entity keeps."""
    return json.dumps(codec.encode(machine))


class Log:
    """When one key was admitted; instants come in their order."""

    def __init__(self) -> None:
        self.instants: list[int] = []

    def lately(self, now: int, span: int) -> int:
        """How often it was admitted in that span of time, up to now."""
        return len(self.instants) - bisect_right(self.instants, now - span)

    def admit(self, limits: Limits, now: int, number: int) -> None:
        """It was admitted so often, which has to be within every limit."""
        self.instants += [now] * number
        for window, span in SPANS.items():
            limit = limits.of(window)
            assert not number or limit is None or self.lately(now, span) <= limit, window

    def give_back(self, at: int, number: int) -> None:
        """So many of that instant did not happen."""
        for _ in range(number):
            self.instants.remove(at)

    def room(self, limits: Limits, now: int) -> int:
        """How many must be admitted, even where a slice is counted for a slice too long."""
        rooms = [
            limit - self.lately(now, span + span // SLICES + 1)
            for window, span in SPANS.items()
            if (limit := limits.of(window)) is not None
        ]
        return max(min(rooms, default=10**9), 0)

    def is_full(self, limits: Limits, now: int, window: str) -> bool:
        """Whether the window may refuse one more."""
        limit, span = limits.of(window), SPANS[window]
        return limit is not None and self.lately(now, span + span // SLICES + 1) >= limit


class Circuit:
    """What a circuit has to do, by what it was told since it last changed."""

    def __init__(self) -> None:
        self.state = State.CLOSED
        #: Counts its changes: calls of an earlier one say nothing.
        self.age = 0
        self.changed_at = 0
        self.told: list[Verdict] = []
        #: Until when each trial is waited for.
        self.trials: list[int] = []

    def stands(self, rules: BreakerRules, now: int) -> State:
        """How it would stand if somebody came now."""
        is_cooled = self.state is State.OPEN and now >= self.cooled_at(rules)
        return State.HALF_OPEN if is_cooled else self.state

    def look(self, rules: BreakerRules, now: int) -> State:
        """Somebody comes: how it stands from now on, whatever is declared later."""
        self.trials = [until for until in self.trials if until > now]
        if self.stands(rules, now) is not self.state:
            self._change(State.HALF_OPEN, now)
        return self.state

    def cooled_at(self, rules: BreakerRules) -> int:
        """Until when it leaves everybody alone, once it is open."""
        return self.changed_at + int(rules.cool_down * 1_000_000)

    def free(self, rules: BreakerRules) -> int:
        """How many calls it lets through."""
        most = {State.CLOSED: 10**9, State.OPEN: 0, State.HALF_OPEN: rules.trials - len(self.trials)}
        return max(most[self.state], 0)

    def permit(self, number: int, until: int) -> None:
        """So many calls go through."""
        if self.state is State.HALF_OPEN:
            self.trials += [until] * number

    def settle(self, rules: BreakerRules, now: int, age: int, until: int, verdicts: list[Verdict]) -> None:
        """Calls it let through have ended."""
        for verdict in verdicts:
            if until in self.trials:
                self.trials.remove(until)
            if age == self.age:
                self._hear(rules, now, verdict)

    def reset(self, now: int) -> None:
        """A person closes it."""
        self._change(State.CLOSED, now)

    def _hear(self, rules: BreakerRules, now: int, verdict: Verdict) -> None:
        if verdict is Verdict.SILENT:
            return
        self.told.append(verdict)
        wells = self.told.count(Verdict.WELL)
        in_a_row = 0
        for one in self.told:
            in_a_row = 0 if one is Verdict.WELL else in_a_row + 1
        if self.state is State.HALF_OPEN:
            if verdict is Verdict.ILL:
                self._change(State.OPEN, now)
            elif wells >= rules.success_threshold:
                self._change(State.CLOSED, now)
        elif self.state is State.CLOSED and verdict is Verdict.ILL and in_a_row >= rules.failures:
            self._change(State.OPEN, now)

    def _change(self, state: State, now: int) -> None:
        self.state, self.changed_at, self.age = state, now, self.age + 1
        self.told = []
        # Trials that are under way when another fails are among the next few.
        self.trials = [] if state is State.CLOSED else self.trials
