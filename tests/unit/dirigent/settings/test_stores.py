"""Where records and artifacts lie: what is read, and what is refused."""

import pytest

from dirigent.settings import Problem, SettingRefused, Settings, Storage

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
#: Outside development, with a model that needs nothing.
AWAY = {
    "DIRIGENT_MODEL": "scripted",
    "DIRIGENT_RECORDS": "azure-tables",
    "DIRIGENT_ARTIFACTS": "azure-blob",
    "DIRIGENT_BUS": "none",
}
NAMED = "AzureWebJobsStorage__accountName"
KEYED = "AccountName=house;AccountKey=c2VjcmV0"
CLIENT = "11111111-2222-3333-4444-55555555abcd"
FILES = {"DIRIGENT_RECORDS": "sqlite", "DIRIGENT_ARTIFACTS": "files"}


def refused(environment: dict[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(SettingRefused) as caught:
        Settings.read(environment)
    return caught.value.problems


@pytest.mark.parametrize(
    ("environment", "storage"),
    [
        (
            {NAMED: "house"},
            Storage(
                tables="https://house.table.core.windows.net", blobs="https://house.blob.core.windows.net"
            ),
        ),
        (
            {NAMED: "house", "AzureWebJobsStorage__clientId": CLIENT.upper()},
            Storage(
                tables="https://house.table.core.windows.net",
                blobs="https://house.blob.core.windows.net",
                client_id=CLIENT,
            ),
        ),
        (
            {
                "AzureWebJobsStorage__tableServiceUri": "https://t.example/",
                "AzureWebJobsStorage__blobServiceUri": "https://b.example",
            },
            Storage(tables="https://t.example", blobs="https://b.example"),
        ),
        ({"AzureWebJobsStorage": f"{KEYED};"}, Storage(connection=KEYED)),
        (
            {
                "DIRIGENT_STORAGE": "Kept",
                "Kept": KEYED,
                NAMED: "another",
                "DIRIGENT_STORAGE_PREFIX": "second2",
            },
            Storage(connection=KEYED, prefix="second2"),
        ),
        (
            {"DIRIGENT_STORAGE": "ConnectionOfTheSecondStore2", "ConnectionOfTheSecondStore2": KEYED},
            Storage(connection=KEYED),
        ),
        (
            {"DIRIGENT_STORAGE": "DIRIGENT_KEPT", "DIRIGENT_KEPT__accountName": "house"},
            Storage(
                tables="https://house.table.core.windows.net", blobs="https://house.blob.core.windows.net"
            ),
        ),
    ],
)
def test_reads_the_account(environment: dict[str, str], storage: Storage) -> None:
    assert Settings.read(AWAY | environment).storage == storage


def test_names_only_the_service_that_is_used() -> None:
    settings = Settings.read(AWAY | {NAMED: "house", "DIRIGENT_ARTIFACTS": "files"})

    assert settings.storage == Storage(tables="https://house.table.core.windows.net")


@pytest.mark.parametrize("emulator", ["UseDevelopmentStorage=true", "usedevelopmentstorage=TRUE;"])
def test_in_development_the_emulator_will_do(emulator: str) -> None:
    stores = {"DIRIGENT_RECORDS": "azure-tables", "AzureWebJobsStorage": emulator}

    assert Settings.read(LOCAL | stores).storage == Storage(connection="UseDevelopmentStorage=true")


def test_the_hosts_own_connection_is_not_looked_at_where_nothing_lies_there() -> None:
    settings = Settings.read(AWAY | FILES | {"AzureWebJobsStorage": "UseDevelopmentStorage=true"})

    assert settings.storage is None


@pytest.mark.parametrize(
    ("environment", "variable", "told"),
    [
        (
            {"AzureWebJobsStorage": "UseDevelopmentStorage=true"},
            "AzureWebJobsStorage",
            "names storage on one machine, which is for local runs: name an account of Azure, or set AZURE_",
        ),
        (
            {"AzureWebJobsStorage": KEYED, NAMED: "house"},
            "AzureWebJobsStorage",
            f"is set beside {NAMED}, and nobody can say which is meant",
        ),
        ({"AzureWebJobsStorage": "c2VjcmV0"}, "AzureWebJobsStorage", "is no connection string"),
        (
            {"AzureWebJobsStorage": "@Microsoft.KeyVault(SecretUri=https://c2VjcmV0)"},
            "AzureWebJobsStorage",
            "is a reference to Key Vault that was not followed",
        ),
        ({NAMED: "https://c2VjcmV0"}, NAMED, "is no name of a storage account"),
        (
            {NAMED: "house", "AzureWebJobsStorage__clientId": "c2VjcmV0"},
            "AzureWebJobsStorage__clientId",
            "is no client id",
        ),
        (
            {NAMED: "house", "AzureWebJobsStorage__tableServiceUri": "https://t.example/?sig=c2VjcmV0"},
            "AzureWebJobsStorage__tableServiceUri",
            "goes on after its path",
        ),
        (
            {NAMED: "house", "AzureWebJobsStorage__blobServiceUri": "https://127.0.0.1:10000/house"},
            "AzureWebJobsStorage__blobServiceUri",
            "names storage on one machine",
        ),
        (
            {"AzureWebJobsStorage__blobServiceUri": "https://b.example"},
            NAMED,
            "is not set while DIRIGENT_RECORDS is 'azure-tables': set it, or AzureWebJobsStorage__table",
        ),
        (
            {"DIRIGENT_STORAGE": KEYED, NAMED: "house"},
            "DIRIGENT_STORAGE",
            "is no name of a connection: write the name alone",
        ),
        (
            {"DIRIGENT_STORAGE": "c2VjcmV00123456789", NAMED: "house"},
            "DIRIGENT_STORAGE",
            "is no name of a connection: write the name alone",
        ),
        (
            {NAMED: "house", "DIRIGENT_STORAGE_PREFIX": "My-House"},
            "DIRIGENT_STORAGE_PREFIX",
            "is 'My-House': use 3 to 32 small letters and digits",
        ),
    ],
)
def test_refuses_an_account_that_cannot_be_reached(
    environment: dict[str, str], variable: str, told: str
) -> None:
    problems = refused(AWAY | environment)

    assert [problem.variable for problem in problems] == [variable]
    assert told in str(problems[0])
    assert "c2VjcmV0" not in str(problems[0])


@pytest.mark.parametrize(
    ("environment", "variable"),
    [
        (AWAY | FILES | {"DIRIGENT_STORAGE": "Kept"}, "DIRIGENT_STORAGE"),
        (AWAY | FILES | {"DIRIGENT_STORAGE_PREFIX": "house"}, "DIRIGENT_STORAGE_PREFIX"),
        (AWAY | {NAMED: "house", "DIRIGENT_DATA": "kept"}, "DIRIGENT_DATA"),
    ],
)
def test_refuses_what_no_store_would_read(environment: dict[str, str], variable: str) -> None:
    problems = refused(environment)

    assert [problem.variable for problem in problems] == [variable]
    assert "is set and nothing would read it: remove it, or set DIRIGENT_RECORDS to " in str(problems[0])


def test_calls_nothing_idle_before_it_is_known_what_is_wanted() -> None:
    others = {"DIRIGENT_DATA": "kept", "DIRIGENT_STORAGE_PREFIX": "house", "DIRIGENT_RECORDS": "paper"}

    assert [problem.variable for problem in refused(LOCAL | others)] == ["DIRIGENT_RECORDS"]


def test_keeps_keys_to_itself() -> None:
    settings = Settings.read(AWAY | {"AzureWebJobsStorage": KEYED})

    assert "c2VjcmV0" not in repr(settings)
