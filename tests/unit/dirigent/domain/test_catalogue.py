"""Agents, models and workflows, as declared."""

import pytest

from dirigent.domain.catalogue import (
    Agent,
    AskStep,
    Catalogue,
    InputField,
    Model,
    PublishStep,
    ResultField,
    Workflow,
)
from dirigent.domain.retries import RetryPolicy
from dirigent.domain.runs import PlannedStep

PATIENT = RetryPolicy(max_attempts=7)


def agent(name: str, model: str, **values: float) -> Agent:
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
