"""What a source of triggers is to the host, and what the host lends it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from devhost.bus.ports import Broker
from devhost.engine.ports import Clock
from devhost.functions.bus_settings import BusSettings
from devhost.functions.catalog import Catalog, Dropped, Function
from devhost.functions.http_exchange import Webhook
from devhost.functions.running import Done
from devhost.triggers.bus_plan import BusPlan


class Invoke(Protocol):
    """Runs functions of the app, with all that their bindings ask for."""

    def __call__(
        self, function: Function, make_value: Callable[[], Any], done: Done, *, trace_parent: str = ""
    ) -> None:
        """Run it soon; `make_value` makes the trigger's argument where the function runs.

        `done` hears the ending on the host's loop. Once the host winds down it may never be called.
        """


class Rows(Protocol):
    """One source's own memory in the state file: texts by key."""

    def remembered(self) -> dict[str, str]:
        """What was committed last; meant for the start, as changes since then are not in it."""

    def put(self, key: str, value: str) -> None:
        """Remember it; on disk soon, together with whatever else changes in this turn of the loop."""

    def drop(self, key: str) -> None:
        """Forget it."""

    def then(self, action: Callable[[], None]) -> None:
        """Run the action once everything changed so far is on disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BusLink:
    """The bus, and how the app's functions are to use it."""

    broker: Broker
    settings: BusSettings
    #: Which function listens where.
    plan: BusPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisions:
    """What a source may use; all of it belongs to the host's loop."""

    catalog: Catalog
    clock: Clock
    #: The app's settings, as its functions see them.
    environ: Mapping[str, str]
    invoke: Invoke
    rows: Rows
    #: Opens a path such as "hooks/bus" for calls from outside; it goes before the app's routes.
    open_path: Callable[[str, Webhook], None]
    bus: BusLink


class TriggerSource(Protocol):
    """Sets off functions of one trigger type; opens its paths while it is made, before the host is ready."""

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Functions it will never set off, with the reason."""

    @property
    def is_quiet(self) -> bool:
        """Whether it does nothing until a call comes back, an alarm rings or a request arrives."""

    def told(self, function: Function) -> str | None:
        """When or by what a function is set off, for people; None when it is not one of its own."""

    def start(self) -> None:
        """Begin: the host answers requests now."""

    def stop(self) -> None:
        """Set off nothing more; endings of what runs may still come. May be called twice."""
