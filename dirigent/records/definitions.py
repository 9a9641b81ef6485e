"""Frozen definitions under the hash of their content: runs keep theirs after the catalogue was edited."""

from hashlib import sha256

from dirigent import codec
from dirigent.domain.catalogue import Definition
from dirigent.ports.artifacts import Artifacts
from dirigent.records.texts import TextLost
from dirigent.records.unreadable import Unreadable

#: Definitions are small and few; a process that meets more than this forgets the oldest.
REMEMBERED = 200


class Definitions:
    """Freezes and finds definitions; what was met once in this process is not fetched again."""

    def __init__(self, artifacts: Artifacts) -> None:
        self._artifacts = artifacts
        self._known: dict[str, Definition] = {}

    async def freeze(self, definition: Definition) -> str:
        """Keep the definition; its hash."""
        content = codec.to_json(definition)
        digest = sha256(content).hexdigest()
        if digest not in self._known:
            await self._artifacts.put(_name(digest), content, content_type="application/json")
            self._remember(digest, definition)
        return digest

    async def find(self, digest: str) -> Definition:
        """The definition of that hash; `TextLost` when it was removed, `Unreadable` when it is spoilt."""
        if digest not in self._known:
            found = await self._artifacts.get(_name(digest))
            if found is None:
                raise TextLost(_name(digest))
            try:
                self._remember(digest, codec.from_json(Definition, found.content))
            except codec.Undecodable as error:
                why = f"it was spoilt, or another version of the app has written it ({error})"
                raise Unreadable(f"The artifact {_name(digest)!r}", why) from error
        return self._known[digest]

    def _remember(self, digest: str, definition: Definition) -> None:
        self._known[digest] = definition
        while len(self._known) > REMEMBERED:
            del self._known[next(iter(self._known))]


def _name(digest: str) -> str:
    return f"definitions/{digest}.json"
