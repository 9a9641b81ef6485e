"""How the steps of a workflow stand to one another: all of them, and what each can read."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from dirigent.declarations.findings import Place
from dirigent.declarations.kinds import Draft

#: What a step may be, by the key that tells.
KINDS = ("choose", "agent", "publish", "workflow", "event", "notify")


class Part(Struct, frozen=True, kw_only=True):
    """A step, wherever it was written."""

    #: One of `KINDS`, `combine` or `tally`; empty when nobody knows.
    kind: str
    draft: Draft
    #: The parts whose outputs it can read.
    sees: Collection[int] = ()
    #: What it can read besides, and whose outputs stand in that.
    names: Mapping[str, Collection[int]] = {}
    #: Of one that is asked to merge what others bring: what that is called.
    merges: str = ""
    #: The parts whose outputs it uses without naming them.
    takes: Collection[int] = ()
    #: What a step holds that nobody writes.
    extra: Mapping[str, object] = {}

    def ways(self) -> Iterator[Draft]:
        """What may be done in it: of a step that chooses, each of its branches."""
        if self.kind != "choose":
            yield self.draft
            return
        yield from self.branches().values()
        if isinstance(other := self.draft.values.get("otherwise"), Draft):
            yield other

    def branches(self) -> dict[str, Draft]:
        """Of a step that chooses: value → what is done then."""
        found = self.draft.values.get("branches")
        return (
            {key: way for key, way in found.items() if isinstance(way, Draft)}
            if isinstance(found, dict)
            else {}
        )


class Shape(Struct, frozen=True, kw_only=True):
    """A workflow's steps and what its pattern makes of them."""

    parts: Sequence[Part]
    #: What the result can read besides outputs, and whose outputs stand in that.
    told: Mapping[str, Collection[int]] = {}
    #: Names that no input field and no output may have.
    reserved: Collection[str] = ()
    #: Whether every step could be read.
    is_whole: bool = True
    #: Fields of the domain's workflow.
    fields: Mapping[str, Any] = {}


def kind_of(draft: Draft) -> str:
    """By its keys, what the step does; empty when they do not tell."""
    told = [kind for kind in KINDS if kind in draft.written]
    return told[0] if len(told) == 1 else ""


def drafts(found: object) -> list[Draft]:
    """What could be read of a list."""
    return [item for item in found if isinstance(item, Draft)] if isinstance(found, list) else []


def count(found: object) -> int:
    """How many stand in a list, readable or not."""
    return len(found) if isinstance(found, list) else 0


def is_readable(way: Draft) -> bool:
    """Whether everything of it that reads a name could be read."""
    if not all(_is_whole(way, key) for key in ("with", "properties", "subject")):
        return False
    if "workflow" in way.values or "event" in way.values:
        return True
    if "notify" in way.values:
        return {"to", "text"} <= way.values.keys()
    return "prompt" in way.values or {"publish", "filename"} <= way.values.keys()


def _is_whole(way: Draft, key: str) -> bool:
    found = way.values.get(key)
    return found.is_whole if isinstance(found, Draft) else key in way.values or key not in way.written


def completed(draft: Draft, /, **values: tuple[object, Place]) -> Draft:
    """The draft with what was not written in it, and where it comes from."""
    left = {key: found for key, found in values.items() if key not in draft.written}
    return Draft(
        place=draft.place,
        values=draft.values | {key: value for key, (value, _) in left.items()},
        places=draft.places | {key: place for key, (_, place) in left.items()},
        written=draft.written,
        is_whole=draft.is_whole,
    )


def called(draft: Draft) -> Draft:
    """The draft with an output: where none is written, called as the step is."""
    name = draft.text("name")
    if name is None:
        return draft
    return completed(draft, output=(name.replace("-", "_"), draft.at("name")))


def common(draft: Draft, workflow: Draft) -> Draft:
    """The draft with the prompt and the answers of the workflow, where it has none of its own."""
    shared = {
        key: (workflow.values[key], workflow.at(key))
        for key in ("prompt", "answers")
        if key in workflow.values
    }
    return completed(draft, **shared)


def sequential(workflow: Draft) -> Shape:
    """One step after another, each seeing what earlier ones brought."""
    given = workflow.values.get("steps")
    steps = drafts(given)
    parts = [
        Part(kind=kind_of(step), draft=step, sees=range(position)) for position, step in enumerate(steps)
    ]
    is_whole = given == steps and all(is_readable(way) for part in parts for way in part.ways())
    return Shape(parts=parts, is_whole=is_whole and all(part.kind for part in parts))
