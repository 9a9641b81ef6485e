"""A deployment's gate: it permits calls as its circuit and the windows of its agents allow."""

from collections.abc import Callable
from functools import partial
from typing import Self

from msgspec.structs import replace

from dirigent.domain.breakers import SECOND, Breaker, BreakerRules, State
from dirigent.domain.crowds import Crowd
from dirigent.domain.gates import Answer, Ask, GiveBack, Grant, Group, Settlement, refusal_of
from dirigent.domain.messages import Message
from dirigent.domain.passages import Level, Refusal, Why
from dirigent.domain.windows import NEVER, Limits, Windows

#: So many agents have windows of their own at a time.
MOST_AGENTS = 1_000
#: A permitted call may wait this long for a free place before it is too late: a burst of runs would fail
#: by waiting for each other. A trial may not, for everybody waits for what it meets.
PATIENCE, TRIAL_PATIENCE = 300 * SECOND, 30 * SECOND
#: A trial is waited for longer than its call can take, for clocks differ.
MARGIN = 5 * SECOND
#: How long a trial is left in peace before somebody asks how it went.
PROBE = 5 * SECOND
#: Nobody is left alone for longer, whatever it asks for.
LONGEST_PAUSE = 900.0

LimitsOf = Callable[[str], Limits]
_Count = Callable[[Crowd, Group, int], tuple[Crowd, int, Refusal | None]]


class DeploymentGate(Message, frozen=True, kw_only=True):
    """What a deployment's gate remembers; its time never goes back."""

    version: int = 1
    seen: int = 0
    circuit: Breaker = Breaker()
    #: Windows of the agents whose first deployment it is.
    agents: Crowd = Crowd()
    paused_until: int = 0

    def permit(self, rules: BreakerRules, limits: LimitsOf, ask: Ask, now: int) -> tuple[Self, Answer]:
        """Let as many of the wave's calls go ahead as the windows of their agents and the circuit allow."""
        now = max(now, self.seen)
        count = partial(_counted, limits=limits, now=now, patience=ask.patience)
        state = self.circuit.at(rules, now).state
        begin_by = now + (TRIAL_PATIENCE if state is State.HALF_OPEN else PATIENCE)
        until = begin_by + int(ask.seconds * SECOND) + MARGIN
        # Only those that no window refuses: a trial lent to others would keep everybody waiting for nothing.
        wanted = _wanted(ask, self.agents, count)
        is_paused = self.paused_until > now
        circuit, permission = self.circuit.permit(rules, now, 0 if is_paused else wanted, until=until)
        closed = None
        if permission.granted < wanted:
            come_back_at = permission.come_back_at
            if is_paused:
                come_back_at = max(self.paused_until, come_back_at or 0)
            # An open circuit is said to be open, whatever else: fallbacks answer for it at once.
            is_open = circuit.state is State.OPEN
            why = Why.PAUSED if is_paused and not is_open else circuit.state
            closed = _closed(ask.deployment, why, come_back_at, now)
        agents, grants = _grants(ask, self.agents, permission.granted, closed, count)
        answer = Answer(
            at=now,
            begin_by=begin_by,
            state=circuit.state,
            round=permission.round,
            until=until,
            grants=grants,
            closed=closed,
        )
        return replace(self, seen=now, circuit=circuit, agents=agents), answer

    def settle(self, rules: BreakerRules, settlement: Settlement, now: int) -> Self:
        """Hear how permitted calls ended."""
        now = max(now, self.seen)
        circuit = self.circuit.settle(
            rules, now, settlement.round, settlement.verdicts, until=settlement.until
        )
        pause = int(min(settlement.pause, LONGEST_PAUSE) * SECOND)
        paused_until = max(self.paused_until, now + pause) if pause > 0 else self.paused_until
        return replace(self, seen=now, circuit=circuit, paused_until=paused_until)

    def give_back(self, back: GiveBack, now: int) -> Self:
        """Take calls back that were counted a moment ago and are not made."""
        now = max(now, self.seen)
        crowd = self.agents
        for agent, calls in back.agents.items():
            crowd, windows = crowd.of(agent, now, MOST_AGENTS)
            crowd = crowd.put(agent, windows.release(back.at, calls), MOST_AGENTS)
        return replace(self, seen=now, agents=crowd)

    def reset(self, now: int) -> Self:
        """A person says that all is well."""
        now = max(now, self.seen)
        return replace(self, seen=now, circuit=self.circuit.reset(now), paused_until=0)

    def calls_of(self, agent: str, now: int) -> Windows:
        """The windows that count for the agent."""
        return self.agents.of(agent, max(now, self.seen), MOST_AGENTS)[1]


def _wanted(ask: Ask, agents: Crowd, count: _Count) -> int:
    """How many calls want to go through, and are refused by no window."""
    wanted = 0
    for group in ask.groups:
        # Those that are only counted here take room, too.
        agents, counted, _ = count(agents, group, group.calls)
        wanted += counted if group.through else 0
    return wanted


def _closed(deployment: str, why: str, come_back_at: int | None, now: int) -> Refusal:
    if why == State.HALF_OPEN:
        # The trial has most of its time still before it, and most likely needs little of it.
        come_back_at = min(now + PROBE, NEVER if come_back_at is None else come_back_at)
    return Refusal(level=Level.DEPLOYMENT, key=deployment, why=why, come_back_at=come_back_at)


def _grants(
    ask: Ask, agents: Crowd, free: int, closed: Refusal | None, count: _Count
) -> tuple[Crowd, tuple[Grant, ...]]:
    """A grant for each group, the first served first, and what is counted from now on."""
    grants = []
    for group in ask.groups:
        _, most, _ = count(agents, group, group.calls)
        granted = min(most, free) if group.through else most
        free -= granted if group.through else 0
        leaving = most - granted if group.leaves and closed is not None and closed.is_of_circuit else 0
        counted = granted + leaving
        # What has room in the windows and is not let through is not counted there either.
        agents, _, refusal = count(agents, group, group.calls if counted == most else counted)
        refusal = refusal if counted == most else closed
        grants.append(Grant(granted=granted, leaving=leaving, refusal=refusal))
    return agents, tuple(grants)


def _counted(
    agents: Crowd, group: Group, calls: int, *, limits: LimitsOf, now: int, patience: int
) -> tuple[Crowd, int, Refusal | None]:
    """The crowd with as many of the calls counted as their agent's windows allow."""
    if group.agent is None or calls == 0:
        return agents, calls, None
    crowd, windows = agents.of(group.agent, now, MOST_AGENTS)
    rules = limits(group.agent)
    windows, admission = windows.admit(rules, now, calls, patience=patience)
    counted = crowd.put(group.agent, windows, MOST_AGENTS)
    return counted, admission.granted, refusal_of(Level.AGENT, group.agent, rules, admission)
