"""What the rooms may ask of the world; adapters answer."""

from dataclasses import dataclass

from dirigent.ports.artifacts import Artifacts
from dirigent.ports.bus import Bus
from dirigent.ports.channels import Channels
from dirigent.ports.clock import Clock
from dirigent.ports.model import Model
from dirigent.ports.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """One adapter for each port, chosen at the door."""

    clock: Clock
    model: Model
    records: Records
    artifacts: Artifacts
    bus: Bus
    channels: Channels

    def close(self) -> None:
        """Let go of everything outside; what is asked for later is opened again."""
        self.model.close()
        self.records.close()
        self.artifacts.close()
        self.bus.close()
        self.channels.close()
