"""What host.json may say under durableTask."""

from pathlib import Path
from typing import Any

import pytest

from devhost.engine.versions import VersionPolicy
from devhost.functions.durable_settings import DurableSettings
from devhost.functions.refusals import SettingsRefused

FILE = Path("host.json")


def test_is_silent_by_default() -> None:
    settings = DurableSettings.read(FILE, {})

    assert (settings.hub_name, settings.versions, settings.most_activities, settings.passed_over) == (
        "TestHubName",
        VersionPolicy(),
        None,
        (),
    )


def test_reads_hub_versions_and_limits_in_any_case() -> None:
    settings = DurableSettings.read(
        FILE,
        {
            "HubName": "Mine",
            "defaultVersion": "2.0",
            "versionMatchStrategy": "strict",
            "versionFailureStrategy": "FAIL",
            "maxConcurrentActivityFunctions": 3,
            "maxConcurrentOrchestratorFunctions": 2,
        },
    )

    assert settings.hub_name == "Mine"
    assert settings.versions == VersionPolicy(own="2.0", strategy="Strict", on_mismatch="Fail")
    assert (settings.most_activities, settings.most_orchestrators) == (3, 2)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("versionMatchStrategy", "Newest", "write one of None, Strict, CurrentOrOlder"),
        ("versionFailureStrategy", 1, "write one of Reject, Fail"),
        ("maxConcurrentActivityFunctions", 0, "write a whole number from 1 up"),
        ("maxConcurrentActivityFunctions", "many", "write a whole number from 1 up"),
        ("maxConcurrentOrchestratorFunctions", True, "write a whole number from 1 up"),
    ],
)
def test_refuses_what_azure_would_not_start_with(name: str, value: Any, said: str) -> None:
    with pytest.raises(SettingsRefused) as refusal:
        DurableSettings.read(FILE, {name: value})

    assert name in str(refusal.value)
    assert said in str(refusal.value)


def test_tells_what_it_passes_over_and_what_nobody_knows() -> None:
    settings = DurableSettings.read(FILE, {"storageProvider": {}, "maxConcurentActivityFunctions": 1})

    assert settings.passed_over == ("storageProvider", "maxConcurentActivityFunctions")
    assert settings.unknown == ("maxConcurentActivityFunctions",)


@pytest.mark.parametrize("name", ["Hub", "h23", "H" * 45])
def test_takes_names_that_azure_storage_takes(name: str) -> None:
    assert DurableSettings.read(FILE, {}).named(FILE, name).hub_name == name


@pytest.mark.parametrize("name", ["", "ab", "my-hub", "my_hub", "1hub", "Hüb", "H" * 46, "Hub\n"])
def test_refuses_a_hub_name_as_azure_storage_does(name: str) -> None:
    with pytest.raises(SettingsRefused, match="3 to 45 letters and digits"):
        DurableSettings.read(FILE, {}).named(FILE, name)


def test_leaves_the_names_of_other_storage_to_that() -> None:
    settings = DurableSettings.read(FILE, {"storageProvider": {"type": "mssql"}})

    assert settings.named(FILE, "my-hub").hub_name == "my-hub"
