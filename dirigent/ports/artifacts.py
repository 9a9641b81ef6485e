"""Texts and files too large for a record or meant for people."""

from typing import Protocol

from dirigent.domain.messages import Message


class Artifact(Message, frozen=True, kw_only=True):
    """A stored file."""

    content: bytes
    content_type: str


class ArtifactsUnavailable(Exception):
    """The store did not answer; later it may."""


class Artifacts(Protocol):
    """Files by name: parts of letters, digits, `.`, `-` and `_`, joined by `/` (else ValueError).

    Content types are `type/subtype`, perhaps with parameters, in at most 200 printable ASCII characters
    (ValueError), and come back to the letter.
    """

    async def put(self, name: str, content: bytes, *, content_type: str) -> str:
        """Write the file whole or not at all, over what was there; its address."""

    async def get(self, name: str) -> Artifact | None:
        """The file, None when there is none."""

    async def delete_under(self, prefix: str) -> int:
        """Remove every file whose name begins with the prefix, which ends in `/`; how many they were."""

    def close(self) -> None:
        """Let go of the store; what is under way may be given up, and the next operation opens it again."""
