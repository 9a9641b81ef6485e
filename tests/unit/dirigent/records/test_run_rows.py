"""What rows say of runs and of their steps."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from dirigent.domain.breakers import State
from dirigent.domain.events import Origin, Replay
from dirigent.domain.outcomes import Category, Missing, Turnout, Usage
from dirigent.domain.passages import Level, Passage, Refusal, Why
from dirigent.domain.records import Degraded, RunError, RunRecord, StepRecord
from dirigent.domain.runs import Held, Status
from dirigent.ports.records import Row, Value
from dirigent.records.run_rows import run_of, run_values, step_of, step_values
from dirigent.records.unreadable import Unreadable

NOON = datetime(2031, 5, 6, 12, tzinfo=UTC)
REFUSED = Refusal(level=Level.DEPLOYMENT, key="gpt", why=Why.OPEN, come_back_at=1_900_000_000_000_000)
PASSAGE = Passage(
    level=Level.DEPLOYMENT, key="gpt", state=State.HALF_OPEN, refused=1, waited=1.5, refusals=(REFUSED,)
)
ADMISSION = Passage(level=Level.USER, key="Zoë", refused=2, waited=0.25)
ERROR = RunError(
    category=Category.RATE_LIMIT, message="full", step="write", attempts=2, retry_after=7.5, passage=PASSAGE
)
DEGRADED = Degraded(by="agent", name="stand-in", category=Category.TRANSIENT, because="the circuit is open")
GAP = Missing(branch="b", agent="x", category=Category.TIMEOUT, because="late", since=NOON)
TURNOUT = Turnout(completed_agents=2, timed_out=True, missing=(GAP,))
ORIGIN = Origin(
    subscription="archive",
    topic="orders",
    type="Placed",
    event="m-1",
    correlation_id="order-7",
    enqueued_at=NOON,
    hops=2,
    replay=Replay(dead_letter="d", number=3, subscription="archive"),
)
RUN = RunRecord(
    run="r",
    account="a",
    workflow="w",
    type="t",
    status=Status.FAILED,
    definition="hash",
    input=Held(text="{}"),
    created_at=NOON,
    updated_at=NOON,
    user="ann",
    claim="key",
    completed_at=NOON,
    error=ERROR,
    admission=ADMISSION,
    parent="r0",
    turnout=TURNOUT,
    origin=ORIGIN,
    correlation_id="order-7",
)
STEP = StepRecord(
    step="write",
    position=3,
    record="writing",
    output="draft",
    value=Held(artifact="runs/r/x.txt"),
    started_at=NOON,
    completed_at=NOON,
    attempts=4,
    agent="poet",
    model="m",
    usage=Usage(input_tokens=5, output_tokens=7),
    passage=PASSAGE,
    degraded=DEGRADED,
    is_json=True,
    branch="invoice",
    child="r-1",
    turnout=TURNOUT,
)


def run_row(values: dict[str, Value]) -> Row:
    return Row(partition="a", key="r", values=values, etag="1")


def step_row(values: dict[str, Value]) -> Row:
    return Row(partition="r", key="00003-write", values=values, etag="1")


@pytest.mark.parametrize(
    "record",
    [
        RUN,
        replace(RUN, error=replace(ERROR, step=None, retry_after=None, passage=None)),
        replace(RUN, error=replace(ERROR, retry_after=0.0)),
        replace(RUN, status=Status.COMPLETED, error=None, result=Held(text="{}")),
        replace(
            RUN,
            status=Status.IN_PROGRESS,
            error=None,
            completed_at=None,
            user=None,
            claim=None,
            admission=None,
            parent=None,
            turnout=None,
            origin=None,
        ),
    ],
    ids=["failed", "without particulars", "at once", "completed", "in progress"],
)
def test_a_run_is_read_as_it_was_written(record: RunRecord) -> None:
    assert run_of(run_row(run_values(record))) == record


PLAIN = replace(STEP, is_json=False, branch=None, child=None, turnout=None)


@pytest.mark.parametrize(
    "record",
    [
        STEP,
        PLAIN,
        replace(PLAIN, passage=None, degraded=None, agent=None, model=None),
        replace(STEP, branch=""),
    ],
    ids=["all of it", "plain", "bare", "any other way"],
)
def test_a_step_is_read_as_it_was_written(record: StepRecord) -> None:
    assert step_of(step_row(step_values(record))) == record


def test_a_run_from_before_there_were_events_belongs_to_its_own_task() -> None:
    values = run_values(replace(RUN, origin=None))
    del values["correlation_id"]

    found = run_of(run_row(values))
    assert (found.origin, found.correlation_id) == (None, "r")


def test_a_run_that_is_not_told_what_it_belongs_to_belongs_to_its_own_task() -> None:
    assert run_values(replace(RUN, correlation_id=""))["correlation_id"] == "r"


def test_a_spoilt_origin_hides_no_run() -> None:
    assert run_of(run_row(run_values(RUN) | {"origin": "{"})) == replace(RUN, origin=None)


def test_an_error_says_also_what_it_has_not() -> None:
    bare = RunError(category=Category.TIMEOUT, message="late")

    over = {**run_values(RUN), **run_values(replace(RUN, error=bare))}

    assert run_of(run_row(over)).error == bare


def test_rows_from_before_there_were_gates_are_read() -> None:
    added = ("admission", "error_retry_after", "error_passage", "passage", "degraded")
    run = {name: value for name, value in run_values(RUN).items() if name not in added}
    step = {name: value for name, value in step_values(STEP).items() if name not in added}

    assert run_of(run_row(run)) == replace(
        RUN, admission=None, error=replace(ERROR, retry_after=None, passage=None)
    )
    assert step_of(step_row(step)) == replace(STEP, passage=None, degraded=None)


@pytest.mark.parametrize("spoilt", ["{", "[]", "soon", '{"level":"galaxy","key":"k"}'])
def test_what_only_explains_hides_nothing_when_it_is_spoilt(
    spoilt: str, caplog: pytest.LogCaptureFixture
) -> None:
    columns = dict.fromkeys(("admission", "error_retry_after", "error_passage"), spoilt)

    run = run_of(run_row({**run_values(RUN), **columns}))
    step = step_of(step_row({**step_values(STEP), "passage": spoilt}))

    assert run == replace(RUN, admission=None, error=replace(ERROR, retry_after=None, passage=None))
    assert step == replace(STEP, passage=None)
    assert "The admission of r in a is left out" in caplog.text
    assert "The passage of 00003-write in r is left out" in caplog.text


def test_rows_from_before_there_were_patterns_are_read() -> None:
    added = ("parent", "is_json", "branch", "child", "turnout_pieces", "turnout_0")
    run = {name: value for name, value in run_values(RUN).items() if name not in added}
    step = {name: value for name, value in step_values(STEP).items() if name not in added}

    assert run_of(run_row(run)) == replace(RUN, parent=None, turnout=None)
    assert step_of(step_row(step)) == PLAIN


def test_a_plain_step_has_no_columns_it_does_not_need() -> None:
    assert not {"is_json", "branch", "child", "turnout_pieces"} & step_values(PLAIN).keys()


def test_a_spoilt_turnout_hides_no_run_but_makes_no_whole_of_a_partial_step(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert run_of(run_row({**run_values(RUN), "turnout_0": "{"})) == replace(RUN, turnout=None)
    assert "The turnout of r in a is left out" in caplog.text
    with pytest.raises(Unreadable, match="the step '00003-write'"):
        step_of(step_row({**step_values(STEP), "turnout_0": "{"}))


def test_a_fallbacks_answer_is_never_taken_for_the_agents_own() -> None:
    with pytest.raises(Unreadable, match="the step '00003-write'"):
        step_of(step_row({**step_values(STEP), "degraded": "{"}))
