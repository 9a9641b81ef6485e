"""What the run must know to go on."""

from datetime import UTC, datetime
from typing import Any

import pytest

from activities.outline import Outline
from activities.scene import Output
from activities.telling import told
from dirigent.domain.catalogue import Definition, Workflow
from dirigent.domain.elections import LONGEST_CHOICE, Election, Voter
from dirigent.domain.records import StepRecord
from dirigent.domain.runs import Held
from dirigent.domain.steps import AskStep, ChooseStep

NOON = datetime(2031, 1, 1, tzinfo=UTC)
ASKED = AskStep(name="one", agent="a", prompt="", output="one")


def outline(*steps: Any, **more: Any) -> Outline:
    workflow = Workflow(name="w", description="", type="t", input=(), steps=steps, result={}, **more)
    return Outline(Definition(workflow=workflow, agents={}, models={}))


def output(text: str, *, is_json: bool = True) -> Output:
    record = StepRecord(
        step="one",
        position=0,
        record="one",
        output="one",
        value=Held(text=text),
        started_at=NOON,
        completed_at=NOON,
        is_json=is_json,
    )
    return Output(record, text)


CHOOSING = outline(
    ASKED, ChooseStep(name="go", choose="one.kind", output="go", branches={"x": ASKED}, otherwise=ASKED)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"kind":"Invoice "}', "Invoice "),
        ('{"kind":true}', "true"),
        ('{"kind":3}', "3"),
        ('{"kind":3.0}', "3"),
        ('{"kind":["a"]}', '["a"]'),
        ('{"kind":null}', ""),
        ("{}", ""),
    ],
)
def test_a_way_is_told_as_it_is_declared(text: str, said: str) -> None:
    assert told(CHOOSING, output(text)) == said


def test_a_text_has_no_field_to_go_by() -> None:
    assert told(CHOOSING, output("invoice", is_json=False)) == ""


def test_what_no_branch_can_be_called_fills_no_history() -> None:
    long = "k" * 1_000_000

    assert told(CHOOSING, output(f'{{"kind":"{long}"}}')) == long[:LONGEST_CHOICE]
    assert told(CHOOSING, output(f'{{"kind":"{long[:LONGEST_CHOICE]}"}}')) == long[:LONGEST_CHOICE]


def voting(**election: Any) -> Outline:
    return outline(
        ASKED,
        pattern="quorum",
        election=Election(voters=(Voter(name="one"),), needed=1, tally="t", **election),
    )


@pytest.mark.parametrize(
    ("by", "text", "is_json", "said"),
    [
        ("verdict", '{"verdict":" ALLOW. "}', True, "allow"),
        ("verdict", '{"verdict":false}', True, "false"),
        (None, " Paris!", False, "paris"),
        (None, '{"a":1}', True, '{"a":1}'),
        ("score", '{"score":1}', True, "1"),
        ("score", '{"score":1.0}', True, "1"),
        ("score", '{"score":-1}', True, "-1"),
        ("score", '{"score":-1.0}', True, "-1"),
        ("score", '{"score":-0.0}', True, "0"),
        ("score", '{"score":0.5}', True, "0.5"),
        ("score", '{"score":-0.5}', True, "-0.5"),
    ],
)
def test_a_vote_is_told_as_votes_are_compared(by: str | None, text: str, is_json: bool, said: str) -> None:
    assert told(voting(by=by), output(text, is_json=is_json)) == said


def test_of_most_steps_nothing_is_told() -> None:
    assert told(outline(ASKED), output("x", is_json=False)) is None
