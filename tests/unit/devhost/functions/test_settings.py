"""What the two settings files may say, and how the environment comes in."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.functions.refusals import MissingSetting, SettingsRefused
from devhost.functions.settings import AppSettings

Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Writes the files of an app; dictionaries as JSON, texts as they are."""

    def write(host: Any = None, local: Any = None) -> Path:
        for name, content in (("host.json", host), ("local.settings.json", local)):
            if content is not None:
                text = content if isinstance(content, str) else json.dumps(content)
                (tmp_path / name).write_text(text)
        return tmp_path

    return write


HOST = {"version": "2.0"}


def test_reads_what_host_json_says(folder: Folder) -> None:
    settings = AppSettings.read(
        folder(
            {
                "version": "2.0",
                "functionTimeout": "1.02:03:04",
                "extensions": {
                    "http": {"routePrefix": "/v1/"},
                    "durableTask": {"hubName": "Mine", "defaultVersion": "2"},
                },
            }
        )
    )

    assert (settings.route_prefix, settings.hub_name, settings.durable.versions.own) == ("v1", "Mine", "2")
    assert settings.function_timeout == timedelta(days=1, hours=2, minutes=3, seconds=4)
    assert settings.host_json["version"] == "2.0"


def test_falls_back_on_azures_defaults(folder: Folder) -> None:
    settings = AppSettings.read(folder(HOST))

    assert (settings.route_prefix, settings.hub_name, settings.durable.versions.own) == (
        "api",
        "TestHubName",
        "",
    )
    assert (settings.function_timeout, settings.port, settings.cors, dict(settings.values)) == (
        None,
        None,
        (),
        {},
    )


def test_reads_what_local_settings_say(folder: Folder) -> None:
    local = '{ // mine\n"Values": {"A": "1"}, "Host": {"LocalHttpPort": 7072, "CORS": "a, b"}}'

    settings = AppSettings.read(folder(HOST, local))

    assert (dict(settings.values), settings.port, settings.cors) == ({"A": "1"}, 7072, ("a", "b"))


def test_reads_another_file_in_place_of_local_settings(folder: Folder, tmp_path: Path) -> None:
    other = tmp_path / "other.json"
    other.write_text('{"Values": {"A": "other"}}')

    assert AppSettings.read(folder(HOST, {"Values": {"A": "1"}}), other).values["A"] == "other"


def test_names_a_hub_by_a_setting(folder: Folder) -> None:
    host = {"version": "2.0", "extensions": {"durableTask": {"hubName": "%HUB%"}}}

    assert AppSettings.read(folder(host, {"Values": {"HUB": "Mine"}})).hub_name == "Mine"


@pytest.mark.parametrize(
    ("host", "local", "told"),
    [
        (None, None, "there is no host.json"),
        ({}, None, "'version' is null, the Functions host wants \"2.0\""),
        ('{\n"version": "2.0",\n"x": }', None, "host.json, line 3, column 6: this is not JSON"),
        ("", None, "the file is empty: write a JSON object"),
        ('{"version": "2.0",\n \'a\': 1}', None, "line 2, column 2: this is not JSON"),
        ("{'version': '2.0'}", None, "JSON knows no single quotes"),
        ({**HOST, "extensions": {"durableTask": {"hubName": "my-hub"}}}, None, 'hubName is "my-hub"'),
        ("[]", None, "a JSON object is expected"),
        ({**HOST, "extensions": []}, None, "'extensions' must be a JSON object"),
        ({**HOST, "functionTimeout": "5 min"}, None, 'functionTimeout is "5 min"'),
        (HOST, '{\n"IsEncrypted": true}', "local.settings.json, line 2: the settings are encrypted"),
        (HOST, '{"Values": {\n"A": 5}}', "line 2: the value of 'A' under Values must be a string, not 5"),
        (HOST, {"Host": {"LocalHttpPort": 0}}, "Host.LocalHttpPort is 0"),
    ],
)
def test_refuses_and_names_the_place_and_the_remedy(
    folder: Folder, host: object, local: object, told: str
) -> None:
    with pytest.raises(SettingsRefused) as caught:
        AppSettings.read(folder(host, local))

    assert told in str(caught.value)
    assert "Remedy: " in str(caught.value)


def test_refuses_a_file_that_is_not_utf_8(folder: Folder) -> None:
    app = folder(HOST)
    (app / "local.settings.json").write_bytes('{"Values": {"A": "ä"}}'.encode("latin-1"))

    with pytest.raises(SettingsRefused, match=r"local\.settings\.json: this is not UTF-8(?s:.*)as UTF-8"):
        AppSettings.read(app)


def test_warns_of_a_settings_file_without_values(folder: Folder) -> None:
    [warning] = AppSettings.read(folder(HOST, {"A": "1"})).warnings

    assert 'local.settings.json has no "Values": nothing is set.' in warning


def test_reads_members_in_any_case_as_core_tools_does(folder: Folder) -> None:
    settings = AppSettings.read(folder(HOST, {"values": {"A": "1"}, "host": {"LocalHttpPort": 7072}}))

    assert (dict(settings.values), settings.port, settings.warnings) == ({"A": "1"}, 7072, ())


def test_refuses_a_settings_file_that_is_not_there(folder: Folder, tmp_path: Path) -> None:
    with pytest.raises(SettingsRefused, match="there is no such file"):
        AppSettings.read(folder(HOST), tmp_path / "none.json")


def test_lets_the_environment_go_before_the_values_and_undoes_it(folder: Folder) -> None:
    settings = AppSettings.read(folder(HOST, {"Values": {"A": "file", "B": "file"}}))
    environ = {"A": "process"}

    undo = settings.apply(environ)

    assert environ == {
        "A": "process",
        "B": "file",
        "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
        "FUNCTIONS_WORKER_RUNTIME": "python",
        "AzureWebJobsScriptRoot": str(settings.app_dir),
    }
    undo()
    assert environ == {"A": "process"}


def test_resolves_references_to_settings(folder: Folder) -> None:
    settings = AppSettings.read(folder(HOST, {"Values": {"A": "file", "B": "file"}}))

    found = settings.resolve("%A%/%b%/100%", function="f", attribute="x", environ={"A": "process"})

    assert found == "process/file/100%"


def test_names_function_attribute_and_setting_that_is_missing(folder: Folder) -> None:
    with pytest.raises(MissingSetting, match=r"'%A%' in 'schedule' of the function 'f'.*set A in"):
        AppSettings.read(folder(HOST)).resolve("%A%", function="f", attribute="schedule", environ={})


@pytest.mark.parametrize(
    ("name", "value", "is_off"),
    [
        ("AzureWebJobs.nightly.Disabled", "true", True),
        ("AzureWebJobs.NIGHTLY.Disabled", "1", True),
        ("AzureWebJobs__nightly__Disabled", "True", True),
        ("AzureWebJobs.nightly.Disabled", "false", False),
        ("AzureWebJobs.other.Disabled", "true", False),
    ],
)
def test_tells_which_setting_switches_a_function_off(name: str, value: str, is_off: bool) -> None:
    settings = AppSettings(app_dir=Path())

    assert (settings.disabling("nightly", {name: value}) is not None) == is_off
