"""Workflows of every pattern become what they declare."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import Finding, read
from dirigent.domain.catalogue import ResultField, Workflow
from dirigent.domain.steps import AnswerField, AskStep, ChooseStep, WorkflowStep

Find = Callable[..., list[Finding]]


@pytest.mark.parametrize("pattern", ["sequential", "fan_out", "hierarchy", "quorum"])
def test_every_pattern_is_read(workflow: Callable[[str], Workflow], pattern: str) -> None:
    assert workflow(pattern).pattern == pattern


def test_steps_one_after_another_may_choose_and_be_workflows(workflow: Callable[[str], Workflow]) -> None:
    day = workflow("sequential")

    given = {"grain": "{{sorted.grain}}"}
    assert day.steps[0] == AskStep(
        name="sort",
        agent="baker",
        prompt="Sort {{order}} {{count}}.",
        output="sorted",
        answers=(
            AnswerField(name="kind", one_of=("bread", "cake")),
            AnswerField(name="grain"),
            AnswerField(name="urgent", type="boolean"),
            AnswerField(name="amount", type="integer"),
        ),
    )
    assert day.steps[1] == ChooseStep(
        name="make",
        choose="sorted.kind",
        output="made",
        branches={
            "bread": WorkflowStep(name="make", workflow="bread", output="made", given=given),
            "cake": AskStep(name="make", agent="baker", prompt="Bake {{order}}.", output="made"),
        },
    )
    assert day.result["kind"] == ResultField(value="sorted.kind")
    assert (day.team, day.election, day.select) == (None, None, None)


def test_a_choice_and_its_branches_have_one_record(
    declare: Callable[..., Path], patterns: dict[str, str]
) -> None:
    text = patterns["sequential"].replace("output: made", "output: made\n      record: making", 1)

    made = read(declare(**{"workflows/more": text})).workflows["day"].steps[1]

    assert isinstance(made, ChooseStep)
    assert {way.record for way in (made, *made.branches.values())} == {"making"}


def test_agents_are_looked_for_in_every_corner(findings: Find, patterns: dict[str, str]) -> None:
    text = "".join(patterns.values()).replace("agent: baker", "agent: cook")

    found = findings(**{"workflows/more": text})

    paths = {finding.path.partition(".")[2] for finding in found if finding.message.startswith("No agent")}
    assert paths == {
        "day.steps[0].agent",
        "day.steps[1].branches.cake.agent",
        "fair.branches[0].agent",
        "fair.branches[1].agent",
        "fair.combine.agent",
        "inn.master.agent",
        "inn.master.team[0].agent",
        "inn.master.team[0].team[0].agent",
        "inn.master.team[1].agent",
        "jury.voters[0].agent",
        "jury.voters[1].agent",
        "jury.voters[2].agent",
        "jury.resolution.agent",
    }


def test_no_workflow_has_more_than_a_thousand_steps(findings: Find) -> None:
    branches = "".join(f"    - {{name: b{n}, agent: baker, prompt: a}}\n" for n in range(1_000))
    text = f"""\
crowd:
  description: d
  type: t
  pattern: fan_out
  input: {{}}
  branches:
{branches}  result: {{all: combined}}
"""

    (found,) = findings(**{"workflows/more": text})

    assert found.message.startswith("Has 1,001 steps in all: no more than 1,000 may be")


def test_a_pattern_nobody_knows_hides_no_other_mistake(findings: Find, patterns: dict[str, str]) -> None:
    text = (
        patterns["fan_out"]
        .replace("pattern: fan_out", "pattern: fanout")
        .replace("agent: baker", "agnt: a", 1)
    )

    found = findings(**{"workflows/more": text})

    assert [finding.path for finding in found] == [
        "workflows.fair.pattern",
        "workflows.fair.branches[0]",
        "workflows.fair.branches[0].agnt",
    ]
