"""What another workflow is started with fits its input."""

from collections.abc import Callable

import pytest

from dirigent.declarations import Finding

Spoilt = Callable[[str, str, str], list[Finding]]


@pytest.mark.parametrize(
    "case",
    [
        (
            "sequential",
            "workflow: bread\n      with",
            "workflow: bred\n      with",
            "steps[2].workflow",
            "'bread'?",
        ),
        (
            "sequential",
            "Not {{sorted.grain}}",
            "{{sorted.amount}}",
            "steps[2].with.grain",
            "is a whole number",
        ),
        ("sequential", "Not {{sorted.grain}}", "{{sorted}}", "steps[2].with.grain", "'sorted' is an object"),
        (
            "sequential",
            '{grain: "Not {{sorted.grain}}"}',
            "{}",
            "steps[2].with",
            "needs 'grain', and it is not given",
        ),
        ("sequential", 'with: {grain: "Not {{sorted.grain}}"}', "", "steps[2].workflow", "add it to `with`"),
        ("sequential", '{grain: "Not', '{grian: "Not', "steps[2].with.grian", "did you mean 'grain'?"),
        (
            "sequential",
            '{grain: "Not {{sorted.grain}}"}',
            "{grain: 5}",
            "steps[2].with.grain",
            "put it in quotes",
        ),
        (
            "sequential",
            '{grain: "Not {{sorted.grain}}"}',
            "5",
            "steps[2].with",
            "Must be a mapping of the other's",
        ),
        (
            "sequential",
            "Not {{sorted.grain}}",
            "{{nothing}}",
            "steps[2].with.grain",
            "Nothing is called 'nothing'",
        ),
        (
            "sequential",
            "Not {{sorted.grain}}",
            "a {{second}}",
            "steps[2].with.grain",
            "its own output 'second'",
        ),
    ],
)
def test_refuses_what_the_other_would_refuse(spoilt: Spoilt, case: tuple[str, str, str, str, str]) -> None:
    pattern, old, new, path, says = case

    found = spoilt(pattern, old, new)

    told = {finding.path.partition(".")[2].partition(".")[2]: finding.message for finding in found}
    assert says in told.get(path, f"nothing is told there: {told}")
    assert all(finding.file == "workflows/more.yaml" and finding.line for finding in found)


OVEN = """\
oven:
  description: d
  type: t
  pattern: fan_out
  input:
    heat: {type: integer}
    note: {required: false}
    chosen: {type: list, required: false}
  select: chosen
  branches:
    - {name: top, agent: baker, prompt: "{{heat}} {{note}}"}
  result: {a: branches}
kitchen:
  description: d
  type: t
  input:
    many: {type: integer}
    some: {type: integer, required: false}
    words: {}
    list: {type: list}
  steps:
    - {name: bake, workflow: oven, output: baked, with: {HERE}}
  result: {baked: baked, b: many, c: some, d: words, e: list}
"""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("heat: '{{many}}'", ""),
        ("heat: ' {{ many }} ', note: 'At {{many}}, {{words}}'", ""),
        ("heat: '{{words}}'", "The other's 'heat' must be a whole number, and 'words' is a text"),
        ("heat: '1{{many}}'", "must be a whole number, and this makes a text: write one variable"),
        ("heat: '{{some}}'", "'some' may be left out, and the other needs 'heat'"),
        ("heat: '{{many}}', chosen: '{{list}}'", ""),
        ("heat: '{{many}}', chosen: '{{words}}'", "'chosen' must be a list, and 'words' is a text"),
        ("heat: '{{many}}', chosen: 'top {{list}}'", "'chosen' must be a list, and this makes a text"),
    ],
)
def test_types_must_fit_and_what_is_needed_must_be_there(
    findings: Callable[..., list[Finding]], given: str, says: str
) -> None:
    found = findings(**{"workflows/more": OVEN.replace("HERE", given)})

    assert len(found) == bool(says)
    assert all(says in finding.message for finding in found)


def test_nobody_is_blamed_for_a_workflow_that_could_not_be_read(
    findings: Callable[..., list[Finding]],
) -> None:
    text = OVEN.replace("HERE", "warmth: a").replace("    heat: {type: integer}", "    heat: {type: heat}")

    found = findings(**{"workflows/more": text, "workflows/odd": "odd: ["})

    assert [finding.path for finding in found] == ["workflows.oven.input.heat.type", ""]
