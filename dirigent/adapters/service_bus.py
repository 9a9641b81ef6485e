"""The bus that is Azure Service Bus, or speaks as it does."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from dirigent.adapters.backstage import Backstage
from dirigent.adapters.bus.limits import check
from dirigent.adapters.services.credentials import identity
from dirigent.adapters.services.patience import Patience
from dirigent.domain.events import BusMessage
from dirigent.settings.namespace import Namespace

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

    from dirigent.adapters.bus.sender import Sender


class ServiceBus:
    """Sends through one namespace; nothing is asked of it before the first message."""

    def __init__(
        self,
        reach: Callable[[], Namespace],
        *,
        patience: Patience | None = None,
        sign_in: "Callable[[str | None], AsyncTokenCredential]" = identity,
    ) -> None:
        self._reach, self._patience, self._sign_in = reach, patience or Patience(), sign_in
        self._backstage: Backstage[Sender] = Backstage("bus", self._open, lambda sender: sender.close())

    async def send(self, topic: str, messages: Sequence[BusMessage]) -> None:
        """Lay the messages on the topic, in as few requests as they fit in."""
        for message in messages:
            check(topic, message)
        if messages:
            await self._backstage.do(lambda sender: sender.send(topic, messages))

    def close(self) -> None:
        """Give up what is under way and let go of the namespace; the next message opens it again."""
        self._backstage.close()

    def _open(self) -> "Sender":
        # Its client's packages take a third of a second, and who tells nothing has no use for them.
        from dirigent.adapters.bus.sender import Sender  # noqa: PLC0415

        return Sender(self._reach(), self._patience, self._sign_in)
