"""What the members of a team brought: as a list for results, as labelled text for whoever merges it."""

from collections.abc import Iterable, Iterator

from dirigent.domain import prompts
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Missing


class Brought(Message, frozen=True, kw_only=True):
    """What one member brought, or why it did not."""

    name: str
    #: An object where the answer was one, else None.
    value: dict[str, object] | None = None
    text: str = ""
    missing: Missing | None = None
    #: Who is missing inside it.
    gaps: tuple[Missing, ...] = ()
    #: Of a member that is a team: what its own members brought.
    inner: "tuple[Brought, ...] | None" = None

    @property
    def data(self) -> dict[str, object]:
        """The same as a result shows it."""
        return {"text": self.text} if self.value is None else self.value


def listed(brought: Iterable[Brought]) -> list[dict[str, object]]:
    """Those that are not missing, and teams that are if their members brought something; in their order."""
    found: list[dict[str, object]] = []
    for one in brought:
        inner = None if one.inner is None else listed(one.inner)
        if one.missing is not None and not inner:
            continue
        entry: dict[str, object] = {"agent": one.name, "data": one.data if one.missing is None else None}
        found.append(entry if inner is None else entry | {"reports": inner})
    return found


#: In words for whoever reads the merged text; causes, with names of models and keys, stand in the result.
_WHY = {
    Category.TIMEOUT: "no answer in time",
    Category.RATE_LIMIT: "no room for it in time",
    Category.AUTHENTICATION: "it may not be asked",
    Category.TRANSIENT: "it failed",
    Category.PERMANENT: "it failed",
}


def told(brought: Iterable[Brought], *, is_for_model: bool = False) -> str:
    """All of it in words: each under its name, and who is missing, and why."""
    whole = tuple(brought)
    return "\n\n".join(_told(whole, tuple(_names(whole)) if is_for_model else ()))


def _names(brought: Iterable[Brought]) -> Iterator[str]:
    for one in brought:
        yield one.name
        yield from _names(one.inner or ())


def _told(brought: Iterable[Brought], names: tuple[str, ...]) -> Iterator[str]:
    for one in brought:
        if one.missing is None:
            yield f"## {one.name}\n\n{prompts.unlabelled(one.text.strip(), names)}"
            yield from map(note, one.gaps)
            continue
        yield note(one.missing)
        inner = list(_told(one.inner or (), names))
        if any(member.missing is None for member in one.inner or ()):
            yield f"What the members of {one.name} brought, which nobody has merged:"
        yield from inner


def note(missing: Missing) -> str:
    """The place of what is missing is not left empty; what went wrong inside is nothing for its readers."""
    return f"[{missing.branch} is missing: {_WHY[missing.category]}]"
