"""Ways to reach people."""

from typing import Protocol

from dirigent.domain.messages import Message


class Notice(Message, frozen=True, kw_only=True):
    """What somebody is to be told."""

    #: The same where the same is told again.
    id: str
    #: The run that tells it.
    run: str
    #: Such as `email`.
    channel: str
    to: str
    subject: str
    text: str


class Receipt(Message, frozen=True, kw_only=True):
    """What became of a notice."""

    channel: str
    to: str
    #: Where it is found: the provider's id of it, or the address of what was written instead.
    address: str
    #: It was written down and sent to nobody.
    is_simulated: bool


class ChannelsUnavailable(Exception):
    """The channel did not answer; later it may."""


class Channels(Protocol):
    """Delivers notices; the same notice twice is delivered once where the channel can tell."""

    async def deliver(self, notice: Notice) -> Receipt:
        """Tell them."""

    def close(self) -> None:
        """Let go of whatever carries the notices; the next one opens it again."""
