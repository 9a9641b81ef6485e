"""What of the bus is reached over HTTP."""

from dataclasses import dataclass

from devhost.http.bus_admin import BusAdmin
from devhost.http.service_bus import ServiceBusDoor


@dataclass(frozen=True, slots=True, kw_only=True)
class BusDoors:
    """Service Bus's own interface, and the host's pages."""

    service: ServiceBusDoor
    admin: BusAdmin
