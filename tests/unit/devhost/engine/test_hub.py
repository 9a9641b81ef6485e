"""What outsiders see of an instance."""

from dataclasses import replace
from typing import Any

import pytest

from devhost.engine.hub import ENDED, InstanceStatus
from devhost.testing.virtual_clock import START

STATUS = InstanceStatus(
    instance_id="i",
    name="a",
    version="",
    runtime_status="Running",
    input_json=None,
    output_text=None,
    custom_status_json=None,
    created=START,
    updated=START,
    parent_instance_id=None,
)


@pytest.mark.parametrize("status", ["Pending", "Running", "Suspended", "ContinuedAsNew"])
def test_a_live_instance_has_not_ended(status: str) -> None:
    assert not replace(STATUS, runtime_status=status).has_ended


@pytest.mark.parametrize("status", sorted(ENDED))
def test_an_ended_instance_has_ended(status: str) -> None:
    assert replace(STATUS, runtime_status=status).has_ended


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (None, None),
        (r'"{\"a\": 1}"', {"a": 1}),
        (r'"\"5\""', "5"),
        ('{"a": 1}', {"a": 1}),
        ('"bare words"', "bare words"),
    ],
)
def test_the_input_is_what_the_orchestrator_gets(text: str | None, value: Any) -> None:
    assert replace(STATUS, input_json=text).input == value


@pytest.mark.parametrize(
    ("status", "text", "value"),
    [
        ("Completed", '{"a": 1}', {"a": 1}),
        ("Completed", None, None),
        ("Failed", "Orchestrator function 'a' failed: 5", "Orchestrator function 'a' failed: 5"),
        ("Terminated", "5", "5"),
        ("Running", None, None),
    ],
)
def test_the_output_is_a_value_or_says_why_there_is_none(status: str, text: str | None, value: Any) -> None:
    assert replace(STATUS, runtime_status=status, output_text=text).output == value


def test_the_custom_status_is_a_value() -> None:
    assert STATUS.custom_status is None
    assert replace(STATUS, custom_status_json='["waiting", 1]').custom_status == ["waiting", 1]
