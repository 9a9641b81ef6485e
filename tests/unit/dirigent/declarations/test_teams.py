"""Teams are read as declared, and refused where no run of them could be of use."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import Finding, read
from dirigent.domain.catalogue import Workflow
from dirigent.domain.steps import AnswerField, AskStep, CombineStep, WorkflowStep
from dirigent.domain.teams import Team

Spoilt = Callable[[str, str, str], list[Finding]]


@pytest.mark.parametrize(
    "case",
    [
        ("fan_out", "needed: 2", "needed: 4", "needed", "Needs 4 of 3 branches, so there never is a result"),
        (
            "fan_out",
            "deadline: 20",
            "deadline: 100",
            "deadline",
            "is not less than the 100 s there are in all",
        ),
        (
            "fan_out",
            "timeout: 100\n  input",
            "timeout: 20\n  input",
            "deadline",
            "so no time is left to close",
        ),
        ("fan_out", "timeout: 100\n", "timeout: 10\n  deadline: 5\n", "deadline", "stands here twice"),
        (
            "fan_out",
            "{type: list,",
            "{type: string,",
            "select",
            "declare the field as {type: list, required: false}",
        ),
        ("fan_out", ", required: false}", "}", "select", "is no list that may be left out"),
        ("fan_out", "select: chosen", "select: choosen", "select", "did you mean 'chosen'?"),
        (
            "fan_out",
            "[plain, bought]",
            "[plain, bouht]",
            "sample",
            "no branch is called 'bouht': did you mean 'bought'?",
        ),
        (
            "fan_out",
            "  prompt: You are {{branch}}. Bake {{wish}}.\n",
            "",
            "branches[0]",
            "The key 'prompt' is missing",
        ),
        (
            "fan_out",
            "plain, agent: baker",
            "plain, agent: baker, prompt: a",
            "prompt",
            "for all branches have their own or ask nobody",
        ),
        (
            "fan_out",
            '    agent: baker\n    prompt: "J',
            '    prompt: "J',
            "combine.prompt",
            "Nobody is asked here",
        ),
        (
            "fan_out",
            '    agent: baker\n    prompt: "J',
            '    prompt: "J',
            "combine.pick",
            "Nobody is asked here",
        ),
        (
            "fan_out",
            '    prompt: "J',
            '    template: "J',
            "combine.template",
            "An agent is asked by a `prompt`",
        ),
        ("fan_out", '    prompt: "J', '    #"J', "combine", "The key 'prompt' is missing"),
        (
            "fan_out",
            "{why: {}}",
            "{winner: {}, why: {}}",
            "combine.answers.winner",
            "asked for without being declared",
        ),
        ("hierarchy", "deadline: 50", "deadline: 100", "master.deadline", "is not less than the 100 s"),
        ("hierarchy", "deadline: 40", "deadline: 50", "master.team[0].deadline", "is not less than the 50 s"),
        ("hierarchy", "needed: 2", "needed: 3", "master.team[0].needed", "Needs 3 of 2 members"),
        ("hierarchy", "waiter\n", "waiter\n        team: []\n", "master.team[1].team", "Has 0 items"),
    ],
)
def test_refuses_a_team_that_cannot_work(spoilt: Spoilt, case: tuple[str, str, str, str, str]) -> None:
    pattern, old, new, path, says = case

    found = spoilt(pattern, old, new)

    told = {finding.path.partition(".")[2].partition(".")[2]: finding.message for finding in found}
    assert says in told.get(path, f"nothing is told there: {told}")
    assert all(finding.file == "workflows/more.yaml" and finding.line for finding in found)


def test_the_best_is_picked_from_several(spoilt: Spoilt, patterns: dict[str, str]) -> None:
    text = patterns["fan_out"]
    others = text[text.index("    - name: rich-cake") : text.index("  combine:")]

    found = spoilt("fan_out", others, "")

    told = [finding.message for finding in found]
    assert "There is one branch only: add another, or leave `pick` out." in told


def deep(levels: int) -> str:
    """A hierarchy of so many managers, one below the other."""
    lines = ["inn:", "  description: d", "  type: t", "  pattern: hierarchy", "  input: {}", "  master:"]
    for level in range(levels):
        pad = "    " + "  " * level
        lines += [
            f"{pad}name: m{level}",
            f"{pad}agent: baker",
            f"{pad}prompt: '{{{{reports}}}}'",
            f"{pad}team:",
        ]
        lines += [f"{pad}-"] if level < levels - 1 else []
    pad = "    " + "  " * (levels - 1)
    lines += [f"{pad}- {{name: w, agent: baker, prompt: a}}", "  result: {a: m0}"]
    return "\n".join(lines)


@pytest.mark.parametrize(("levels", "told"), [(8, []), (9, ["Managers stand 9 above one another here"])])
def test_managers_stand_so_deep_and_no_deeper(
    findings: Callable[..., list[Finding]], levels: int, told: list[str]
) -> None:
    found = findings(**{"workflows/more": deep(levels)})

    assert [finding.message.partition(":")[0] for finding in found] == told


def test_branches_become_a_team(workflow: Callable[[str], Workflow]) -> None:
    fair = workflow("fan_out")

    answers = (AnswerField(name="cake"), AnswerField(name="price", type="number"))
    assert fair.team == Team(
        name="judge", members=("plain", "rich-cake", "bought"), merge="judge", deadline=20.0, needed=2
    )
    assert (fair.select, fair.election) == ("chosen", None)
    assert fair.steps == (
        AskStep(
            name="plain",
            agent="baker",
            prompt="You are {{branch}}. Bake {{wish}}.",
            output="plain",
            answers=answers,
        ),
        AskStep(
            name="rich-cake",
            agent="baker",
            prompt="Bake {{wish}} with nuts.",
            output="rich_cake",
            answers=answers,
        ),
        WorkflowStep(name="bought", workflow="bread", output="bought", given={"grain": "{{wish}}"}),
        AskStep(
            name="judge",
            agent="baker",
            prompt="Judge {{branches}}: {{plain.cake}} or {{bought.grain}}.",
            output="verdict",
            answers=(AnswerField(name="why"),),
            picks=True,
        ),
    )


def test_without_further_words_branches_are_joined_within_half_a_minute(declare: Callable[..., Path]) -> None:
    text = """\
pair:
  {description: d, type: t, pattern: fan_out, input: {a: {}}, result: {all: combined},
   branches: [{name: one, agent: baker, prompt: "{{a}}"}, {name: two, agent: baker, prompt: b}]}
"""

    pair = read(declare(**{"workflows/more": text})).workflows["pair"]

    assert pair.team == Team(name="combine", members=("one", "two"), merge="combine", deadline=30.0, needed=1)
    assert pair.steps[-1] == CombineStep(name="combine", output="combined")


def test_a_template_joins_branches(declare: Callable[..., Path]) -> None:
    text = """\
pair:
  {description: d, type: t, pattern: fan_out, input: {a: {}}, result: {all: both},
   branches: [{name: one, agent: baker, prompt: "{{a}}"}], combine: {output: both, template: "So: {{one}}"}}
"""

    pair = read(declare(**{"workflows/more": text})).workflows["pair"]

    assert pair.steps[-1] == CombineStep(name="combine", output="both", template="So: {{one}}")


def test_managers_become_teams_within_teams(workflow: Callable[[str], Workflow]) -> None:
    inn = workflow("hierarchy")

    cooks = Team(name="head-cook", members=("soup-cook", "oven"), merge="head-cook", deadline=40.0, needed=2)
    assert inn.team == Team(
        name="host", members=(cooks, "waiter"), merge="host", brief="host-brief", deadline=50.0
    )
    assert list(inn.team.steps()) == [step.name for step in inn.steps]
    assert [step.output for step in inn.steps] == [
        "host_brief",
        "soup_cook",
        "oven",
        "head_cook",
        "waiter",
        "dinner",
    ]
    assert inn.steps[0] == AskStep(
        name="host-brief",
        agent="baker",
        prompt="Divide the work for {{guest}}.",
        output="host_brief",
        answers=(AnswerField(name="kitchen"), AnswerField(name="cellar")),
    )


@pytest.mark.parametrize(("timeout", "told"), [(31, []), (30, ["workflows.fair.timeout"])])
def test_the_usual_deadline_must_fit_into_the_runs_time(
    findings: Callable[..., list[Finding]], patterns: dict[str, str], timeout: int, told: list[str]
) -> None:
    text = patterns["fan_out"].replace("  deadline: 20\n", "").replace("timeout: 100", f"timeout: {timeout}")

    found = findings(**{"workflows/more": text})

    assert [finding.path for finding in found] == told


def test_what_could_not_be_read_counts_all_the_same(spoilt: Spoilt) -> None:
    found = spoilt("fan_out", "    - {name: plain, agent: baker}", "    - 5")

    assert "workflows.fair.needed" not in [finding.path for finding in found]
