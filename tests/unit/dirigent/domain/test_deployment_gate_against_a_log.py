"""A deployment's gate against a log that forgets nothing, under any order of operations and any clock."""

from collections import defaultdict
from dataclasses import dataclass

from gate_log import JUMPS, Circuit, Log, text_of, thoroughly, written
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dirigent.domain.breakers import BreakerRules, State, Verdict
from dirigent.domain.crowds import Crowd, packed
from dirigent.domain.deployment_gate import LONGEST_PAUSE, MOST_AGENTS, PROBE, DeploymentGate
from dirigent.domain.gates import Answer, Ask, GiveBack, Grant, Group, Settlement
from dirigent.domain.passages import Level, Refusal, Why
from dirigent.domain.windows import NEVER, SECOND, SLICES, SPANS, Limits, Windows

#: Midnight: every slice begins here.
START = 22_000 * SPANS["day"]
#: A count and the number of its slice take no more digits until the year 5138, nor windows more punctuation.
MARK, PER_KEY = len("[1999999999999, 9999999999], "), 120
#: Of one agent's windows, written down, with a name of up to 20 letters.
WINDOWS = len(SPANS) * (SLICES + 1) * MARK + PER_KEY + 24
#: Of the circuit and the rest: trials are the only list in it.
REST, TRIAL = 400, len("1999999999999999, ")

AGENTS = ("writer", "editor")
LIMITS = st.sampled_from(
    [
        Limits(burst=3, minute=7, hour=15, day=40),
        Limits(burst=None, minute=60, hour=90, day=None),
        Limits(burst=1, minute=None, hour=None, day=25),
        Limits(burst=None, minute=None, hour=None, day=None),
        Limits(burst=5, minute=0, hour=10, day=100),
        Limits(burst=10, minute=60, hour=45, day=50),
    ]
)
MOST_TRIALS = 3
RULES = st.builds(
    BreakerRules,
    failures=st.integers(1, 3),
    cool_down=st.sampled_from([1.0, 30.0, 600.0]),
    trials=st.integers(1, MOST_TRIALS),
    success_threshold=st.integers(1, 3),
)
#: Half of them ill, or circuits would hardly open.
VERDICTS = st.sampled_from([Verdict.ILL, Verdict.ILL, *Verdict])
GROUPS = st.builds(
    Group,
    calls=st.integers(1, 50) | st.integers(1, 4),
    agent=st.sampled_from(AGENTS) | st.none(),
    through=st.booleans() | st.just(True),
    leaves=st.booleans(),
)


@dataclass(frozen=True)
class Under:
    """Calls a gate let through, whose end it has not been told."""

    answer: Answer
    age: int
    calls: int


class Gate(RuleBasedStateMachine):
    """One gate, read and written between operations, and what must come of it."""

    agents = AGENTS

    def __init__(self) -> None:
        super().__init__()
        self.clock = START
        self.gate = DeploymentGate()
        self.declared = BreakerRules(failures=2, cool_down=5.0)
        self.limits: defaultdict[str, Limits] = defaultdict(Limits)
        self.logs: defaultdict[str, Log] = defaultdict(Log)
        self.circuit = Circuit()
        self.paused_until = 0
        self.under_way: list[Under] = []
        #: What was counted and not let through: it may be given back.
        self.counted: list[tuple[int, str, int]] = []

    @property
    def now(self) -> int:
        return max(self.clock, self.gate.seen)

    def _moved(self, after: DeploymentGate) -> None:
        assert after.seen == self.now
        self.gate = written(after)
        assert self.gate == after

    @rule(jump=JUMPS)
    def the_clock_jumps(self, jump: int) -> None:
        self.clock += jump

    @rule(agent=st.sampled_from(AGENTS), limits=LIMITS)
    def other_limits_are_declared(self, agent: str, limits: Limits) -> None:
        self.limits[agent] = limits

    @rule(rules=RULES)
    def another_breaker_is_declared(self, rules: BreakerRules) -> None:
        self.declared = rules

    @rule(
        groups=st.lists(GROUPS, min_size=1, max_size=4, unique_by=lambda one: (one.agent, one.through)),
        seconds=st.sampled_from([0.5, 30.0, 600.0]),
        patience=st.sampled_from([0, SECOND, 120 * SECOND, SPANS["day"]]),
        jump=JUMPS,
    )
    def a_wave_asks(self, groups: list[Group], seconds: float, patience: int, jump: int) -> None:
        self.clock += jump
        now, state = self.now, self.circuit.look(self.declared, self.now)
        ask = Ask(deployment="gpt", groups=tuple(groups), seconds=seconds, patience=self.clock + patience)
        before = self.gate
        after, answer = before.permit(self.declared, self.limits.__getitem__, ask, self.clock)
        self._moved(after)
        assert (answer.at, answer.state) == (now, state)
        assert answer.begin_by > now
        assert answer.until >= answer.begin_by + seconds * SECOND
        self._let_through(groups, answer)
        for group, grant in zip(groups, answer.grants, strict=True):
            self._granted(group, grant, answer)
        if answer.closed is not None:
            self._closed(answer.closed)

    def _let_through(self, groups: list[Group], answer: Answer) -> None:
        pairs = list(zip(groups, answer.grants, strict=True))
        through = sum(grant.granted for group, grant in pairs if group.through)
        free = 0 if self.paused_until > answer.at else self.circuit.free(self.declared)
        assert through <= free
        wanted = sum(group.calls for group, _ in pairs if group.through)
        if not any(grant.refusal and grant.refusal.level is Level.AGENT for _, grant in pairs):
            assert through == min(wanted, free)
        self.circuit.permit(through, answer.until)
        assert len(self.gate.circuit.trials) == len(self.circuit.trials)
        if through:
            self.under_way.append(Under(answer=answer, age=self.circuit.age, calls=through))

    def _granted(self, group: Group, grant: Grant, answer: Answer) -> None:
        counted = grant.granted + grant.leaving
        assert counted <= group.calls
        assert (grant.refusal is None) == (counted == group.calls)
        if grant.leaving:
            assert group.leaves
            assert answer.closed is not None
            assert answer.closed.is_of_circuit
        if grant.refusal is not None and grant.refusal.level is Level.DEPLOYMENT:
            assert group.through
            assert grant.refusal == answer.closed
        if group.agent is None:
            assert grant.refusal is None or grant.refusal.level is Level.DEPLOYMENT
            return
        room = self._room(group.agent, answer.at)
        self.logs[group.agent].admit(self.limits[group.agent], answer.at, counted)
        elsewhere = grant.leaving if group.through else counted
        if elsewhere:
            self.counted.append((answer.at, group.agent, elsewhere))
        if grant.refusal is not None and grant.refusal.level is Level.AGENT:
            self._full(group.agent, grant.refusal, answer.at)
            assert counted >= min(room, group.calls)

    def _full(self, agent: str, refusal: Refusal, now: int) -> None:
        limits = self.limits[agent]
        assert (refusal.key, refusal.limit) == (agent, limits.of(refusal.why))
        assert self._is_full(agent, refusal.why, now)
        if refusal.come_back_at is None:
            assert refusal.limit == 0
            return
        assert refusal.come_back_at > now
        assert self._alone(Group(calls=1, agent=agent, through=False), refusal.come_back_at).granted == 1

    def _is_full(self, agent: str, window: str, now: int) -> bool:
        return self.logs[agent].is_full(self.limits[agent], now, window)

    def _room(self, agent: str, now: int) -> int:
        return self.logs[agent].room(self.limits[agent], now)

    def _closed(self, refusal: Refusal) -> None:
        now, state, is_paused = self.now, self.circuit.state, self.paused_until > self.now
        why = Why.PAUSED if is_paused and state is not State.OPEN else state
        assert (refusal.level, refusal.key, refusal.why) == (Level.DEPLOYMENT, "gpt", why)
        assert refusal.come_back_at is not None
        assert refusal.come_back_at > now
        back = refusal.come_back_at
        if why == Why.HALF_OPEN:
            # That is when to look again; there is a place at the latest when a trial's time is over.
            assert back == min(now + PROBE, *self.circuit.trials)
            back = min(self.circuit.trials)
        is_free = len(self.gate.circuit.at(self.declared, back).trials) < self.declared.trials
        # A trial may outlive the round that lent it, and its place with it.
        if is_free or state is State.CLOSED:
            assert self._alone(Group(calls=1), back).granted == 1

    def _alone(self, group: Group, now: int) -> Grant:
        ask = Ask(deployment="gpt", groups=(group,), seconds=1.0, patience=NEVER)
        return self.gate.permit(self.declared, self.limits.__getitem__, ask, now)[1].grants[0]

    @precondition(lambda self: self.under_way)
    @rule(data=st.data(), pause=st.sampled_from([0.0, 0.0, 0.0, 2.5, 90.0, 5_000.0]))
    def calls_end(self, data: st.DataObject, pause: float) -> None:
        ended = self.under_way.pop(data.draw(st.integers(0, len(self.under_way) - 1)))
        most = min(ended.calls, 8)
        verdicts = data.draw(st.lists(VERDICTS, min_size=1, max_size=most))
        if len(verdicts) < ended.calls:
            rest = Under(answer=ended.answer, age=ended.age, calls=ended.calls - len(verdicts))
            self.under_way.append(rest)
        now, answer = self.now, ended.answer
        settlement = Settlement(
            deployment="gpt", round=answer.round, until=answer.until, verdicts=tuple(verdicts), pause=pause
        )
        self._moved(self.gate.settle(self.declared, settlement, self.clock))
        self.circuit.look(self.declared, now)
        self.circuit.settle(self.declared, now, ended.age, answer.until, verdicts)
        if pause:
            self.paused_until = max(self.paused_until, now + int(min(pause, LONGEST_PAUSE) * SECOND))

    @precondition(lambda self: self.counted)
    @rule(data=st.data())
    def what_was_counted_is_given_back(self, data: st.DataObject) -> None:
        at, agent, calls = self.counted.pop(data.draw(st.integers(0, len(self.counted) - 1)))
        number = data.draw(st.integers(1, calls))
        self._moved(self.gate.give_back(GiveBack(at=at, agents={agent: number}), self.clock))
        self.logs[agent].give_back(at, number)

    @rule()
    def a_person_resets_it(self) -> None:
        self.circuit.reset(self.now)
        self._moved(self.gate.reset(self.clock))
        self.paused_until = 0

    @invariant()
    def it_stands_as_it_should(self) -> None:
        stands = self.gate.circuit.at(self.declared, self.now)
        assert stands.state is self.circuit.stands(self.declared, self.now)
        assert list(stands.trials) == sorted(until for until in self.circuit.trials if until > self.now)
        assert len(stands.trials) <= MOST_TRIALS

    @invariant()
    def what_it_says_is_left_is_not_too_much(self) -> None:
        for agent in self.agents:
            limits = self.limits[agent]
            for window, left in self.gate.calls_of(agent, self.now).left(limits, self.now).items():
                lately = self.logs[agent].lately(self.now, SPANS[window])
                assert left <= max((limits.of(window) or 0) - lately, 0)

    @invariant()
    def its_state_stays_small(self) -> None:
        keys = len(self.gate.agents.known) + 1
        assert len(self.gate.agents.known) <= MOST_AGENTS
        assert len(text_of(self.gate)) <= keys * WINDOWS + MOST_TRIALS * TRIAL + REST


TestGate = Gate.TestCase
TestGate.settings = thoroughly(200, 40)


class CrowdedGate(Gate):
    """As many agents as have windows of their own; whoever else comes shares one count with the others."""

    @initialize()
    def all_have_called_today(self) -> None:
        recent, _ = Windows().admit(Limits(), START, 1)
        # Some are over soon, and make room.
        older, _ = Windows().admit(Limits(), START - SPANS["day"], 1)
        known = {f"agent-{number}": packed(recent if number % 9 else older) for number in range(MOST_AGENTS)}
        self.gate = DeploymentGate(seen=START, agents=Crowd(known=known))

    def _is_full(self, agent: str, window: str, now: int) -> bool:
        return self._of_all().is_full(self.limits[agent], now, window)

    def _room(self, agent: str, now: int) -> int:
        return self._of_all().room(self.limits[agent], now)

    def _of_all(self) -> Log:
        # They may be known or share one count: at worst it is everybody's.
        everybody = Log()
        everybody.instants = sorted(instant for agent in AGENTS for instant in self.logs[agent].instants)
        return everybody


TestCrowdedGate = CrowdedGate.TestCase
# Each of its steps reads and writes a thousand agents: what it finds is told as it was found.
TestCrowdedGate.settings = settings(parent=thoroughly(4, 15), phases=[Phase.explicit, Phase.generate])


def test_even_the_largest_crowd_stays_within_its_bound() -> None:
    busy, limits = Windows(), Limits(burst=None, minute=None, hour=None, day=None)
    slices = [(span, number * span // SLICES) for span in SPANS.values() for number in range(SLICES + 1)]
    for now in sorted(START - span + since for span, since in slices):
        busy, _ = busy.admit(limits, now, 10**8)
    known = {f"agent-{number:014}": packed(busy) for number in range(MOST_AGENTS)}
    gate = DeploymentGate(seen=START, agents=Crowd(known=known, others=busy))

    assert min(len(marks) for _, marks in busy.at(START).marks()) >= SLICES
    size, bound = len(text_of(written(gate))), (MOST_AGENTS + 1) * WINDOWS + REST
    assert bound // 2 < size <= bound
