"""Adapters are joined as the settings say, and nothing is opened before it is needed."""

import asyncio
from pathlib import Path

import pytest

from dirigent import wiring
from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.scripted_model import ScriptedModel, ScriptRefused
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.adapters.system_clock import SystemClock
from dirigent.settings import Settings


def settings(data: Path, **more: str) -> Settings:
    return Settings.read({"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "DIRIGENT_DATA": str(data), **more})


def test_joins_what_local_runs_use(tmp_path: Path) -> None:
    parts = wiring.join(settings(tmp_path))

    found = (type(parts.clock), type(parts.model), type(parts.records), type(parts.artifacts))
    assert found == (SystemClock, ScriptedModel, SqliteRecords, FileArtifacts)


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
