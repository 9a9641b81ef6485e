"""Answer: HTTP routes, subscribers, timers. They parse, check, hand over and reply; rules are elsewhere."""

from azure.durable_functions import Blueprint

from dirigent.domain.catalogue import Catalogue
from dirigent.ports import Parts
from dirigent.settings import Settings
from triggers.circuits import circuits
from triggers.dead_letters import dead_letters
from triggers.directory import directory
from triggers.events import events
from triggers.health import health
from triggers.limits import limits
from triggers.redrives import redrives
from triggers.retention import retention
from triggers.starts import starts
from triggers.subscribers import subscribers
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
        events(parts, catalogue, settings),
        subscribers(parts, catalogue, settings),
        dead_letters(parts, catalogue, settings),
        redrives(parts, catalogue, settings),
    )
