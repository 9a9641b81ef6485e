"""Gates without a host: the app's own entities, over what they remember."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from dirigent.domain.catalogue import Catalogue
from dirigent.ports.clock import Clock
from entities import entities


@dataclass
class Operation:
    """What an entity sees of one operation."""

    entity_key: str
    operation_name: str
    given: Any
    state: Any
    result: Any = None

    def get_input(self) -> Any:
        return self.given

    def get_state(self, initializer: Callable[[], Any]) -> Any:
        return initializer() if self.state is None else self.state

    def set_state(self, state: Any) -> None:
        self.state = state

    def set_result(self, result: Any) -> None:
        self.result = result


class Gatekeeper:
    """Performs operations of gates, whoever asks for them."""

    def __init__(self, clock: Clock, catalogue: Catalogue, remembered: dict[str, Any] | None = None) -> None:
        self._entities = {entity.__name__: entity for entity in entities(clock, catalogue)}
        #: What gates remember, by their addresses.
        self.remembered: dict[str, Any] = {} if remembered is None else remembered

    def operate(self, gate: Any, operation: str, message: Any) -> Any:
        address = f"{gate.name}@{gate.key}"
        performed = Operation(
            entity_key=gate.key,
            operation_name=operation,
            given=message,
            state=self.remembered.get(address),
        )
        self._entities[gate.name](performed)
        self.remembered[address] = performed.state
        return performed.result
