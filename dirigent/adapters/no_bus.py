"""No bus, for apps that tell no events."""

from collections.abc import Sequence

from dirigent.domain.events import BusMessage
from dirigent.ports.bus import BusRefused


class NoBus:
    """Refuses every message by its reason."""

    async def send(self, topic: str, messages: Sequence[BusMessage]) -> None:
        """Say that there is none."""
        raise BusRefused(
            "no_bus",
            f"Nothing can be told on the topic {topic!r}, for DIRIGENT_BUS is 'none': set it to "
            f"'service-bus' or 'local' before events are told.",
        )

    def close(self) -> None:
        """Nothing is held."""
