"""Adapters are joined as the settings say, and nothing is opened before it is needed."""

import asyncio
import logging
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs

from dirigent import wiring
from dirigent.adapters.azure_tables import AzureTables
from dirigent.adapters.blob_artifacts import BlobArtifacts
from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.no_bus import NoBus
from dirigent.adapters.outbox_channels import OutboxChannels
from dirigent.adapters.scripted_model import ScriptRefused
from dirigent.adapters.service_bus import ServiceBus
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.adapters.system_clock import SystemClock
from dirigent.adapters.traced_model import TracedModel
from dirigent.domain.events import BusMessage
from dirigent.ports.bus import BusRefused
from dirigent.ports.model import ModelFailed, Request
from dirigent.settings import Settings

REAL = {
    "OPENAI_BASE_URL": "http://127.0.0.1:9/v1",
    "OPENAI_API_KEY": "sk-secret",
    "DIRIGENT_RECORDS": "azure-tables",
    "DIRIGENT_ARTIFACTS": "azure-blob",
    "AzureWebJobsStorage": "UseDevelopmentStorage=true",
    "ServiceBusConnection__fullyQualifiedNamespace": "house.servicebus.windows.net",
}
QUESTION = Request(
    deployment="gpt", agent="a", instructions="Be brief.", prompt="Why?", temperature=0.0, token_limit=9
)
#: Of each: what only its adapter needs.
HEAVY = ("azure.data.tables", "azure.identity", "azure.storage.blob", "openai", "sqlite3", "yaml")
JOINED = f"""
import os, sys
from dirigent import wiring
from dirigent.settings import Settings
wiring.join(Settings.read(os.environ))
print(*[name for name in {HEAVY} if name in sys.modules])
"""


def settings(data: Path, **more: str) -> Settings:
    return Settings.read({"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "DIRIGENT_DATA": str(data), **more})


def real() -> Settings:
    return Settings.read({"AZURE_FUNCTIONS_ENVIRONMENT": "Development", **REAL})


def test_joins_what_local_runs_use(tmp_path: Path) -> None:
    parts = wiring.join(settings(tmp_path))

    found = (type(parts.clock), type(parts.model), type(parts.records), type(parts.artifacts))
    assert found == (SystemClock, TracedModel, SqliteRecords, FileArtifacts)
    assert asyncio.run(parts.model.complete(QUESTION)).model == "scripted:gpt"


def test_joins_services_where_they_are_asked_for() -> None:
    parts = wiring.join(real())

    found = (type(parts.records), type(parts.artifacts), type(parts.bus), type(parts.channels))
    assert found == (AzureTables, BlobArtifacts, ServiceBus, OutboxChannels)
    with pytest.raises(ModelFailed) as failed:
        asyncio.run(parts.model.complete(structs.replace(QUESTION, endpoint="elsewhere")))
    parts.close()
    assert failed.value.failure.reason == "no_endpoint"


@pytest.mark.parametrize(("chosen", "reason"), [("local", "no_bus"), ("none", "no_bus")])
def test_no_bus_is_taken_for_another(tmp_path: Path, chosen: str, reason: str) -> None:
    parts = wiring.join(settings(tmp_path, DIRIGENT_BUS=chosen))
    message = BusMessage(id="1", body=b"{}", subject="T", correlation_id="c")

    with pytest.raises(BusRefused) as refused:
        asyncio.run(parts.bus.send("data", [message]))
    parts.close()

    # No host has said where it is; nobody is asked.
    assert refused.value.reason == reason
    assert isinstance(parts.bus, NoBus if chosen == "none" else ServiceBus)


def test_says_where_the_namespace_is_missing() -> None:
    parts = wiring.join(replace(real(), service_bus=None))
    message = BusMessage(id="1", body=b"{}", subject="T", correlation_id="c")

    with pytest.raises(ValueError, match="these settings name no namespace"):
        asyncio.run(parts.bus.send("data", [message]))
    parts.close()


def test_takes_no_store_for_another_where_the_account_is_missing() -> None:
    with pytest.raises(ValueError, match="these settings name no account"):
        wiring.join(replace(real(), storage=None))


def test_says_once_what_it_has_joined(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        wiring.join(real())

    (told,) = caplog.messages
    assert told == (
        "The model is openai at 127.0.0.1:9; records are in azure-tables, artifacts in azure-blob; "
        "events go to service-bus at house.servicebus.windows.net."
    )


@pytest.mark.parametrize(
    ("environment", "imported"),
    [
        ({}, {"yaml", "sqlite3"}),
        ({"DIRIGENT_RECORDS": "azure-tables", "AzureWebJobsStorage": "UseDevelopmentStorage=true"}, {"yaml"}),
        (REAL, set()),
    ],
)
def test_imports_nothing_that_is_not_used_at_once(environment: dict[str, str], imported: set[str]) -> None:
    found = subprocess.run(
        [sys.executable, "-c", JOINED],
        cwd=Path(wiring.__file__).parents[1],
        env={"AZURE_FUNCTIONS_ENVIRONMENT": "Development", **environment},
        capture_output=True,
        text=True,
        check=True,
    )

    assert set(found.stdout.split()) <= imported


def test_opens_nothing_by_itself(tmp_path: Path) -> None:
    wiring.join(settings(tmp_path / "data"))

    assert list(tmp_path.iterdir()) == []


def test_records_and_artifacts_lie_in_the_data_folder(tmp_path: Path) -> None:
    parts = wiring.join(settings(tmp_path))

    async def write() -> str:
        await parts.records.insert("runs", "house", "one", {"status": "completed"})
        return await parts.artifacts.put("runs/one/note.txt", b"ok", content_type="text/plain")

    asyncio.run(write())

    assert (tmp_path / "records.db").is_file()
    assert (tmp_path / "artifacts" / "runs" / "one" / "note.txt").read_bytes() == b"ok"


def test_refuses_a_script_that_cannot_be_followed(tmp_path: Path) -> None:
    script = tmp_path / "script.yaml"
    script.write_text("pace: often\n", encoding="utf-8")

    with pytest.raises(ScriptRefused, match=r"script\.yaml cannot be followed; .*\n  pace: "):
        wiring.join(settings(tmp_path, DIRIGENT_SCRIPT=str(script)))
