"""What is remembered between runs: thin shells, at most 40 lines each, over machines of the domain."""

from collections.abc import Callable
from typing import Any

#: Functions of one argument, `context`, each an entity of its own name. Nothing is remembered so far: the
#: room is for circuits and limits, one entity for each account and one for each model deployment.
ENTITIES: tuple[Callable[[Any], None], ...] = ()
