"""The gate of a deployment, as the host calls it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.breakers import BreakerRules, State, Verdict
from dirigent.domain.catalogue import Agent, Catalogue, Model
from dirigent.domain.gates import Answer, Ask, GiveBack, Group, Settlement
from dirigent.domain.passages import Level
from dirigent.domain.windows import NEVER, Limits
from entities.deployment import deployment


def asking(calls: int, *, agent: str | None = "writer", through: bool = True) -> Ask:
    group = Group(calls=calls, agent=agent, through=through)
    return Ask(deployment="gpt", groups=(group,), seconds=30.0, patience=NEVER)


def declared(*, burst: int = 5, breaker: BreakerRules | None = None) -> Catalogue:
    model = Model(name="m", deployment="gpt", breaker=breaker or BreakerRules())
    limits = Limits(burst=burst)
    agent = Agent(name="writer", description="", instructions="Write.", model="m", limits=limits)
    return Catalogue(models={"m": model}, agents={"writer": agent}, workflows={})


@pytest.fixture
def desk(stage: Callable[[object], Any]) -> Any:
    desk = stage(deployment)
    desk.catalogue = declared()
    return desk


def permit(desk: Any, ask: Ask) -> Answer:
    return codec.decode(Answer, desk.ask("permit", ask))


def settlement(answer: Answer, *verdicts: Verdict, pause: float = 0.0) -> Settlement:
    return Settlement(
        deployment="gpt", round=answer.round, until=answer.until, verdicts=verdicts, pause=pause
    )


def test_permits_what_the_agents_windows_allow(desk: Any) -> None:
    answer = permit(desk, asking(9))

    refusal = answer.grants[0].refusal
    assert answer.grants[0].granted == 5
    assert refusal is not None
    assert (refusal.level, refusal.key, refusal.limit) == (Level.AGENT, "writer", 5)


def test_a_circuit_opens_and_a_person_closes_it(desk: Any, left_out: object) -> None:
    answer = permit(desk, asking(5))
    desk.ask("settle", settlement(answer, *(Verdict.ILL,) * 5))
    opened = permit(desk, asking(1, agent=None))
    desk.ask("reset", left_out)

    assert (opened.state, opened.grants[0].granted) == (State.OPEN, 0)
    assert permit(desk, asking(1, agent=None)).grants[0].granted == 1


def test_a_reset_may_say_whose_it_is(desk: Any) -> None:
    answer = permit(desk, asking(1))
    desk.ask("settle", settlement(answer, pause=60.0))

    assert desk.ask("reset", {"by": "ops"}) is None
    assert permit(desk, asking(1)).closed is None


def test_what_is_given_back_may_be_permitted_again(desk: Any) -> None:
    answer = permit(desk, asking(5, through=False))
    desk.ask("give_back", GiveBack(at=answer.at, agents={"writer": 2}))

    assert permit(desk, asking(5)).grants[0].granted == 2


def test_in_a_batch_no_answer_is_given_twice(desk: Any) -> None:
    settled = Settlement(deployment="gpt", round=0, until=0, verdicts=(Verdict.WELL,))
    results = desk.batch(("permit", asking(1)), ("settle", settled), ("permit", asking(2)))

    assert results[1]["result"] in (None, "null")
    granted = [codec.from_json(Answer, results[place]["result"]).grants[0].granted for place in (0, 2)]
    assert granted == [1, 2]


def test_other_limits_hold_at_once_and_no_call_is_forgotten(desk: Any) -> None:
    permit(desk, asking(5))
    desk.catalogue = declared(burst=7)
    more = permit(desk, asking(5))
    desk.catalogue = declared(burst=6)

    assert more.grants[0].granted == 2
    assert permit(desk, asking(1)).grants[0].granted == 0


def test_another_breaker_holds_at_once_and_no_failure_is_forgotten(desk: Any) -> None:
    answer = permit(desk, asking(2))
    desk.ask("settle", settlement(answer, Verdict.ILL, Verdict.ILL))
    desk.catalogue = declared(breaker=BreakerRules(failures=3))
    desk.ask("settle", settlement(answer, Verdict.ILL))

    assert permit(desk, asking(1)).state is State.OPEN


def test_what_is_not_declared_any_more_keeps_to_the_usual_rules(desk: Any) -> None:
    desk.catalogue = Catalogue(models={}, agents={}, workflows={})

    assert permit(desk, asking(50)).grants[0].granted == Limits().burst


def test_its_stamps_never_go_back_when_the_clock_does(desk: Any, clock: Any) -> None:
    first = permit(desk, asking(1))
    clock.time -= timedelta(minutes=10)
    second = permit(desk, asking(1))
    desk.ask("settle", settlement(second, Verdict.WELL))
    desk.ask("give_back", GiveBack(at=second.at, agents={}))
    desk.ask("reset", {})

    assert second.at == first.at == desk.remembered["seen"]


MALFORMED = [
    ("permit", {"deployment": "gpt"}, "groups"),
    ("permit", {"deployment": "gpt", "groups": [{}], "seconds": 1, "patience": 0}, "calls"),
    ("settle", {"deployment": "gpt", "round": 0, "until": 0, "verdicts": ["unwell"]}, "unwell"),
    ("give_back", {"agents": {"writer": 1}}, "at"),
    ("give_back", {"at": 0, "agents": ["writer"]}, "agents"),
    ("permit", ["gpt"], "array"),
    ("permit", "gpt", "str"),
]


@pytest.mark.parametrize(("operation", "wish", "named"), MALFORMED)
def test_a_malformed_input_fails_says_why_and_changes_nothing(
    desk: Any, operation: str, wish: object, named: str
) -> None:
    permit(desk, asking(3))
    before = desk.remembered

    assert named in desk.fail(operation, wish)
    assert desk.remembered == before


def test_an_unknown_operation_fails_and_says_which_there_are(desk: Any) -> None:
    why = desk.fail("open", {})

    assert why == "There is no operation 'open': permit, settle, give_back, reset."
    assert desk.state is None
