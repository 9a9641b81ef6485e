"""Agents, models and workflows, as declared."""

import pytest
from msgspec.structs import replace

from dirigent.domain.account_gate import AccountRules
from dirigent.domain.breakers import BreakerRules
from dirigent.domain.catalogue import Agent, Catalogue, Fallback, InputField, Model, ResultField, Workflow
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import PlannedStep, Substitute
from dirigent.domain.steps import AskStep, ChooseStep, PublishStep, SendStep
from dirigent.domain.subscriptions import Subscription
from dirigent.domain.windows import Limits

PATIENT = RetryPolicy(max_attempts=7)


def agent(name: str, model: str, **values: object) -> Agent:
    return Agent(name=name, description="", instructions="", model=model, retry=PATIENT, **values)  # type: ignore[arg-type]


CATALOGUE = Catalogue(
    models={name: Model(name=name, deployment=f"gpt-{name}") for name in ("large", "small", "spare")},
    agents={
        "poet": agent("poet", "large", timeout=90.0),
        "clerk": agent("clerk", "small"),
        "idler": agent("idler", "spare"),
    },
    workflows={
        "rhyme": Workflow(
            name="rhyme",
            description="",
            type="rhyming",
            input=(InputField(name="word"),),
            steps=(
                AskStep(name="find", agent="clerk", prompt="{{word}}", output="words"),
                AskStep(name="write", agent="poet", prompt="{{words}}", output="poem"),
                AskStep(name="check", agent="poet", prompt="{{poem}}", output="checked", timeout=5.0),
                PublishStep(name="print", publish="checked", output="address", filename="{{word}}.md"),
                PublishStep(name="keep", publish="poem", output="copy", filename="a.md", timeout=0.5),
            ),
            result={"poem": ResultField(value="checked")},
        )
    },
)


def test_a_definition_holds_what_its_workflow_refers_to_and_nothing_else() -> None:
    definition = CATALOGUE.definition("rhyme")

    assert definition.workflow is CATALOGUE.workflows["rhyme"]
    assert list(definition.agents) == ["clerk", "poet"]
    assert list(definition.models) == ["large", "small"]


def test_a_plan_takes_limits_from_the_step_then_from_the_agent() -> None:
    plan = CATALOGUE.definition("rhyme").plan()

    assert [(step.name, step.activity, step.timeout) for step in plan] == [
        ("find", "ask_agent", 30.0),
        ("write", "ask_agent", 90.0),
        ("check", "ask_agent", 5.0),
        ("print", "publish_artifact", 30.0),
        ("keep", "publish_artifact", 0.5),
    ]


def test_no_attempt_may_take_longer_than_its_step() -> None:
    find, write, *rest = CATALOGUE.workflows["rhyme"].steps
    steps = (find, replace(write, total_timeout=20.0), *rest)
    rhyme = replace(CATALOGUE.workflows["rhyme"], steps=steps)
    hasty = replace(CATALOGUE, workflows={"rhyme": rhyme}).definition("rhyme").plan()[1]

    assert (hasty.timeout, hasty.total_timeout) == (20.0, 20.0)


def test_a_planned_call_knows_its_agent_and_where_it_goes() -> None:
    assert CATALOGUE.definition("rhyme").plan()[1] == PlannedStep(
        name="write",
        activity="ask_agent",
        timeout=90.0,
        retry=PATIENT,
        agent="poet",
        deployments=("gpt-large",),
    )


def test_finds_a_step_by_its_name() -> None:
    definition = CATALOGUE.definition("rhyme")

    assert [definition.step(step.name) for step in definition.workflow.steps] == [*definition.workflow.steps]


def test_knows_no_workflow_that_was_not_declared() -> None:
    with pytest.raises(KeyError):
        CATALOGUE.definition("prose")


def with_fallback(fallback: Fallback) -> Catalogue:
    """The catalogue, with somebody who answers for the poet, whose own fallback nobody follows."""
    agents = {
        "poet": replace(CATALOGUE.agents["poet"], fallback=fallback),
        "idler": replace(CATALOGUE.agents["idler"], timeout=7.0, fallback=Fallback(agent="clerk")),
    }
    return replace(CATALOGUE, agents=CATALOGUE.agents | agents)


@pytest.mark.parametrize(
    ("fallback", "agents", "models"),
    [
        (Fallback(agent="idler"), ["clerk", "idler", "poet"], ["large", "small", "spare"]),
        (Fallback(model="spare"), ["clerk", "poet"], ["large", "small", "spare"]),
        (Fallback(value="Roses are red."), ["clerk", "poet"], ["large", "small"]),
    ],
)
def test_a_definition_holds_who_answers_for_its_agents(
    fallback: Fallback, agents: list[str], models: list[str]
) -> None:
    definition = with_fallback(fallback).definition("rhyme")

    assert list(definition.agents) == agents
    assert list(definition.models) == models


def test_a_definition_does_not_follow_the_fallback_of_a_fallback() -> None:
    found = with_fallback(Fallback(agent="idler"))
    lonely = replace(
        found.workflows["rhyme"],
        steps=(AskStep(name="write", agent="poet", prompt="{{word}}", output="poem"),),
        result={"poem": ResultField(value="poem")},
    )

    definition = replace(found, workflows={"rhyme": lonely}).definition("rhyme")

    assert list(definition.agents) == ["idler", "poet"]


@pytest.mark.parametrize(
    ("fallback", "substitute"),
    [
        (
            Fallback(agent="idler"),
            Substitute(agent="idler", home="gpt-spare", deployment="gpt-spare", timeout=7.0, retry=PATIENT),
        ),
        (
            Fallback(model="spare"),
            Substitute(agent="poet", home="gpt-large", deployment="gpt-spare", timeout=5.0, retry=PATIENT),
        ),
        (Fallback(value="Roses are red."), Substitute(timeout=5.0)),
    ],
)
def test_a_planned_call_knows_who_answers_in_its_place(fallback: Fallback, substitute: Substitute) -> None:
    find, _, check, *_ = with_fallback(fallback).definition("rhyme").plan()

    assert find.fallback is None
    assert check.fallback == substitute


def test_an_account_has_its_own_rules_then_those_of_the_default_then_the_usual() -> None:
    own, usual = AccountRules(limits=Limits(minute=1)), AccountRules(users=Limits(day=5))

    assert CATALOGUE.account("acme") == AccountRules()
    assert replace(CATALOGUE, accounts={"default": usual}).account("acme") == usual
    assert replace(CATALOGUE, accounts={"default": usual, "acme": own}).account("acme") == own


def test_a_deployment_has_the_breaker_of_its_models() -> None:
    rules = BreakerRules(failures=2)
    models = CATALOGUE.models | {"small": replace(CATALOGUE.models["small"], breaker=rules)}
    catalogue = replace(CATALOGUE, models=models)

    assert catalogue.breaker("gpt-small") == rules
    assert catalogue.breaker("gpt-large") == BreakerRules()


def test_a_deployment_that_is_not_declared_any_more_has_the_usual_breaker() -> None:
    assert CATALOGUE.breaker("gpt-former") == BreakerRules()


def test_an_agent_has_the_limits_it_was_declared_with() -> None:
    limits = Limits(minute=None)
    agents = {"poet": replace(CATALOGUE.agents["poet"], limits=limits)}

    assert replace(CATALOGUE, agents=agents).limits("poet") == limits


def test_an_agent_that_is_not_declared_any_more_has_the_usual_limits() -> None:
    assert CATALOGUE.limits("former") == Limits()


def test_topics_are_those_that_steps_tell_on_and_those_that_are_subscribed_to() -> None:
    sent = {topic: SendStep(name=topic, topic=topic, event="Rhymed", output="told") for topic in ("b", "c")}
    choice = ChooseStep(
        name="tell", choose="word", branches={"loud": sent["b"]}, otherwise=sent["c"], output="told"
    )
    rhyme = replace(CATALOGUE.workflows["rhyme"], steps=(choice,))
    heard = {
        name: Subscription(name=name, topic=topic, workflow="rhyme")
        for name, topic in (("x", "a"), ("y", "b"))
    }

    assert CATALOGUE.topics() == ()
    assert replace(CATALOGUE, workflows={"rhyme": rhyme}, subscriptions=heard).topics() == ("a", "b", "c")
