"""Lines that name what they speak of."""

import logging
from typing import Any

import pytest

from dirigent.telemetry.lines import TALKATIVE, hush, line

log = logging.getLogger("lines")


def test_says_each_fact_in_the_text_and_in_a_field(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    line(log, logging.INFO, "A step is done", run="r1", step="write", attempt=2, seconds=0.25, agent=None)

    [record] = caplog.records
    assert record.getMessage() == "A step is done: run=r1 step=write attempt=2 seconds=0.25"
    fields: dict[str, Any] = vars(record)
    assert {name: fields[name] for name in ("run", "step", "attempt", "seconds")} == {
        "run": "r1",
        "step": "write",
        "attempt": 2,
        "seconds": 0.25,
    }
    assert "agent" not in fields
    assert record.filename == "test_lines.py"


def test_a_fact_cannot_pass_for_a_line_or_another_fact(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    line(log, logging.INFO, "A step is done", run="r\nINFO all is well", step="a agent=b", agent="")

    said = r"A step is done: run='r\nINFO all is well' step='a agent=b' agent=''"
    assert [record.getMessage() for record in caplog.records] == [said]


def test_what_nobody_listens_to_is_not_said(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    line(log, logging.INFO, "A step is done", run="r1")

    assert caplog.records == []


def test_packages_that_tell_too_much_tell_of_trouble_alone(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    hush()
    for name in TALKATIVE:
        logging.getLogger(f"{name}.inside").info("Request URL: ...")
        logging.getLogger(f"{name}.inside").warning("%s is in trouble", name)

    assert [record.getMessage() for record in caplog.records] == [
        f"{name} is in trouble" for name in TALKATIVE
    ]


def test_whoever_wants_to_hear_them_does(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="openai")
    hush()
    logging.getLogger("openai").debug("all of it")

    assert [record.getMessage() for record in caplog.records] == ["all of it"]
