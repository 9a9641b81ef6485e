"""What activities report."""

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from watcher import Watcher

from activities.reports import Report, facts_of, seconds, spanned
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.run_ids import child_id, new_run_id
from dirigent.domain.runs import Parent

NOW = datetime(2030, 1, 1, tzinfo=UTC)
FAILED = Failed(failure=Failure(category=Category.TRANSIENT, message="m"), is_done=True)


def test_before_anything_is_known_of_the_run_a_line_names_it(
    job: Any, caplog: pytest.LogCaptureFixture
) -> None:
    Report(job.order("write"), NOW).step(FAILED, NOW + timedelta(seconds=1.5))

    [record] = caplog.records
    sentence, _, facts = record.getMessage().partition(": ")
    assert sentence == "The end of a run could not be written down"
    assert facts == "task_id=run-1 run=run-1 step=write attempt=1 seconds=1.5 category=TRANSIENT"


def test_what_only_closes_a_run_is_no_step_of_it(job: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    report = Report(job.order("", closes=True), NOW)
    report.scene = job.scene("")
    report.step(Failed(failure=FAILED.failure), NOW)
    report.run()

    assert [record.getMessage().partition(":")[0] for record in caplog.records] == [
        "The end of a run could not be written down",
        "A run has ended",
    ]
    assert not hasattr(caplog.records[0], "step")


def test_says_of_a_nested_run_which_task_it_belongs_to(job: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    task = new_run_id(NOW, 7)
    Report(job.order("write", run=child_id(child_id(task, "a"), "b")), NOW).step(Done(), NOW)

    assert vars(caplog.records[0])["task_id"] == task


def test_tells_of_which_run_another_is_a_step(job: Any) -> None:
    parent = Parent(run="p", definition="d", step="s", until=NOW)
    facts = facts_of(replace(job.start, parent=parent))

    assert (facts["parent"], facts["step"], facts["workflow"]) == ("p", "s", "w")


def test_a_span_of_what_breaks_says_that_it_failed(job: Any) -> None:
    watcher = Watcher()
    with pytest.raises(LookupError), spanned(watcher.tracing, "s", job.scene("write"), {"a": 1}):
        raise LookupError("a prompt")

    attributes = dict(watcher.spans[0].attributes or {})
    assert (attributes["dirigent.outcome"], attributes["error.type"]) == ("failed", "LookupError")
    assert attributes["a"] == 1


def test_tells_times_to_the_millisecond() -> None:
    assert seconds(NOW, NOW + timedelta(microseconds=1_234_567)) == 1.235
