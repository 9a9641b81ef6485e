"""What the app offers: its functions, as the host calls them."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

ORCHESTRATION = "orchestrationTrigger"
ACTIVITY = "activityTrigger"
ENTITY = "entityTrigger"
HTTP = "httpTrigger"
TIMER = "timerTrigger"
SERVICE_BUS = "serviceBusTrigger"
CLIENT = "durableClient"
RETURN = "$return"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """One binding; `attributes` has function.json's member names, with `%SETTING%`s resolved."""

    type: str
    name: str
    is_out: bool = False
    attributes: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """One function, its signature checked."""

    name: str
    trigger: Binding
    #: All bindings, the trigger and `$return` among them.
    bindings: tuple[Binding, ...]
    #: The user's function, or the SDK's handle of an orchestrator or entity. Takes keywords only.
    call: Callable[..., Any]
    is_async: bool
    #: Where the code lies, as `context.function_directory` shows it.
    directory: str
    #: Whether it declares an unbound parameter `context`.
    wants_context: bool
    #: The name orchestrators know it by; None when it is not durable.
    durable_name: str | None = None
    #: Parameters annotated `str` or `bytes`: they get the raw value, unless the trigger is durable.
    raw_parameters: frozenset[str] = frozenset()
    #: Binding type that encodes what it returns; None when it must return None.
    returns: str | None = None

    @property
    def clients(self) -> tuple[Binding, ...]:
        return tuple(binding for binding in self.bindings if binding.type == CLIENT)

    @property
    def outputs(self) -> tuple[Binding, ...]:
        """The out parameters, `$return` not among them."""
        return tuple(b for b in self.bindings if b.is_out and b.name != RETURN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """A function that Azure's host would leave out while the others run."""

    name: str
    reason: str


def _python_name(call: Any) -> str | None:
    # The SDK's handles of orchestrators and entities carry the user's function.
    for member in ("orchestrator_function", "entity_function"):
        call = getattr(call, member, call)
    return getattr(inspect.unwrap(call), "__name__", None)


class Catalog:
    """The app's functions; every lookup ignores case, as Azure does."""

    def __init__(self, functions: Iterable[Function]) -> None:
        self.functions = tuple(functions)
        self._by_name = {function.name.lower(): function for function in self.functions}
        self._durable: dict[tuple[str, str], Function] = {}
        for function in self.functions:
            if function.durable_name is not None:
                # The first of two wins: Azure's registry keeps what came first.
                key = (function.trigger.type, function.durable_name.lower())
                self._durable.setdefault(key, function)

    def by_name(self, name: str) -> Function | None:
        return self._by_name.get(name.lower())

    def orchestrator(self, name: str) -> Function | None:
        return self._durable.get((ORCHESTRATION, name.lower()))

    def activity(self, name: str) -> Function | None:
        return self._durable.get((ACTIVITY, name.lower()))

    def entity(self, name: str) -> Function | None:
        return self._durable.get((ENTITY, name.lower()))

    def triggered_by(self, trigger_type: str) -> tuple[Function, ...]:
        return tuple(function for function in self.functions if function.trigger.type == trigger_type)

    def http_functions(self) -> tuple[Function, ...]:
        return self.triggered_by(HTTP)

    def python_named(self, trigger_type: str, name: str) -> str | None:
        """The durable name of what is `def <name>` in the app."""
        functions = self.triggered_by(trigger_type)
        return next((found.durable_name for found in functions if _python_name(found.call) == name), None)

    def durable_names(self, trigger_type: str) -> tuple[str, ...]:
        return tuple(function.durable_name or "" for function in self.triggered_by(trigger_type))
