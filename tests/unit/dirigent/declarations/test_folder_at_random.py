"""Whatever is put anywhere into a catalogue, it is read or refused, and what is read can be run."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from dirigent.declarations import CatalogueRefused, read
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.filters import problem
from dirigent.domain.steps import ChooseStep, NotifyStep, SendStep

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2.5, 10**20, "", " ", "x", "bread", "day", "fair", "inn", "jury", "baker"),
    *([], {}, [None], {"a": {}}, [[[]]], "{{", "{{a}}", "{{a.b}}", "{{branch}}", "{{branches}}", "{{grain}}"),
    *("sorted.kind", "sorted.made", "1a", "a b", "tally", "degraded", "sequential", "fan_out", "hierarchy"),
    *(
        "quorum",
        "majority",
        "best",
        "true",
        "{{reports}}",
        "{{sorted.kind}}",
        {"workflow": "day", "with": {}},
    ),
    *("{{data}}", "{{data.x}}", "{{event.id}}", "a = 'x'", "a LIKE 'x'", {"a": 1}, "news", "email"),
    *({"agent": "baker", "prompt": "{{branch}}"}, {"name": "z", "agent": "baker", "prompt": "x", "team": []}),
)

EVENTS = """\
told:
  description: Tells what came of it.
  type: told
  input: {grain: {}, count: {type: integer, required: false}}
  steps:
    - {name: sort, agent: baker, prompt: "{{grain}} {{count}}", output: kind, answers: {a: {one_of: [x, y]}}}
    - {name: tell, event: A, topic: news, with: {a: "{{grain}}"}, properties: {b: "{{kind.a}}"}, output: told}
    - name: go
      choose: kind.a
      branches:
        x: {notify: email, to: a, subject: "{{grain}}", text: "{{told.id}}"}
        y: {event: B, topic: more, time_to_live: 5}
      output: gone
  result: {told: told.id, gone: gone}
aside:
  description: Tells everybody at once.
  type: aside
  pattern: fan_out
  input: {grain: {}}
  branches:
    - {name: one, notify: sms, to: b, text: "{{grain}}"}
    - {name: two, event: C, topic: news, with: {c: "{{branch}}"}}
  result: {a: one.address, b: branches}
"""
HEARD = """\
one:
  {topic: news, workflow: told, event: A, filter: b = 'x', with: {grain: "{{data.a}}", count: "{{data.b}}"}}
two: {topic: news, workflow: bread, filter: {b: y, c: 2.5}, with: {grain: "{{event.type}}: {{data}}"}}
three: {topic: more, workflow: aside}
"""


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every container in the tree with each of its keys."""
    found: list[tuple[Any, Any]] = []
    keys = list(tree) if isinstance(tree, dict) else range(len(tree)) if isinstance(tree, list) else []
    for key in keys:
        found.append((tree, key))
        found += places(tree[key])
    return found


def spoil(tree: Any, dice: Random) -> None:
    """Change the tree in one place."""
    all_places = places(tree)
    if not all_places:
        return
    container, key = dice.choice(all_places)
    donor, other = dice.choice(all_places)
    match dice.randrange(5):
        case 0:
            container[key] = dice.choice(ODD)
        case 1:
            del container[key]
        case 2:
            # What stands elsewhere is well formed, and mostly wrong here.
            container[key] = yaml.safe_load(yaml.safe_dump(donor[other]))
        case 3 if isinstance(container, dict):
            container[dice.choice([str(other), "team", "with", "choose", "pick", "needed"])] = container.pop(
                key
            )
        case _ if isinstance(container, list):
            container.append(yaml.safe_load(yaml.safe_dump(container[key])))
        case _:
            container[str(dice.choice(ODD))] = dice.choice(ODD)


def usable(catalogue: Catalogue) -> bool:
    """Whether every step that is named anywhere is there, and everybody who is asked."""
    for name, workflow in catalogue.workflows.items():
        definition = catalogue.definition(name)
        steps = {step.name for step in workflow.steps}
        assert len(steps) == len({step.output for step in workflow.steps}) == len(workflow.steps)
        if workflow.team is not None:
            assert list(workflow.team.steps()) == [step.name for step in workflow.steps]
        if workflow.election is not None:
            assert {voter.name for voter in workflow.election.voters} < steps
            assert workflow.election.tally == workflow.steps[-1].name
            assert 0 < workflow.election.needed <= workflow.election.weight
        for step in workflow.steps:
            assert definition.step(step.name) is step
            assert definition.told(step) is None or not isinstance(step, SendStep | NotifyStep)
            if isinstance(step, ChooseStep):
                assert {way.output for way in step.branches.values()} == {step.output}
    for subscription in catalogue.subscriptions.values():
        assert subscription.workflow in catalogue.workflows
        assert problem(subscription.rule) is None
    return True


@pytest.mark.parametrize("seed", range(40))
def test_a_workflow_spoilt_anywhere_is_read_or_refused(
    declare: Callable[..., Path], patterns: dict[str, str], seed: int
) -> None:
    dice = Random(seed)
    tree = yaml.safe_load("".join(patterns.values()))
    for _ in range(dice.randint(1, 6)):
        spoil(tree, dice)
    folder = declare(**{"workflows/more": yaml.safe_dump(tree, sort_keys=False)})

    try:
        is_fine = usable(read(folder))
    except CatalogueRefused as refused:
        is_fine = all(finding.message and finding.path for finding in refused.findings)

    assert is_fine


@pytest.mark.parametrize("seed", range(60))
def test_what_tells_and_hears_spoilt_anywhere_is_read_or_refused(
    declare: Callable[..., Path], seed: int
) -> None:
    dice = Random(seed)
    told, heard = yaml.safe_load(EVENTS), yaml.safe_load(HEARD)
    for _ in range(dice.randint(0, 5)):
        spoil(dice.choice((told, heard)), dice)
    folder = declare(
        **{
            "workflows/more": yaml.safe_dump(told, sort_keys=False),
            "subscriptions/more": yaml.safe_dump(heard, sort_keys=False),
        }
    )

    try:
        is_fine = usable(read(folder))
    except CatalogueRefused as refused:
        is_fine = all(finding.message and finding.path for finding in refused.findings)

    assert is_fine


def test_what_tells_and_hears_is_fine_before_it_is_spoilt(declare: Callable[..., Path]) -> None:
    folder = declare(**{"workflows/more": EVENTS, "subscriptions/more": HEARD})

    assert usable(read(folder))
