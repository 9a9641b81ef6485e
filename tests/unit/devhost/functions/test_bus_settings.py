"""What host.json may say under serviceBus."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.functions.bus_settings import BusSettings
from devhost.functions.refusals import SettingsRefused

FILE = Path("host.json")


def test_is_as_azure_is_where_it_is_silent() -> None:
    settings = BusSettings.read(FILE, {"prefetchCount": 7})

    assert settings == BusSettings(
        most_calls=16 * (os.cpu_count() or 1), largest_batch=1000, longest_renewal=timedelta(minutes=5)
    )


def test_reads_its_members_in_any_case() -> None:
    settings = BusSettings.read(
        FILE,
        {
            "MaxConcurrentCalls": 3,
            "maxMessageBatchSize": 20,
            "maxAutoLockRenewalDuration": "00:30:00",
            "autoCompleteMessages": True,
        },
    )

    assert settings == BusSettings(most_calls=3, largest_batch=20, longest_renewal=timedelta(minutes=30))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("maxConcurrentCalls", 0, "write a whole number from 1 up"),
        ("maxConcurrentCalls", True, "write a whole number from 1 up"),
        ("maxMessageBatchSize", "all", "write a whole number from 1 up"),
        ("maxAutoLockRenewalDuration", "5m", "write hours, minutes and seconds"),
        ("autoCompleteMessages", False, "whoever returns has completed the message"),
    ],
)
def test_refuses_what_no_python_app_can_run_with(name: str, value: Any, said: str) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        BusSettings.read(FILE, {name: value})

    assert f"serviceBus.{name} is" in str(refusal.value)
    assert said in str(refusal.value)
