"""Whoever waits for a workflow waits longer than that does for its own members."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Find = Callable[..., list[Finding]]
HEAD = "\n  description: d\n  type: t\n  input: {}\n"
INSIDE = {
    "branches": """\
  pattern: fan_out
  branches: [{name: x, agent: baker, prompt: a}]
  result: {g: combined}
""",
    "voters": """\
  pattern: quorum
  prompt: a
  voters: [{name: x, agent: baker}, {name: y, agent: baker}]
  result: {g: decision}
""",
    "team": """\
  pattern: hierarchy
  master:
    {name: m, agent: baker, prompt: "{{reports}}", deadline: 20, team: [{name: x, agent: baker, prompt: a}]}
  result: {g: m}
""",
    "inner team": """\
  pattern: hierarchy
  master:
    {name: m, agent: baker, prompt: "{{reports}}", team:
      [{name: n, agent: baker, prompt: "{{reports}}", deadline: 30, team:
        [{name: x, agent: baker, prompt: a}]}]}
  result: {g: m}
""",
    "chain": "  timeout: 500\n  steps: [{name: x, agent: baker, prompt: a, output: g}]\n  result: {g: g}\n",
    "endless team": """\
  pattern: hierarchy
  timeout: 500
  master: {name: m, agent: baker, prompt: "{{reports}}", team: [{name: x, agent: baker, prompt: a}]}
  result: {g: m}
""",
}
BRANCHES = (
    "  pattern: fan_out\n  deadline: N\n  branches: [{name: y, workflow: inner}]\n  result: {g: combined}\n"
)
TEAM = """\
  pattern: hierarchy
  master:
    {name: m, agent: baker, prompt: "{{reports}}", deadline: N, team:
      [{name: n, agent: baker, prompt: "{{reports}}", team: [{name: y, workflow: inner}]}]}
  result: {g: m}
"""
STEP = "  steps: [{name: y, workflow: inner, total_timeout: N, output: g}]\n  result: {g: g}\n"
CHOICE = """\
  steps:
    - {name: sort, agent: baker, prompt: a, output: s, answers: {k: {}}}
    - {name: y, choose: s.k, branches: {x: {agent: baker, prompt: b}}, output: g,
       otherwise: {workflow: inner, total_timeout: N}}
  result: {g: g}
"""
AROUND = {
    "branches": (BRANCHES, "branches[0]", "the deadline of 'outer'"),
    "team": (TEAM, "master.team[0].team[0]", "the deadline of 'm' in 'outer'"),
    "step": (STEP, "steps[0]", "the step's `total_timeout`"),
    "choice": (CHOICE, "steps[1].otherwise", "the step's `total_timeout`"),
}


def flows(**texts: str) -> dict[str, str]:
    return {"workflows/more": "".join(f"{name}:{HEAD}{text}" for name, text in texts.items())}


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize(
    ("inside", "whose", "least"),
    [
        ("branches", "'inner'", 30),
        ("voters", "'inner'", 30),
        ("team", "'m' in 'inner'", 20),
        ("inner team", "'n' in 'inner'", 30),
    ],
)
def test_whoever_waits_as_long_as_it_is_waited_for_is_refused(
    findings: Find, around: str, inside: str, whose: str, least: int
) -> None:
    text, path, outer = AROUND[around]
    found, longer = (
        findings(**flows(outer=text.replace("N", str(seconds)), inner=INSIDE[inside]))
        for seconds in (least, least + 0.1)
    )

    assert longer == []
    assert [finding.path for finding in found] == [f"workflows.outer.{path}.workflow"]
    why = f"the deadline of {whose} ({least} s) is not over before {outer} ({least} s)"
    assert found[0].message.startswith(f"{why}, so what finished inside would be lost: raise the outer one")


@pytest.mark.parametrize("around", AROUND)
@pytest.mark.parametrize("inside", ["chain", "endless team"])
def test_without_a_deadline_of_its_own_it_may_be_waited_for_less(
    findings: Find, around: str, inside: str
) -> None:
    text, _, _ = AROUND[around]

    assert findings(**flows(outer=text.replace("N", "1"), inner=INSIDE[inside])) == []


def between(inner: str, **said: float) -> str:
    """A chain whose only step is the workflow."""
    more = "".join(f", {key}: {value}" for key, value in said.items())
    return f"  steps: [{{name: y, workflow: {inner}, output: g{more}}}]\n  result: {{g: g}}\n"


def test_what_stands_in_between_hides_nothing(findings: Find) -> None:
    chains = {"inner": between("second"), "second": between("last"), "last": INSIDE["branches"]}

    (found,) = findings(**flows(outer=BRANCHES.replace("N", "30"), **chains))

    assert found.path == "workflows.outer.branches[0].workflow"
    assert found.message.startswith(
        "the deadline of 'last' (30 s) is not over before the deadline of 'outer'"
    )


def test_it_is_told_where_it_is_to_be_mended_and_nowhere_else(findings: Find) -> None:
    chains = {"inner": between("last", total_timeout=10), "last": INSIDE["branches"]}

    (found,) = findings(**flows(outer=BRANCHES.replace("N", "20"), **chains))

    assert found.path == "workflows.inner.steps[0].workflow"


def test_the_shortest_of_all_that_wait_counts(findings: Find) -> None:
    text = TEAM.replace("N", "50").replace("inner}", "inner, total_timeout: 40}")
    short = text.replace('"{{reports}}", team: [{name: y', '"{{reports}}", deadline: 25, team: [{name: y')

    fine, found = (findings(**flows(outer=one, inner=INSIDE["branches"])) for one in (text, short))

    assert fine == []
    assert [finding.message.count("the deadline of 'n' in 'outer' (25 s)") for finding in found] == [1]


@pytest.mark.parametrize("broken", ["outer", "inner"])
def test_a_deadline_that_was_refused_blames_nobody_else(findings: Find, broken: str) -> None:
    outer, inner = BRANCHES.replace("N", "30"), INSIDE["branches"]
    texts = {"outer": outer, "inner": f"  deadline: 30\n{inner}"}
    texts[broken] = texts[broken].replace("deadline: 30", "deadline: soon")

    assert [finding.path for finding in findings(**flows(**texts))] == [f"workflows.{broken}.deadline"]


def test_a_circle_is_told_as_a_circle_only(findings: Find) -> None:
    (found,) = findings(**flows(outer=BRANCHES.replace("N", "30"), inner=between("outer")))

    assert "in a cycle" in found.message
