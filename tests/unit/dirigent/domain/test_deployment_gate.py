"""A deployment's gate: circuit, agents' windows and pause, as one."""

import pytest

from dirigent import codec
from dirigent.domain.breakers import SECOND, BreakerRules, State, Verdict
from dirigent.domain.deployment_gate import (
    LONGEST_PAUSE,
    MARGIN,
    MOST_AGENTS,
    PATIENCE,
    PROBE,
    TRIAL_PATIENCE,
    DeploymentGate,
)
from dirigent.domain.gates import Answer, Ask, GiveBack, Grant, Group, Settlement
from dirigent.domain.passages import Level, Refusal, Why
from dirigent.domain.windows import NEVER, SPANS, Limits, Windows

RULES = BreakerRules()
#: Midnight: every slice begins here.
START = 22_000 * SPANS["day"]
#: When a circuit that opened then is tried again.
COOLED = START + 60 * SECOND
LIMITS = {
    "writer": Limits(burst=None, minute=5, hour=None, day=None),
    "editor": Limits(burst=None, minute=None, hour=None, day=None),
}
WRITER, EDITOR = Group(calls=3, agent="writer"), Group(calls=3, agent="editor")


def limits(agent: str) -> Limits:
    return LIMITS.get(agent, LIMITS["writer"])


def asked(
    gate: DeploymentGate, *groups: Group, now: int = START, rules: BreakerRules = RULES
) -> tuple[DeploymentGate, Answer]:
    ask = Ask(deployment="gpt", groups=groups, seconds=30.0, patience=NEVER)
    return gate.permit(rules, limits, ask, now)


def told(
    gate: DeploymentGate, answer: Answer, *verdicts: Verdict, now: int = START, pause: float = 0.0
) -> DeploymentGate:
    settlement = Settlement(
        deployment="gpt", round=answer.round, until=answer.until, verdicts=verdicts, pause=pause
    )
    return gate.settle(RULES, settlement, now)


def opened(pause: float = 0.0) -> DeploymentGate:
    gate, answer = asked(DeploymentGate(), Group(calls=5))
    return told(gate, answer, *(Verdict.ILL,) * 5, pause=pause)


def test_lets_all_of_a_wave_through() -> None:
    _, answer = asked(DeploymentGate(), WRITER, EDITOR)

    assert answer.grants == (Grant(granted=3), Grant(granted=3))
    assert (answer.at, answer.state, answer.closed) == (START, State.CLOSED, None)


def test_says_by_when_a_call_begins_and_until_when_it_is_waited_for() -> None:
    _, answer = asked(DeploymentGate(), WRITER)

    assert answer.begin_by == START + PATIENCE
    assert answer.until == answer.begin_by + 30 * SECOND + MARGIN


def test_grants_what_an_agents_windows_allow_and_names_them() -> None:
    _, answer = asked(DeploymentGate(), WRITER, Group(calls=4, agent="writer", leaves=True), EDITOR)

    refusal = Refusal(
        level=Level.AGENT, key="writer", why="minute", limit=5, come_back_at=START + 63 * SECOND
    )
    assert answer.grants == (Grant(granted=3), Grant(granted=2, refusal=refusal), Grant(granted=3))


def test_what_the_circuit_refuses_counts_for_no_agent() -> None:
    gate, answer = asked(opened(), WRITER)

    assert answer.grants[0].granted == 0
    assert gate.calls_of("writer", START) == Windows()


def test_an_open_circuit_is_named_with_its_end() -> None:
    _, answer = asked(opened(), WRITER, now=START + SECOND)

    refusal = Refusal(level=Level.DEPLOYMENT, key="gpt", why=Why.OPEN, come_back_at=COOLED)
    assert (answer.closed, answer.grants) == (refusal, (Grant(granted=0, refusal=refusal),))


def test_what_leaves_an_open_circuit_is_counted_and_goes_elsewhere() -> None:
    gate, answer = asked(opened(), Group(calls=7, agent="writer", leaves=True))

    grant = answer.grants[0]
    assert (grant.granted, grant.leaving) == (0, 5)
    assert grant.refusal is not None
    assert grant.refusal.level is Level.AGENT
    assert gate.calls_of("writer", START).left(limits("writer"), START) == {"minute": 0}


def test_what_is_only_counted_asks_no_circuit() -> None:
    _, answer = asked(opened(), Group(calls=3, agent="writer", through=False))

    assert (answer.grants, answer.closed) == ((Grant(granted=3),), None)


def test_what_was_counted_elsewhere_asks_no_window() -> None:
    gate, answer = asked(DeploymentGate(), Group(calls=50))

    assert answer.grants == (Grant(granted=50),)
    assert gate.agents.known == {}


def test_after_the_cool_down_one_call_of_many_waves_is_tried() -> None:
    gate, granted = opened(), 0
    for _ in range(100):
        gate, answer = asked(gate, EDITOR, now=COOLED)
        assert answer.state is State.HALF_OPEN
        granted += answer.grants[0].granted

    assert granted == 1


def test_a_trial_begins_soon_and_the_others_ask_again_soon() -> None:
    _, answer = asked(opened(), EDITOR, now=COOLED)

    assert answer.begin_by == COOLED + TRIAL_PATIENCE
    assert answer.closed is not None
    assert (answer.closed.why, answer.closed.come_back_at) == (Why.HALF_OPEN, COOLED + PROBE)


def test_no_trial_is_lent_to_calls_whose_window_is_full() -> None:
    gate, _ = asked(DeploymentGate(), Group(calls=5, agent="writer", through=False), now=COOLED - SECOND)
    gate = DeploymentGate(circuit=opened().circuit, agents=gate.agents)
    gate, refused = asked(gate, WRITER, now=COOLED)
    _, granted = asked(gate, EDITOR, now=COOLED)

    assert refused.grants[0].refusal is not None
    assert refused.grants[0].refusal.level is Level.AGENT
    assert granted.grants[0].granted == 1


def test_nor_to_calls_whose_places_others_of_the_wave_take() -> None:
    gate, answer = asked(opened(), Group(calls=5, agent="writer", through=False), WRITER, now=COOLED)

    assert [grant.granted for grant in answer.grants] == [5, 0]
    assert gate.circuit.trials == ()


def test_a_trial_that_goes_well_lets_everybody_through() -> None:
    gate, answer = asked(opened(), EDITOR, now=COOLED)
    _, after = asked(told(gate, answer, Verdict.WELL, now=COOLED), EDITOR, now=COOLED)

    assert (after.state, after.grants) == (State.CLOSED, (Grant(granted=3),))


def test_a_pause_holds_for_everybody() -> None:
    gate, answer = asked(DeploymentGate(), EDITOR)
    _, refused = asked(told(gate, answer, Verdict.SILENT, pause=7.0), WRITER)

    assert refused.closed == Refusal(
        level=Level.DEPLOYMENT, key="gpt", why=Why.PAUSED, come_back_at=START + 7 * SECOND
    )
    assert asked(told(gate, answer, pause=7.0), WRITER, now=START + 7 * SECOND)[1].closed is None


def test_a_pause_is_not_shortened_by_another_nor_endless() -> None:
    gate, answer = asked(DeploymentGate(), EDITOR)
    gate = told(told(gate, answer, pause=1e9), answer, pause=1.0)

    assert gate.paused_until == START + int(LONGEST_PAUSE) * SECOND


def test_nothing_leaves_because_of_a_pause() -> None:
    gate, answer = asked(DeploymentGate(), EDITOR)
    _, refused = asked(told(gate, answer, pause=7.0), Group(calls=2, agent="writer", leaves=True))

    assert refused.grants == (Grant(granted=0, refusal=refused.closed),)


@pytest.mark.parametrize(("pause", "until"), [(7.0, COOLED), (90.0, START + 90 * SECOND)])
def test_an_open_circuit_that_is_paused_is_open_until_both_are_over(pause: float, until: int) -> None:
    _, answer = asked(opened(pause), Group(calls=2, agent="writer", leaves=True))

    assert answer.closed is not None
    assert (answer.closed.why, answer.closed.come_back_at) == (Why.OPEN, until)
    assert answer.grants[0].leaving == 2


def test_during_a_pause_no_trial_is_lent() -> None:
    gate, answer = asked(opened(90.0), EDITOR, now=COOLED)

    assert answer.closed is not None
    assert (answer.closed.why, gate.circuit.trials) == (Why.PAUSED, ())
    assert asked(gate, EDITOR, now=START + 90 * SECOND)[1].grants[0].granted == 1


def test_a_person_ends_circuit_and_pause() -> None:
    _, answer = asked(opened(90.0).reset(START), EDITOR)

    assert (answer.state, answer.closed) == (State.CLOSED, None)


def test_what_is_given_back_may_be_asked_for_again() -> None:
    gate, answer = asked(DeploymentGate(), Group(calls=5, agent="writer", through=False))
    gate = gate.give_back(GiveBack(at=answer.at, agents={"writer": 2}), START)

    assert asked(gate, WRITER)[1].grants[0].granted == 2


def test_what_is_given_back_later_takes_nothing_from_what_was_counted_meanwhile() -> None:
    gate, first = asked(DeploymentGate(), Group(calls=2, agent="writer", through=False))
    gate, _ = asked(gate, WRITER, now=START + 30 * SECOND)
    gate = gate.give_back(GiveBack(at=first.at, agents={"writer": 2}), START + 31 * SECOND)
    gate, second = asked(gate, WRITER, now=START + 32 * SECOND)
    _, third = asked(gate, WRITER, now=START + 70 * SECOND)

    assert (second.grants[0].granted, third.grants[0].granted) == (2, 0)


def test_what_nobody_counted_cannot_be_given_back() -> None:
    gate, _ = asked(DeploymentGate(), WRITER)
    gate = gate.give_back(GiveBack(at=START - SPANS["day"], agents={"writer": 3, "stranger": 9}), START)

    assert gate.calls_of("writer", START).left(limits("writer"), START) == {"minute": 2}
    assert gate.calls_of("stranger", START).left(limits("stranger"), START) == {"minute": 5}


def test_its_time_never_goes_back() -> None:
    gate, answer = asked(DeploymentGate(seen=COOLED), WRITER)

    assert (answer.at, gate.seen) == (COOLED, COOLED)
    assert told(gate, answer).seen == gate.reset(START).seen == COOLED
    assert gate.give_back(GiveBack(at=START, agents={}), START).seen == COOLED


def test_beyond_so_many_agents_the_others_share() -> None:
    groups = tuple(Group(calls=3, agent=f"agent-{number}") for number in range(MOST_AGENTS + 1))
    gate, _ = asked(DeploymentGate(), *groups)
    _, stranger = asked(gate, Group(calls=3, agent="stranger"))

    assert len(gate.agents.known) == MOST_AGENTS
    assert stranger.grants[0].granted == 2


def test_rules_of_today_hold_at_once() -> None:
    gate, answer = asked(DeploymentGate(), EDITOR)
    gate = told(gate, answer, Verdict.ILL, Verdict.ILL)
    settlement = Settlement(deployment="gpt", round=0, until=0, verdicts=(Verdict.ILL,))
    strict = BreakerRules(failures=3, cool_down=5)
    gate = gate.settle(strict, settlement, START)

    assert gate.circuit.state is State.OPEN
    assert asked(gate, EDITOR, now=START + 5 * SECOND, rules=strict)[1].state is State.HALF_OPEN
    assert asked(gate, EDITOR, now=START + 5 * SECOND, rules=RULES)[1].state is State.OPEN


def test_survives_being_written_down() -> None:
    gate, _ = asked(opened(90.0), WRITER, EDITOR, now=COOLED)

    assert codec.decode(DeploymentGate, codec.encode(gate)) == gate
