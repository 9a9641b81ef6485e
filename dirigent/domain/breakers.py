"""Circuit breakers: a dependency that fails is left alone for a while, then tried again by a few."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec.structs import replace

from dirigent.domain.messages import Message

SECOND = 1_000_000


class State(StrEnum):
    """How a circuit stands."""

    CLOSED = "closed"  #: calls go through
    OPEN = "open"  #: calls are refused at once
    HALF_OPEN = "half_open"  #: a few trial calls go through, the others are refused


class Event(StrEnum):
    """What a circuit hears."""

    SUCCESS = "success"  #: a call went well
    LAST_SUCCESS = "last success"  #: and with it as many trials as are wanted
    FAILURE = "failure"  #: a call failed in a way that speaks of the dependency's health
    LAST_FAILURE = "last failure"  #: and with it as many in a row as are borne
    COOLED = "cooled"  #: the time of leaving it alone is over
    RESET = "reset"  #: a person says that all is well


#: Every state hears every event; what changes nothing is written down, too.
MOVES: Mapping[State, Mapping[Event, State]] = {
    State.CLOSED: {
        Event.SUCCESS: State.CLOSED,
        Event.LAST_SUCCESS: State.CLOSED,
        Event.FAILURE: State.CLOSED,
        Event.LAST_FAILURE: State.OPEN,
        Event.COOLED: State.CLOSED,
        Event.RESET: State.CLOSED,
    },
    State.OPEN: {
        Event.SUCCESS: State.OPEN,
        Event.LAST_SUCCESS: State.OPEN,
        Event.FAILURE: State.OPEN,
        Event.LAST_FAILURE: State.OPEN,
        Event.COOLED: State.HALF_OPEN,
        Event.RESET: State.CLOSED,
    },
    State.HALF_OPEN: {
        Event.SUCCESS: State.HALF_OPEN,
        Event.LAST_SUCCESS: State.CLOSED,
        Event.FAILURE: State.OPEN,
        Event.LAST_FAILURE: State.OPEN,
        Event.COOLED: State.HALF_OPEN,
        Event.RESET: State.CLOSED,
    },
}


class Verdict(StrEnum):
    """What a call's end says of the dependency."""

    WELL = "well"  #: it answered
    ILL = "ill"  #: it failed, was too slow or refused for being overrun
    SILENT = "silent"  #: nothing: the fault was ours, or the call was never made


class BreakerRules(Message, frozen=True, kw_only=True, omit_defaults=False):
    """When a circuit opens and closes; seconds."""

    failures: int = 5
    cool_down: float = 60.0
    #: Trial calls at a time in half-open.
    trials: int = 1
    #: Trials that must go well before the circuit closes.
    success_threshold: int = 1


class Permission(Message, frozen=True, kw_only=True):
    """How many calls may be made."""

    granted: int
    #: To be handed back with the verdicts: those of a round that is over say nothing of the present.
    round: int
    #: When the refused may ask again.
    come_back_at: int | None = None


class Breaker(Message, frozen=True, kw_only=True):
    """A circuit; instants are microseconds and never go back."""

    state: State = State.CLOSED
    #: Failures in a row.
    failures: int = 0
    #: Trials that went well.
    successes: int = 0
    changed_at: int = 0
    #: Counts the changes of state.
    round: int = 0
    #: Until when each trial under way is waited for: one whose caller died comes back by itself.
    trials: tuple[int, ...] = ()

    def at(self, rules: BreakerRules, now: int) -> "Breaker":
        """The circuit as it stands now."""
        circuit = replace(self, trials=tuple(until for until in self.trials if until > now))
        is_cool = self.state is State.OPEN and now >= self.cooled_at(rules)
        # Whoever comes first finds it so; it has been so since it was cool.
        return _heard(circuit, Event.COOLED, self.cooled_at(rules)) if is_cool else circuit

    def cooled_at(self, rules: BreakerRules) -> int:
        """Until when it is left alone, once it is open."""
        return self.changed_at + int(rules.cool_down * SECOND)

    def permit(
        self, rules: BreakerRules, now: int, wanted: int, *, until: int
    ) -> tuple["Breaker", Permission]:
        """Let as many of the wanted calls go ahead as the state allows; they will have ended by `until`."""
        circuit = self.at(rules, now)
        if circuit.state is State.CLOSED:
            return circuit, Permission(granted=wanted, round=circuit.round)
        if circuit.state is State.OPEN:
            refused = Permission(granted=0, round=circuit.round, come_back_at=circuit.cooled_at(rules))
            return circuit, refused
        granted = min(wanted, max(rules.trials - len(circuit.trials), 0))
        trying = replace(circuit, trials=tuple(sorted((*circuit.trials, *(until,) * granted))))
        come_back_at = trying.trials[0] if granted < wanted and trying.trials else None
        return trying, Permission(granted=granted, round=trying.round, come_back_at=come_back_at)

    def settle(
        self, rules: BreakerRules, now: int, round_: int, verdicts: tuple[Verdict, ...], *, until: int = 0
    ) -> "Breaker":
        """Hear how calls of that round ended, which were to have ended by `until`."""
        circuit = self.at(rules, now)
        for verdict in verdicts:
            # Its own lease and no other's: one that ran out has been given to somebody else already.
            circuit = replace(circuit, trials=_without(circuit.trials, until))
            # Of a round that is over it says nothing of the present.
            if circuit.round == round_:
                circuit = _settled(circuit, rules, now, verdict)
        return circuit

    def reset(self, now: int) -> "Breaker":
        """A person says that all is well."""
        return _heard(self, Event.RESET, now)


def _settled(circuit: Breaker, rules: BreakerRules, now: int, verdict: Verdict) -> Breaker:
    if verdict is Verdict.SILENT:
        return circuit
    if verdict is Verdict.WELL:
        circuit = replace(circuit, failures=0, successes=circuit.successes + 1)
        is_last = circuit.successes >= rules.success_threshold
        return _heard(circuit, Event.LAST_SUCCESS if is_last else Event.SUCCESS, now)
    circuit = replace(circuit, failures=circuit.failures + 1)
    is_last = circuit.failures >= rules.failures
    return _heard(circuit, Event.LAST_FAILURE if is_last else Event.FAILURE, now)


def _without(trials: tuple[int, ...], until: int) -> tuple[int, ...]:
    if until not in trials:
        return trials
    place = trials.index(until)
    return (*trials[:place], *trials[place + 1 :])


def _heard(circuit: Breaker, event: Event, now: int) -> Breaker:
    state = MOVES[circuit.state][event]
    if state is circuit.state and event is not Event.RESET:
        return circuit
    # A trial that is still under way when another fails is one of the next round's few.
    trials = () if state is State.CLOSED else circuit.trials
    return Breaker(state=state, changed_at=now, round=circuit.round + 1, trials=trials)
