"""What outsiders see of an instance."""

from dataclasses import replace

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
