"""Picks adapters for ports from the settings, and nothing else."""

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.scripted_model import Script, ScriptedModel
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.adapters.system_clock import SystemClock
from dirigent.ports import Parts
from dirigent.settings import Settings


def join(settings: Settings) -> Parts:
    """The adapters these settings ask for; nothing is opened yet."""
    clock = SystemClock()
    script = None if settings.script is None else Script.read(settings.script)
    return Parts(
        clock=clock,
        model=ScriptedModel(clock, script),
        records=SqliteRecords(settings.data / "records.db"),
        artifacts=FileArtifacts(settings.data / "artifacts"),
    )
