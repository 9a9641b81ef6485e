"""Workflows may be steps of others: in no circle, not too deep and not too many."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Find = Callable[..., list[Finding]]


def flow(name: str, *inner: str, steps: int = 1) -> str:
    """A workflow with so many steps of its own, and those workflows as steps."""
    asks = [f"    - {{name: a{n}, publish: o, filename: a.md, output: a{n}}}\n" for n in range(steps - 1)]
    nested = [f"    - {{name: w{n}, workflow: {other}, output: w{n}}}\n" for n, other in enumerate(inner)]
    first = "    - {name: o, agent: baker, prompt: b, output: o}\n"
    lines = "".join([first, *asks, *nested])
    return f"{name}:\n  description: d\n  type: t\n  input: {{}}\n  steps:\n{lines}  result: {{o: o}}\n"


def test_names_a_circle_once(findings: Find) -> None:
    text = flow("one", "two") + flow("two", "three") + flow("three", "one") + flow("outside", "one")

    (found,) = findings(**{"workflows/more": text})

    assert found.path == "workflows.one.steps[1].workflow"
    assert found.message.partition(": ")[2].startswith("one \u2192 two \u2192 three \u2192 one; break it")


def test_names_every_circle(findings: Find) -> None:
    text = flow("one", "one") + flow("two", "three") + flow("three", "two", "one")

    found = findings(**{"workflows/more": text})

    assert [finding.message.partition(": ")[2].partition(";")[0] for finding in found] == [
        "one \u2192 one",
        "two \u2192 three \u2192 two",
    ]


CIRCLES = {
    "a branch of a choice": """\
  steps:
    - {name: sort, agent: baker, prompt: a, output: s, answers: {k: {type: boolean}}}
    - {name: go, choose: s.k, branches: {"true": {workflow: back}}, output: g,
       otherwise: {agent: baker, prompt: b}}
  result: {g: g}
""",
    "any other way of a choice": """\
  steps:
    - {name: sort, agent: baker, prompt: a, output: s, answers: {k: {}}}
    - {name: go, choose: s.k, branches: {x: {agent: baker, prompt: b}}, output: g,
       otherwise: {workflow: back}}
  result: {g: g}
""",
    "a branch of several": """\
  pattern: fan_out
  branches: [{name: x, agent: baker, prompt: a}, {name: y, workflow: back}]
  result: {g: combined}
""",
    "a member of an inner team": """\
  pattern: hierarchy
  master:
    {name: m, agent: baker, prompt: "{{reports}}", team:
      [{name: n, agent: baker, prompt: "{{reports}}", team: [{name: y, workflow: back}]}]}
  result: {g: m}
""",
}


@pytest.mark.parametrize("where", CIRCLES)
def test_a_circle_leads_through_every_pattern(findings: Find, where: str) -> None:
    text = f"there:\n  description: d\n  type: t\n  input: {{}}\n{CIRCLES[where]}"

    (found,) = findings(**{"workflows/more": text + flow("back", "there")})

    assert "in a cycle: there \u2192 back \u2192 there; break it" in found.message


@pytest.mark.parametrize(
    ("length", "told"), [(16, []), (17, ["Here workflows are nested 17 deep"]), (400, 1)]
)
def test_workflows_nest_so_deep_and_no_deeper(findings: Find, length: int, told: list[str] | int) -> None:
    chain = [flow(f"w{n}", *([f"w{n + 1}"] if n < length - 1 else [])) for n in range(length)]

    found = findings(**{"workflows/more": "".join(chain)})

    assert (len(found) if isinstance(told, int) else [_begin(finding) for finding in found]) == told


@pytest.mark.parametrize(
    ("own", "told"), [(10, []), (11, ["Has 2,001 steps with those of the workflows in it"])]
)
def test_a_run_starts_with_so_many_steps_and_no_more(findings: Find, own: int, told: list[str]) -> None:
    # Ten times the inner steps, the ten steps that they are, and the outer's own.
    text = flow("inner", steps=198) + flow("outer", *["inner"] * 10, steps=own)

    found = findings(**{"workflows/more": text})

    assert [_begin(finding) for finding in found] == told


def _begin(finding: Finding) -> str:
    return finding.message.partition(":")[0]
