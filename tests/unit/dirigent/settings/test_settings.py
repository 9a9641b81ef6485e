"""Settings: what is read, what it defaults to, and what is refused by name."""

from dataclasses import replace
from pathlib import Path

import pytest

from dirigent.domain.catalogue import Catalogue, Model
from dirigent.settings import (
    HOME,
    OBJECT_CLAIM,
    TENANT_CLAIM,
    Endpoint,
    Namespace,
    SettingRefused,
    Settings,
    Storage,
)

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
STAND_INS = ("DIRIGENT_MODEL", "DIRIGENT_RECORDS", "DIRIGENT_ARTIFACTS", "DIRIGENT_BUS")
REAL = dict(zip(STAND_INS, ("openai", "azure-tables", "azure-blob", "service-bus"), strict=True))
CHOSEN = dict(zip(STAND_INS, ("scripted", "sqlite", "files", "local"), strict=True))


def refused(environment: dict[str, str]) -> SettingRefused:
    with pytest.raises(SettingRefused) as caught:
        Settings.read(environment)
    return caught.value


def test_needs_nothing_in_development() -> None:
    assert Settings.read(LOCAL) == Settings(
        is_development=True,
        catalogue=HOME / "catalogue",
        model="scripted",
        script=None,
        endpoints={},
        model_headers=True,
        records="sqlite",
        artifacts="files",
        data=HOME / ".dirigent",
        storage=None,
        bus="local",
        bus_connection="ServiceBusConnection",
        service_bus=None,
        channels="outbox",
        telemetry_content=False,
        management_urls=True,
        default_account="default",
        accounts="default",
        front=None,
        account_claim=TENANT_CLAIM,
        user_claim=OBJECT_CLAIM,
        gateway=None,
        operators=(),
        body_limit=1_000_000,
        claim_lease=60.0,
        retention_days=30,
        retention_schedule="0 30 3 * * *",
        replay_rate=10,
        event_memory_days=30,
    )


def test_home_is_the_folder_of_the_app() -> None:
    assert (HOME / "function_app.py").is_file()


def test_reads_what_local_runs_may_say(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("pace: 0\n")
    declared = tmp_path / "declared"
    declared.mkdir()
    settings = Settings.read(
        CHOSEN
        | {
            "DIRIGENT_CATALOGUE": str(declared),
            "DIRIGENT_SCRIPT": str(script),
            "DIRIGENT_DATA": str(tmp_path / "kept"),
            "DIRIGENT_TELEMETRY_CONTENT": "yes",
            "DIRIGENT_MANAGEMENT_URLS": "False",
            "DIRIGENT_DEFAULT_ACCOUNT": "house",
            "DIRIGENT_BODY_LIMIT": "2048",
            "DIRIGENT_CLAIM_LEASE": "2.5",
            "DIRIGENT_RETENTION_DAYS": "7",
            "DIRIGENT_RETENTION_SCHEDULE": "0 0 4 * * *",
            "DIRIGENT_CHANNELS": "outbox",
            "DIRIGENT_REPLAY_RATE": "100",
            "DIRIGENT_EVENT_MEMORY_DAYS": "90",
        }
    )

    assert settings == replace(
        Settings.read(CHOSEN),
        catalogue=declared,
        script=script,
        data=tmp_path / "kept",
        telemetry_content=True,
        management_urls=False,
        default_account="house",
        body_limit=2048,
        claim_lease=2.5,
        retention_days=7,
        retention_schedule="0 0 4 * * *",
        channels="outbox",
        replay_rate=100,
        event_memory_days=90,
    )


def test_takes_relative_paths_from_the_folder_of_the_app() -> None:
    assert Settings.read(LOCAL | {"DIRIGENT_DATA": "kept/here"}).data == HOME / "kept" / "here"


@pytest.mark.parametrize("missing", STAND_INS)
def test_outside_development_a_stand_in_must_be_asked_for(missing: str) -> None:
    refusal = refused({name: value for name, value in CHOSEN.items() if name != missing})

    assert [problem.variable for problem in refusal.problems] == [missing]
    assert f"{missing} is not set: set it to {REAL[missing]!r}, with " in str(refusal)
    assert f"; {CHOSEN[missing]!r} is for local runs and must be asked for by name" in str(refusal)


def test_an_environment_of_another_name_is_not_development() -> None:
    refusal = refused({"AZURE_FUNCTIONS_ENVIRONMENT": "Production"})

    assert tuple(problem.variable for problem in refusal.problems) == STAND_INS


def test_an_empty_setting_counts_as_unset() -> None:
    assert Settings.read(LOCAL | {"DIRIGENT_MODEL": " ", "DIRIGENT_BODY_LIMIT": ""}) == Settings.read(LOCAL)
    assert refused(CHOSEN | {"DIRIGENT_MODEL": ""}).problems[0].variable == "DIRIGENT_MODEL"


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DIRIGENT_MODEL", "oracle", "is 'oracle', which is unknown: set it to 'openai' or 'scripted'."),
        ("DIRIGENT_RECORDS", "paper", "is 'paper', which is unknown: set it to 'azure-tables' or 'sqlite'."),
        ("DIRIGENT_ARTIFACTS", "stone", "is 'stone', which is unknown: set it to 'azure-blob' or 'files'."),
        (
            "DIRIGENT_BUS",
            "tram",
            "is 'tram', which is unknown: set it to 'service-bus' or 'local' or 'none'.",
        ),
        ("DIRIGENT_CHANNELS", "pigeon", "is 'pigeon', which is unknown: set it to 'outbox'."),
        ("DIRIGENT_REPLAY_RATE", "101", "is '101': set it to a whole number from 1 to 100, such as 10."),
        ("DIRIGENT_REPLAY_RATE", "0.5", "is '0.5': set it to a whole number from 1 to 100, such as 10."),
        ("DIRIGENT_EVENT_MEMORY_DAYS", "0", "is '0': set it to a whole number above 0, such as 30."),
        (
            "DIRIGENT_CATALOGUE",
            "nowhere",
            "/nowhere, which is no folder that can be read: name one, or leave",
        ),
        ("DIRIGENT_SCRIPT", "gone.yaml", "which is no file: name a file or leave it unset."),
        ("DIRIGENT_MANAGEMENT_URLS", "maybe", "is 'maybe': set it to 'true' or 'false'."),
        ("DIRIGENT_DEFAULT_ACCOUNT", "a/b", "is 'a/b': use 1 to 500 characters without '/'"),
        ("DIRIGENT_DEFAULT_ACCOUNT", "vic%74im", "is 'vic%74im': use 1 to 500 characters without '/'"),
        ("DIRIGENT_DEFAULT_ACCOUNT", "a" * 501, "use 1 to 500 characters"),
        ("DIRIGENT_BODY_LIMIT", "1 MB", "is '1 MB': set it to a whole number above 0, such as 1000000."),
        ("DIRIGENT_BODY_LIMIT", "0", "is '0': set it to a whole number above 0"),
        ("DIRIGENT_BODY_LIMIT", "9" * 5_000, "set it to a whole number above 0"),
        ("DIRIGENT_RETENTION_DAYS", "-1", "is '-1': set it to a whole number above 0, such as 30."),
        ("DIRIGENT_RETENTION_DAYS", "٣", "is '٣': set it to a whole number above 0"),
        ("DIRIGENT_CLAIM_LEASE", "soon", "is 'soon': set it to a number of seconds above 0, such as 60."),
        ("DIRIGENT_CLAIM_LEASE", "nan", "is 'nan': set it to a number of seconds above 0"),
        (
            "DIRIGENT_RETENTION_SCHEDULE",
            "daily",
            "is 'daily', which is no schedule: write second, minute, hour, day, month and day of the week",
        ),
        (
            "DIRIGENT_RETENTION_DAY",
            "7",
            "is no setting: did you mean DIRIGENT_RETENTION_DAYS? Else remove it",
        ),
        ("dirigent_model", "scripted", "is no setting: did you mean DIRIGENT_MODEL? Else remove it"),
        ("DIRIGENT_X", "1", "is no setting: remove it; docs/settings.md has a list."),
        ("DIRIGENT_CLAIM_LEASE", "inf", "is 'inf': set it to a number of seconds above 0"),
    ],
)
def test_refuses_a_value_by_the_name_of_its_variable(variable: str, value: str, told: str) -> None:
    refusal = refused(LOCAL | {variable: value})

    assert [problem.variable for problem in refusal.problems] == [variable]
    assert str(refusal.problems[0]).startswith(variable)
    assert told in str(refusal)


def test_knows_what_the_command_line_reads_and_whatever_is_not_for_this_app() -> None:
    others = {
        "DIRIGENT_URL": "http://there",
        "DIRIGENT_FUNCTION_KEY": "k",
        "DIRIGENT_TOKEN": "t",
        "DIRIGENTX": "1",
        "PATH": "/bin",
    }

    assert Settings.read(LOCAL | others) == Settings.read(LOCAL)


def test_a_stranger_that_is_empty_is_let_be() -> None:
    assert Settings.read(LOCAL | {"DIRIGENT_MODLE": " "}) == Settings.read(LOCAL)


def test_a_catalogue_that_is_not_there_is_named_with_all_else() -> None:
    refusal = refused(LOCAL | {"DIRIGENT_CATALOGUE": "nowhere", "DIRIGENT_BODY_LIMIT": "much"})

    assert [problem.variable for problem in refusal.problems] == ["DIRIGENT_CATALOGUE", "DIRIGENT_BODY_LIMIT"]


def test_a_script_that_is_no_file_is_told_of_once_beside_a_real_model() -> None:
    refusal = refused(LOCAL | {"OPENAI_API_KEY": "sk-1", "DIRIGENT_SCRIPT": "gone.yaml"})

    assert [problem.variable for problem in refusal.problems] == ["DIRIGENT_SCRIPT"]
    assert "is set and nothing would read it" in str(refusal)


def test_a_refusal_speaks_for_itself() -> None:
    assert SettingRefused.speaks_for_itself


def test_names_every_problem_at_once() -> None:
    refusal = refused({"DIRIGENT_BODY_LIMIT": "much", "DIRIGENT_CLAIM_LEASE": "-2"})

    assert [problem.variable for problem in refusal.problems] == [
        *STAND_INS,
        "DIRIGENT_BODY_LIMIT",
        "DIRIGENT_CLAIM_LEASE",
    ]
    assert len(str(refusal).splitlines()) == 7


def test_what_local_runs_stand_on_may_be_asked_for_by_name_anywhere() -> None:
    settings = Settings.read(CHOSEN)

    assert (settings.is_development, settings.model) == (False, "scripted")
    assert (settings.records, settings.artifacts, settings.bus) == ("sqlite", "files", "local")


def test_reads_what_an_app_on_azure_says() -> None:
    settings = Settings.read(
        REAL
        | {
            "AZURE_OPENAI_ENDPOINT": "https://house.openai.azure.com/",
            "DIRIGENT_MODEL_HEADERS": "false",
            "AzureWebJobsStorage__accountName": "housestore",
            "DIRIGENT_STORAGE_PREFIX": "house",
            "ServiceBusConnection__fullyQualifiedNamespace": "house.servicebus.windows.net",
        }
    )

    chosen = (settings.model, settings.records, settings.artifacts, settings.bus)
    assert chosen == tuple(REAL.values())
    assert settings.endpoints == {
        None: Endpoint(url="https://house.openai.azure.com/openai/v1", key=None, provider="azure.ai.openai")
    }
    assert not settings.model_headers
    assert settings.storage == Storage(
        tables="https://housestore.table.core.windows.net",
        blobs="https://housestore.blob.core.windows.net",
        prefix="house",
    )
    assert settings.service_bus == Namespace(url="https://house.servicebus.windows.net", signs_in=True)


def test_all_that_azure_needs_is_missed_at_once() -> None:
    refusal = refused(REAL)

    assert [problem.variable for problem in refusal.problems] == [
        "DIRIGENT_MODEL",
        "AzureWebJobsStorage__accountName",
        "AzureWebJobsStorage__accountName",
        "ServiceBusConnection__fullyQualifiedNamespace",
    ]
    for would_do in (
        "AZURE_OPENAI_ENDPOINT",
        "OPENAI_API_KEY",
        "AzureWebJobsStorage__tableServiceUri",
        "AzureWebJobsStorage__blobServiceUri",
    ):
        assert would_do in str(refusal)


def test_a_model_that_cannot_be_reached_is_missed_once_the_catalogue_is_read() -> None:
    settings = Settings.read(LOCAL | {"OPENAI_API_KEY": "sk-1"})
    catalogue = Catalogue(
        models={
            "main": Model(name="main", deployment="gpt-4o"),
            "second": Model(name="second", deployment="sonnet", endpoint="other-maker"),
            "third": Model(name="third", deployment="pro", endpoint="a"),
        },
        agents={},
        workflows={},
    )

    with pytest.raises(SettingRefused) as caught:
        settings.check(catalogue)

    assert [problem.variable for problem in caught.value.problems] == [
        "DIRIGENT_ENDPOINT_A_URL",
        "DIRIGENT_ENDPOINT_OTHER_MAKER_URL",
    ]


def test_an_endpoint_that_no_model_names_is_refused_once_the_catalogue_is_read() -> None:
    given = {"OPENAI_API_KEY": "sk-1", "DIRIGENT_ENDPOINT_B_URL": "http://localhost:8080/v1"}
    models = {"m": Model(name="m", deployment="gpt-4o")}
    settings = Settings.read(LOCAL | given)

    with pytest.raises(SettingRefused) as caught:
        settings.check(Catalogue(models=models, agents={}, workflows={}))

    assert [problem.variable for problem in caught.value.problems] == ["DIRIGENT_ENDPOINT_B_URL"]


def test_nobody_asks_where_models_are_that_are_scripted() -> None:
    models = {"m": Model(name="m", deployment="gpt-4o", endpoint="other")}
    catalogue = Catalogue(models=models, agents={}, workflows={})

    assert Settings.read(LOCAL).check(catalogue) is None  # type: ignore[func-returns-value]


def test_tells_what_answers_and_where() -> None:
    given = {"OPENAI_API_KEY": "sk-1", "DIRIGENT_ENDPOINT_B_URL": "http://localhost:8080/v1"}

    assert Settings.read(LOCAL).model_told == "scripted"
    assert Settings.read(LOCAL | given).model_told == "openai at api.openai.com, localhost:8080"
