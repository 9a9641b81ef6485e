"""Words to people that are written down and reach nobody."""

import asyncio
import json
from contextlib import closing
from pathlib import Path

import pytest

from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.outbox_channels import LABEL, OutboxChannels
from dirigent.ports.artifacts import Artifact, ArtifactsUnavailable
from dirigent.ports.channels import ChannelsUnavailable, Notice, Receipt

NOTICE = Notice(
    id="run.warn", run="run", channel="email", to="a@example.org", subject="Heat", text="It is hot."
)


class Away:
    """Artifacts that cannot be reached."""

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        """Fail."""
        raise ArtifactsUnavailable("The store is away.")

    async def get(self, name: str) -> Artifact | None:
        """Fail as well."""
        raise ArtifactsUnavailable("The store is away.")

    async def delete_under(self, prefix: str) -> int:
        """Fail as well."""
        raise ArtifactsUnavailable("The store is away.")

    def close(self) -> None:
        """Nothing is held."""


def delivered(folder: Path, *notices: Notice) -> list[Receipt]:
    with closing(FileArtifacts(folder)) as artifacts:
        channels = OutboxChannels(artifacts)
        receipts = [asyncio.run(channels.deliver(notice)) for notice in notices]
        channels.close()
    return receipts


def test_writes_down_what_would_be_sent_and_says_so(tmp_path: Path) -> None:
    (receipt,) = delivered(tmp_path, NOTICE)

    (file,) = [path for path in tmp_path.rglob("*.json") if path.parent.name == "email"]
    assert json.loads(file.read_bytes()) == {
        "label": LABEL,
        "id": "run.warn",
        "run": "run",
        "channel": "email",
        "to": "a@example.org",
        "subject": "Heat",
        "text": "It is hot.",
    }
    assert (receipt.channel, receipt.to, receipt.is_simulated) == ("email", "a@example.org", True)
    assert receipt.address.endswith(file.name)


def test_told_again_it_is_the_same_notice(tmp_path: Path) -> None:
    first, second = delivered(tmp_path, NOTICE, NOTICE)

    assert first == second


def test_a_store_that_is_away_is_a_channel_that_is_away() -> None:
    with pytest.raises(ChannelsUnavailable, match=r"The store is away\."):
        asyncio.run(OutboxChannels(Away()).deliver(NOTICE))
