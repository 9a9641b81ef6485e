"""A page can draw a workflow of any pattern."""

from typing import Any

import pytest
from msgspec.structs import replace

from dirigent.domain.catalogue import Agent, Catalogue, Model, Workflow
from dirigent.domain.elections import Election, Voter
from dirigent.domain.steps import (
    AnswerField,
    AskStep,
    ChooseStep,
    CombineStep,
    NotifyStep,
    PublishStep,
    SendStep,
    Step,
    TallyStep,
    WorkflowStep,
)
from dirigent.domain.teams import Team
from triggers.pattern_view import pattern_view, step_view

OTHER = Workflow(name="other", description="d", type="t", input=(), steps=(), result={}, pattern="quorum")
CATALOGUE = Catalogue(
    models={"m": Model(name="m", deployment="gpt")},
    agents={"a": Agent(name="a", description="d", instructions="i", model="m")},
    workflows={"other": OTHER},
)
SENT = SendStep(name="tell", topic="data", event="Heard", output="told", given={"text": "{{secret}}"})
NOTIFIED = NotifyStep(name="mail", channel="email", to="{{secret}}", text="Secret.", output="sent")
NESTED = WorkflowStep(name="sub", workflow="other", output="sub", given={"text": "{{secret}}"})
ASKED = {"kind": "ask", "agent": "a", "model": "m"}
RUN = {"kind": "workflow", "workflow": "other", "pattern": "quorum", "given": ["text"]}


def asking(name: str, **more: Any) -> AskStep:
    """A step that asks the agent."""
    return AskStep(name=name, agent="a", prompt="Secret.", output=name, **more)


def called(name: str) -> dict[str, object]:
    """What is shown of every step."""
    return {"name": name, "record": name, "output": name}


@pytest.mark.parametrize(
    ("step", "shown"),
    [
        (asking("ask"), called("ask") | ASKED),
        (
            asking("ask", answers=(AnswerField(name="f", one_of=("x", "y")),)),
            called("ask")
            | ASKED
            | {"answers": [{"name": "f", "type": "string", "description": "", "one_of": ("x", "y")}]},
        ),
        (
            PublishStep(name="p", publish="ask", output="p", filename="{{secret}}.md", record="r"),
            called("p") | {"record": "r", "kind": "publish", "publishes": "ask"},
        ),
        (NESTED, called("sub") | RUN),
        (
            SENT,
            called("tell")
            | {"output": "told", "kind": "send", "event": "Heard", "topic": "data", "given": ["text"]},
        ),
        (NOTIFIED, called("mail") | {"output": "sent", "kind": "notify", "channel": "email"}),
        (CombineStep(name="c", output="c", template="Secret."), called("c") | {"kind": "combine"}),
        (TallyStep(name="t", output="t"), called("t") | {"kind": "tally"}),
        (
            ChooseStep(name="w", choose="ask.f", output="w", branches={"x": NESTED}, otherwise=asking("w")),
            called("w") | {"kind": "choose", "choose": "ask.f", "branches": {"x": RUN}, "otherwise": ASKED},
        ),
        (
            ChooseStep(name="w", choose="ask.f", output="w", branches={"x": NESTED}),
            called("w") | {"kind": "choose", "choose": "ask.f", "branches": {"x": RUN}, "otherwise": None},
        ),
    ],
)
def test_shows_what_a_step_does_but_not_its_prompt(step: Step, shown: dict[str, object]) -> None:
    assert step_view(step, CATALOGUE) == shown


def test_steps_one_after_another_need_no_drawing() -> None:
    assert pattern_view(replace(OTHER, pattern="sequential"), CATALOGUE) == {}


def test_shows_who_hears_of_a_branch() -> None:
    steps = (SENT, NOTIFIED, CombineStep(name="c", output="c"))
    team = Team(name="", members=("tell", "mail"), merge="c")
    shown = pattern_view(replace(OTHER, pattern="fan_out", steps=steps, team=team), CATALOGUE)

    assert shown["team"]["members"] == [  # type: ignore[index]
        {"name": "tell", "event": "Heard", "topic": "data"},
        {"name": "mail", "channel": "email"},
    ]


def test_shows_teams_within_teams() -> None:
    inner = Team(name="mid", members=("work", "sub"), merge="mid", deadline=5.0, needed=2)
    outer = Team(name="top", members=(inner,), merge="top", brief="top-brief")
    steps = (asking("top-brief"), asking("work"), NESTED, asking("mid"), asking("top"))

    shown = pattern_view(replace(OTHER, steps=steps, team=outer, select="which"), CATALOGUE)

    asked = {"agent": "a", "model": "m"}
    assert shown == {
        "select": "which",
        "team": {
            "name": "top",
            "brief": "top-brief",
            "merge": "top",
            **asked,
            "deadline": None,
            "needed": 1,
            "members": [
                {
                    "name": "mid",
                    "brief": None,
                    "merge": "mid",
                    **asked,
                    "deadline": 5.0,
                    "needed": 2,
                    "members": [
                        {"name": "work", **asked},
                        {"name": "sub", "workflow": "other", "pattern": "quorum"},
                    ],
                }
            ],
        },
    }


def test_a_step_that_joins_asks_nobody() -> None:
    team = Team(name="all", members=("work",), merge="all")
    steps = (asking("work"), CombineStep(name="all", output="all"))

    shown: Any = pattern_view(replace(OTHER, steps=steps, team=team), CATALOGUE)["team"]

    assert "agent" not in shown


def test_shows_who_votes_on_what() -> None:
    election = Election(
        voters=(Voter(name="one", weight=2), Voter(name="two")),
        needed=2,
        tally="tally",
        deadline=30.0,
        by="f",
        abstain="unsure",
        resolution="judge",
    )
    steps = (asking("one"), asking("two"), asking("judge"), TallyStep(name="tally", output="tally"))

    shown = pattern_view(replace(OTHER, steps=steps, election=election), CATALOGUE)

    assert shown == {
        "election": {
            "voters": [
                {"name": "one", "agent": "a", "model": "m", "weight": 2},
                {"name": "two", "agent": "a", "model": "m", "weight": 1},
            ],
            "needed": 2,
            "weight": 3,
            "deadline": 30.0,
            "vote": "f",
            "abstain": "unsure",
            "same": None,
            "resolution": "judge",
            "tally": "tally",
        }
    }
