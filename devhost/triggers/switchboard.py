"""All sources of triggers as one."""

from collections.abc import Callable, Mapping

from devhost.functions.catalog import Dropped, Function
from devhost.triggers.ports import Provisions, TriggerSource

MakeSource = Callable[[Provisions], TriggerSource]


class Switchboard:
    """Makes each source with provisions of its own, and starts and stops them together."""

    def __init__(self, sources: Mapping[str, MakeSource], provide: Callable[[str], Provisions]) -> None:
        self._sources = [make(provide(name)) for name, make in sources.items()]

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Functions that are never set off, with the reason."""
        return tuple(dropped for source in self._sources for dropped in source.dropped)

    @property
    def is_quiet(self) -> bool:
        return all(source.is_quiet for source in self._sources)

    def told(self, function: Function) -> str | None:
        """When or by what a function is set off; None when no source does."""
        return next((told for source in self._sources if (told := source.told(function)) is not None), None)

    def start(self) -> None:
        for source in self._sources:
            source.start()

    def stop(self) -> None:
        for source in self._sources:
            source.stop()
