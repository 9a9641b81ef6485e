"""The bus that carries events."""

from collections.abc import Sequence
from typing import Protocol

from dirigent.domain.events import BusMessage

#: Bytes of a message with its properties that Service Bus takes on its Standard tier.
LARGEST_MESSAGE = 262_144


class BusUnavailable(Exception):
    """The bus did not answer; later it may. What was sent may have arrived: send it again with its id."""


class BusRefused(Exception):
    """The bus will not take it, now or later.

    `reason` says why in one word: `too_large`, `unknown_topic`, `unauthorized`, `refused`, `no_bus`.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        self.reason, self.sentence = reason, sentence
        super().__init__(sentence)


class Bus(Protocol):
    """Topics that messages are laid on; whoever listens receives them by a trigger."""

    async def send(self, topic: str, messages: Sequence[BusMessage]) -> None:
        """Lay the messages on the topic, in as few requests as they fit in.

        Returns once the bus has them. Where it fails, some may have arrived; sent again with the same ids,
        they are the same messages to whoever hears them.
        """

    def close(self) -> None:
        """Let go of the bus; the next message opens it again."""
