"""Channels that reach nobody: what they are told is written down in the artifacts, and labelled so."""

from hashlib import sha256

from dirigent import codec
from dirigent.ports.artifacts import Artifacts, ArtifactsUnavailable
from dirigent.ports.channels import ChannelsUnavailable, Notice, Receipt

LABEL = "outbox: written down, sent to nobody"


class OutboxChannels:
    """An outbox for each channel; it lies among the artifacts of the run."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts

    async def deliver(self, notice: Notice) -> Receipt:
        """Write the notice down; told again, it replaces itself."""
        # Among the run's own: notices name people, and go with the run that told them.
        digest = sha256(notice.id.encode()).hexdigest()[:32]
        name = f"runs/{notice.run}/outbox/{notice.channel}/{digest}.json"
        content = codec.to_json({"label": LABEL, **codec.encode(notice)})
        try:
            address = await self._artifacts.put(name, content, content_type="application/json")
        except ArtifactsUnavailable as error:
            raise ChannelsUnavailable(str(error)) from error
        return Receipt(channel=notice.channel, to=notice.to, address=address, is_simulated=True)

    def close(self) -> None:
        """The artifacts are somebody else's to let go of."""
