"""Texts of any length: short ones travel inline, long ones by reference."""

from dirigent.domain.runs import Held
from dirigent.ports.artifacts import Artifacts
from dirigent.records.unreadable import Unreadable

#: Longer texts, measured as UTF-8, go to the artifact store: histories and rows stay small.
INLINE_BYTES = 16_000


class TextLost(Unreadable):
    """A text that was kept is not there any more."""

    def __init__(self, artifact: str) -> None:
        self.artifact = artifact
        super().__init__(f"The artifact {artifact!r}", "retention or somebody has removed it")


class Texts:
    """Keeps and fetches texts."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts

    async def keep(self, text: str, *, name: str, content_type: str = "text/plain; charset=utf-8") -> Held:
        """Hold the text, under that name if it is long."""
        held = inline(text)
        if held is None:
            held = Held(artifact=name)
            await self._artifacts.put(name, text.encode(), content_type=content_type)
        return held

    async def read(self, held: Held) -> str:
        """The text; `TextLost` when its artifact is gone, `Unreadable` when it is no text any more."""
        if held.artifact is None:
            return held.text or ""
        found = await self._artifacts.get(held.artifact)
        if found is None:
            raise TextLost(held.artifact)
        try:
            return found.content.decode()
        except UnicodeDecodeError as error:
            raise Unreadable(
                f"The artifact {held.artifact!r}", "it is no UTF-8, for it was spoilt"
            ) from error


def inline(text: str) -> Held | None:
    """The text, held by itself; None of one that is too long for that."""
    return Held(text=text) if len(text.encode()) <= INLINE_BYTES else None
