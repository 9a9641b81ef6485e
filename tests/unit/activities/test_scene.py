"""What a step sees of its run."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from activities.scene import TooLate
from dirigent.domain.catalogue import InputField, Workflow
from dirigent.domain.runs import Held
from dirigent.domain.steps import AnswerField, AskStep, ChooseStep, PublishStep, WorkflowStep
from dirigent.records.texts import TextLost
from dirigent.records.unreadable import Unreadable

INVOICE = AskStep(name="go", agent="clerk", prompt="", output="processed")
CHAIN = Workflow(
    name="w",
    description="",
    type="t",
    input=(
        InputField(name="topic"),
        InputField(name="branch", required=False),
        InputField(name="tags", type="list", required=False),
    ),
    steps=(
        AskStep(
            name="triage",
            agent="clerk",
            prompt="",
            output="triage",
            answers=(AnswerField(name="kind"), AnswerField(name="urgent", type="boolean")),
        ),
        ChooseStep(
            name="go",
            choose="triage.kind",
            output="processed",
            record="processing",
            branches={"invoice": INVOICE},
            otherwise=PublishStep(name="go", publish="topic", output="processed", filename="a.md"),
        ),
        WorkflowStep(name="sub", workflow="other", output="sub"),
        AskStep(name="last", agent="clerk", prompt="", output="last"),
    ),
    result={},
)
TRIAGE = '{"kind":"invoice","urgent":true}'


@pytest.fixture
def chain(job: Any) -> Any:
    """A chain of which the first three steps are done."""
    job.adopt(CHAIN)
    job.open(input=Held(text='{"topic":"sea wind","branch":"b","tags":["x",1]}'))
    outline = job.outline()
    job.did(outline, "triage", TRIAGE, is_json=True)
    job.did(outline, "go", "it was paid", branch="invoice")
    job.did(outline, "sub", '{"summary":"short"}', is_json=True, child="run-1-x")
    return job


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("topic", "sea wind", "sea wind"),
        ("branch", "b", "b"),
        ("tags", ["x", 1], '["x",1]'),
        ("triage", {"kind": "invoice", "urgent": True}, TRIAGE),
        ("triage.kind", "invoice", "invoice"),
        ("triage.urgent", True, "true"),
        ("triage.nothing", None, ""),
        ("processed", "it was paid", "it was paid"),
        ("processed.kind", None, ""),
        ("topic.kind", None, ""),
        ("sub.summary", "short", "short"),
        ("nothing", None, ""),
    ],
)
def test_knows_inputs_outputs_and_their_fields(chain: Any, name: str, value: object, text: str) -> None:
    scene = chain.scene("last")

    assert asyncio.run(scene.value(name)) == value
    assert asyncio.run(scene.text(name)) == text


def test_knows_several_texts_at_once(chain: Any) -> None:
    names = ("topic", "triage.kind", "processed", "sub.summary")

    assert asyncio.run(chain.scene("last").texts(names)) == {
        "topic": "sea wind",
        "triage.kind": "invoice",
        "processed": "it was paid",
        "sub.summary": "short",
    }


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{tags}}", ["x", 1]),
        (" {{ triage.urgent }} ", True),
        ("{{triage}}", {"kind": "invoice", "urgent": True}),
        ("{{nothing}}", None),
        ("German", "German"),
        ("On {{topic}}: {{tags}}, {{triage.kind}}", 'On sea wind: ["x",1], invoice'),
    ],
)
def test_gives_a_value_as_it_is_or_filled_into_a_text(chain: Any, template: str, value: object) -> None:
    assert asyncio.run(chain.scene("last").given(template)) == value


@pytest.mark.parametrize(("branch", "kind"), [("invoice", AskStep), ("", PublishStep), (None, PublishStep)])
def test_a_step_that_chooses_is_the_branch_it_takes(chain: Any, branch: str | None, kind: type) -> None:
    scene = chain.scene("go", branch=branch)

    assert isinstance(scene.step, kind)
    assert (scene.frame.record, scene.position) == ("processing", 1)


def test_an_earlier_output_that_is_gone_is_an_error_and_no_silence(chain: Any) -> None:
    with pytest.raises(TextLost):
        asyncio.run(chain.scene("last").text("last"))


def test_an_output_that_is_no_object_any_more_cannot_be_read(job: Any) -> None:
    job.adopt(CHAIN)
    job.open()
    job.did(job.outline(), "triage", "[]", is_json=True)

    with pytest.raises(Unreadable, match="The output of the step 'triage'"):
        asyncio.run(job.scene("last").value("triage.kind"))


@pytest.mark.parametrize(("not_after", "begin_by", "left"), [(10, None, 10), (50, 1, 30), (50, 0, 30)])
def test_has_what_is_left_of_its_time(
    job: Any, not_after: float, begin_by: float | None, left: float
) -> None:
    due = None if begin_by is None else job.clock.now() + timedelta(seconds=begin_by)

    assert job.scene("write", seconds=not_after, begin_by=due).seconds_left(job.clock.now()) == left


@pytest.mark.parametrize(("not_after", "begin_by"), [(0, 1), (50, -1)])
def test_nothing_begins_too_late(job: Any, not_after: float, begin_by: float) -> None:
    due = job.clock.now() + timedelta(seconds=begin_by)

    with pytest.raises(TooLate):
        job.scene("write", seconds=not_after, begin_by=due).seconds_left(job.clock.now())
