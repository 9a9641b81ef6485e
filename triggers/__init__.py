"""Answer: HTTP routes and timers. They parse, check, hand over and reply; the rules are elsewhere."""

from azure.durable_functions import Blueprint

from dirigent.domain.catalogue import Catalogue
from dirigent.ports import Parts
from dirigent.settings import Settings
from triggers.circuits import circuits
from triggers.directory import directory
from triggers.health import health
from triggers.limits import limits
from triggers.retention import retention
from triggers.starts import starts
from triggers.tasks import tasks


def blueprints(parts: Parts, catalogue: Catalogue, settings: Settings) -> tuple[Blueprint, ...]:
    """Every function that the world reaches the app by."""
    return (
        starts(parts, catalogue, settings),
        tasks(parts, settings),
        directory(catalogue, settings),
        circuits(parts, catalogue, settings),
        limits(parts, catalogue, settings),
        health(parts, settings),
        retention(parts, settings),
    )
