"""Picks adapters for ports from the settings, and nothing else."""

import logging
import os

from dirigent.adapters.system_clock import SystemClock
from dirigent.adapters.traced_model import TracedModel
from dirigent.ports import Parts
from dirigent.ports.artifacts import Artifacts
from dirigent.ports.bus import Bus
from dirigent.ports.channels import Channels
from dirigent.ports.clock import Clock
from dirigent.ports.model import Model
from dirigent.ports.records import Records
from dirigent.settings import Namespace, Settings, Storage
from dirigent.telemetry.lines import hush

log = logging.getLogger(__name__)

# Adapters are imported where they are chosen: a cold start pays for no other.
# ruff: noqa: PLC0415


def join(settings: Settings) -> Parts:
    """The adapters these settings ask for; nothing is opened yet."""
    hush()
    log.info(
        "The model is %s; records are in %s, artifacts in %s; events go to %s.",
        settings.model_told,
        settings.records,
        settings.artifacts,
        settings.bus_told,
    )
    clock, artifacts = SystemClock(), _artifacts(settings)
    return Parts(
        clock=clock,
        model=TracedModel(
            _model(settings, clock), endpoints=settings.endpoints, content=settings.telemetry_content
        ),
        records=_records(settings),
        artifacts=artifacts,
        bus=_bus(settings),
        channels=_channels(artifacts),
    )


def _model(settings: Settings, clock: Clock) -> Model:
    if settings.model == "openai":
        from dirigent.adapters.openai_model import OpenAIModel

        return OpenAIModel(settings.endpoints, attribution=settings.model_headers)
    from dirigent.adapters.scripted_model import Script, ScriptedModel

    return ScriptedModel(clock, None if settings.script is None else Script.read(settings.script))


def _records(settings: Settings) -> Records:
    if settings.records == "azure-tables":
        from dirigent.adapters.azure_tables import AzureTables

        return AzureTables(_account(settings))
    from dirigent.adapters.sqlite_records import SqliteRecords

    return SqliteRecords(settings.data / "records.db")


def _artifacts(settings: Settings) -> Artifacts:
    if settings.artifacts == "azure-blob":
        from dirigent.adapters.blob_artifacts import BlobArtifacts

        return BlobArtifacts(_account(settings))
    from dirigent.adapters.file_artifacts import FileArtifacts

    return FileArtifacts(settings.data / "artifacts")


def _bus(settings: Settings) -> Bus:
    if settings.bus == "none":
        from dirigent.adapters.no_bus import NoBus

        return NoBus()
    from dirigent.adapters.service_bus import ServiceBus

    if settings.bus == "local":
        from dirigent.adapters.local_bus import local_bus

        return ServiceBus(lambda: local_bus(os.environ))
    return ServiceBus(lambda: _namespace(settings))


def _channels(artifacts: Artifacts) -> Channels:
    from dirigent.adapters.outbox_channels import OutboxChannels

    return OutboxChannels(artifacts)


def _namespace(settings: Settings) -> Namespace:
    if settings.service_bus is None:
        # Likewise; nobody is taken for another bus.
        raise ValueError("Events go to Service Bus, and these settings name no namespace.")
    return settings.service_bus


def _account(settings: Settings) -> Storage:
    if settings.storage is None:
        # Settings that were read from an environment name one wherever it is needed.
        raise ValueError("Records or artifacts are on Azure, and these settings name no account for them.")
    return settings.storage
