"""A subscription says which events start which workflow, and what with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import Finding, read
from dirigent.declarations.subscriptions import MOST_EQUAL
from dirigent.domain.subscriptions import Subscription

Find = Callable[..., list[Finding]]

OVEN = """\
oven:
  description: d
  type: t
  input:
    heat: {type: integer}
    note: {required: false}
    kinds: {type: list, required: false}
  steps:
    - {name: heat, agent: baker, prompt: "{{heat}} {{note}} {{kinds}}", output: done}
  result: {done: done}
"""


@pytest.fixture
def told(findings: Find) -> Callable[[str], list[Finding]]:
    """What is found in a subscription that has these lines besides."""

    def find(lines: str) -> list[Finding]:
        indented = "".join(f"  {line}\n" for line in lines.splitlines())
        return findings(
            **{"workflows/oven": OVEN, "subscriptions/news": f"grain-arrived:\n  topic: goods\n{indented}"}
        )

    return find


def test_hears_what_it_says_and_starts_what_it_says(declare: Callable[..., Path]) -> None:
    folder = declare(
        **{
            "subscriptions/news": """\
grain-arrived:
  description: Bakes what comes.
  topic: goods
  event: Arrived
  filter: weight > 2 OR urgent = TRUE
  workflow: bread
  with: {grain: "{{data.kind}}"}
all-goods: {topic: goods, workflow: bread}
""",
            "subscriptions/more": """\
it-s-grain: {topic: goods, workflow: bread, filter: {kind: "it's", weight: 2.5, "is new": true, And: 1}}
""",
        }
    )

    found = read(folder).subscriptions

    assert list(found.values()) == [
        Subscription(
            name="it-s-grain",
            topic="goods",
            workflow="bread",
            filter="kind = 'it''s' AND weight = 2.5 AND [is new] = TRUE AND [And] = 1",
        ),
        Subscription(
            name="grain-arrived",
            topic="goods",
            workflow="bread",
            description="Bakes what comes.",
            filter="type = 'Arrived' AND (weight > 2 OR urgent = TRUE)",
            given={"grain": "{{data.kind}}"},
        ),
        Subscription(name="all-goods", topic="goods", workflow="bread"),
    ]


def test_a_type_alone_is_all_of_its_filter(declare: Callable[..., Path]) -> None:
    folder = declare(**{"subscriptions/news": "a: {topic: goods, workflow: bread, event: Arrived}"})

    assert read(folder).subscriptions["a"].filter == "type = 'Arrived'"


@pytest.mark.parametrize(
    "lines",
    [
        "workflow: bread",
        "workflow: bread\nwith: {grain: rye}",
        "workflow: bread\nwith: {grain: 'On {{event.topic}}: {{data.kind}}, {{data}}'}",
        "workflow: oven\nwith: {heat: '{{ data.heat }}', kinds: '{{data.kinds}}', note: '{{event.time}}'}",
        "workflow: bread\nfilter: |\n  kind = 'a'\n  OR kind = 'b'",
    ],
)
def test_finds_nothing_where_nothing_is_wrong(told: Callable[[str], list[Finding]], lines: str) -> None:
    assert told(lines) == []


@pytest.mark.parametrize(
    ("lines", "path", "line", "says"),
    [
        ("workflow: bred", "workflow", 3, "No workflow is called 'bred': did you mean 'bread'?"),
        ("workflow: Bread", "workflow", 3, "write the name of a workflow"),
        ("event: Arrived", "", 1, "The key 'workflow' is missing"),
        ("workflow: bread\nevent: it's", "event", 4, "does not fit: write a name of letters"),
        ("workflow: bread\ntype: Arrived", "type", 4, "the event's type is what `event` says"),
        ("workflow: bread\ninput: {}", "input", 4, "stands in `with`"),
        ("agent: baker", "agent", 3, "a workflow of one step"),
        ("workflow: bread\nfilter: 5", "filter", 4, "Must be a filter such as `priority > 3`"),
        (
            "workflow: bread\nfilter: kind LIKE 'a'",
            "filter",
            4,
            "The filter cannot be used: LIKE is not known: use =, <>, <, <=, >, >=, IN and IS NULL, with",
        ),
        ("workflow: bread\nfilter: {}", "filter", 4, "Has 0 entries: declare 1 to 50."),
        (
            "workflow: bread\nfilter:\n  kind: null\n  when: 2024-01-01",
            "filter.kind",
            5,
            "Must be a text, a number, true or false, not nothing: quote texts.",
        ),
        ("workflow: bread\nfilter:\n  kind: a\n  when: 2024-01-01", "filter.when", 6, "not the date 2024-01"),
        ("workflow: bread\nfilter: {'': a}", "filter.", 4, "write the name of a property"),
        (
            f"workflow: bread\nevent: Arrived\nfilter: kind = '{'x' * 1000}'",
            "filter",
            5,
            "The filter has 1,091 characters with what every subscription's says besides: shorten it by 67.",
        ),
        ("workflow: bread\nwith: {}", "with", 4, "add a field, or leave `with` out, and the event's data is"),
        ("workflow: bread\nwith: 5", "with", 4, "Must be a mapping of the workflow's input fields to tem"),
        ("workflow: bread\nwith: {grain: 5}", "with.grain", 4, "put it in quotes"),
        (
            "workflow: bread\nwith:\n  grain: a\n  grian: b",
            "with.grian",
            6,
            "The workflow 'bread' has no input field 'grian': did you mean 'grain'?",
        ),
        (
            "workflow: oven\nwith: {note: a}",
            "with",
            4,
            "The workflow 'oven' needs 'heat', and it is not given: add it to `with`.",
        ),
        (
            "workflow: oven\nwith: {heat: '1{{data.heat}}'}",
            "with.heat",
            4,
            "The workflow's 'heat' must be a whole number, and this makes a text: write one {{data.FIELD}}",
        ),
        ("workflow: oven\nwith: {heat: '{{event.id}}'}", "with.heat", 4, "must be a whole number"),
        ("workflow: oven\nwith: {heat: '{{data}}'}", "with.heat", 4, "must be a whole number"),
        (
            "workflow: oven\nwith: {heat: '{{data.heat}}', kinds: a}",
            "with.kinds",
            4,
            "'kinds' must be a list",
        ),
        (
            "workflow: bread\nwith: {grain: '{{datum.kind}}'}",
            "with.grain",
            4,
            "Nothing is called 'datum.kind': did you mean 'data.FIELD'?",
        ),
        (
            "workflow: bread\nwith: {grain: '{{event}}'}",
            "with.grain",
            4,
            "Nothing is called 'event': did you mean 'event.id'?",
        ),
        ("workflow: bread\nwith: {grain: '{{grain}}'}", "with.grain", 4, "the names known here are 'data', "),
        (
            "workflow: bread\nwith: {grain: '{{event.typ}}'}",
            "with.grain",
            4,
            "'event' has no field 'typ': did you mean 'type'?",
        ),
        ("workflow: bread\nwith: {grain: '{{data.a.b}}'}", "with.grain", 4, "is no variable: write {{data.F"),
        (
            "workflow: bread\nwith: {grain: '{data.a}'}",
            "with.grain",
            4,
            "{data.a} is no variable: write {{da",
        ),
    ],
)
def test_refuses(told: Callable[[str], list[Finding]], lines: str, path: str, line: int, says: str) -> None:
    found = told(lines)

    messages = [
        finding.message
        for finding in found
        if (finding.path, finding.line) == (f"subscriptions.grain-arrived{'.' * bool(path)}{path}", line)
    ]
    assert says in " ".join(messages), found
    assert all(finding.file == "subscriptions/news.yaml" for finding in found)


def test_tells_all_mistakes_at_once(told: Callable[[str], list[Finding]]) -> None:
    lines = "workflow: bred\nfilter: kind LIKE 'a'\nwith: {grain: '{{x}}'}\nevent: 5\nwatch: true"

    found = told(lines)

    assert [finding.line for finding in found] == [3, 4, 5, 6, 7]


@pytest.mark.parametrize("name", ["Grain", "a_b", "a" * 51, "a/b", "-a"])
def test_refuses_names_that_the_bus_or_a_function_could_not_have(findings: Find, name: str) -> None:
    (found,) = findings(**{"subscriptions/news": f"{name}: {{topic: goods, workflow: bread}}"})

    assert found.path == f"subscriptions.{name}"


def test_a_name_is_declared_once(findings: Find) -> None:
    lines = "a: {topic: goods, workflow: bread}"

    (found,) = findings(**{"subscriptions/news": lines, "subscriptions/old": lines})

    assert found.message == "'a' is declared already, in subscriptions/news.yaml:1: rename one of them."


def test_asks_for_no_more_properties_than_one_reads(told: Callable[[str], list[Finding]]) -> None:
    many = ", ".join(f"p{number}: 1" for number in range(MOST_EQUAL + 1))

    (found,) = told(f"workflow: bread\nfilter: {{{many}}}")

    assert found.message == "Has 51 entries: declare 1 to 50."


def test_nobody_is_blamed_for_workflows_that_cannot_be_read(findings: Find) -> None:
    found = findings(
        **{
            "workflows/more": "a: [",
            "subscriptions/news": "a: {topic: goods, workflow: other, with: {grain: '{{data.x}}'}}",
        }
    )

    assert {finding.file for finding in found} == {"workflows/more.yaml"}


def test_a_field_that_is_wrong_itself_is_not_held_against_it(findings: Find) -> None:
    broken = OVEN.replace("heat: {type: integer}", "heat: {type: int}")

    found = findings(
        **{
            "workflows/oven": broken,
            "subscriptions/news": "a: {topic: goods, workflow: oven, with: {note: '{{data.x}}', heat: b}}",
        }
    )

    assert {finding.file for finding in found} == {"workflows/oven.yaml"}
