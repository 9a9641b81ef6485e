"""What sets off functions by itself: every source is listed here, by the name its rows are kept under."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from devhost.triggers.ports import Provisions, TriggerSource
from devhost.triggers.service_bus import ServiceBus
from devhost.triggers.timers import Timers

SOURCES: Mapping[str, Callable[[Provisions], TriggerSource]] = MappingProxyType(
    {"timers": Timers, "serviceBus": ServiceBus}
)
