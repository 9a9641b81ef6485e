"""Remember: thin shells, at most 40 lines each, over machines of the domain."""

from dirigent.domain.catalogue import Catalogue
from dirigent.ports.clock import Clock
from entities.account import account
from entities.deployment import deployment
from entities.shell import Entity


def entities(clock: Clock, catalogue: Catalogue) -> tuple[Entity, ...]:
    """Every entity; each keeps to what the catalogue declares today."""
    return (account(clock, catalogue), deployment(clock, catalogue))
