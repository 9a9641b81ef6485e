"""What things are called in a workflow: no name may be given twice, nor one that has a meaning already."""

from collections.abc import Iterator

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import IDENTIFIER, Draft
from dirigent.declarations.outputs import TURNOUT, Drafts
from dirigent.declarations.shapes import Part, Shape

#: By these a result tells how complete it is.
MARKS = ("degraded", "missing", *TURNOUT)


def examine_names(fields: Drafts, result: Drafts, shape: Shape, report: Report) -> None:
    """Report every name that is twofold or reserved."""
    told: set[tuple[Place, Place]] = set()
    for key in ("name", "output"):
        _twofold(key, shape, told, report)
    _records(shape, report)
    _clashes(fields, shape, report)
    _unsayable(shape, report)
    for name, place in _given(fields, shape):
        if name.casefold() in shape.reserved:
            report.add(place, f"{name!r} is reserved, it has a meaning in this pattern: choose another name.")
    for name, place in (*_given(fields, shape), *((name, draft.place) for name, draft in result.items())):
        if name.casefold() in MARKS:
            report.add(place, f"{name!r} is reserved, results are marked by it: choose another name.")


def _unsayable(shape: Shape, report: Report) -> None:
    for part in shape.parts:
        output = part.draft.text("output")
        if output is not None and not IDENTIFIER.fullmatch(output):
            why = f"No output can be called {output!r}, for it begins with a digit: add an `output`."
            report.add(part.draft.at("output"), why)


def _given(fields: Drafts, shape: Shape) -> Iterator[tuple[str, Place]]:
    """The names that prompts read."""
    yield from ((name, draft.place) for name, draft in fields.items())
    for part in shape.parts:
        output = part.draft.text("output")
        # Its output bears a name that is reserved for it.
        if output is not None and part.kind != "tally":
            yield output, part.draft.at("output")


def _twofold(key: str, shape: Shape, told: set[tuple[Place, Place]], report: Report) -> None:
    first: dict[str, Place] = {}
    # What nobody wrote has its name before all others: whoever can change theirs is told.
    for part in sorted(shape.parts, key=lambda part: part.kind != "tally"):
        if (name := part.draft.text(key)) is not None:
            known = first.setdefault(name.casefold(), part.draft.at(key))
            # An output that is called as its step has been told of with the step.
            if (pair := (known, part.draft.at(key))) not in told:
                told.add(pair)
                _second(name, key, known, part.draft, report)


def _records(shape: Shape, report: Report) -> None:
    # A record is called as its step where nothing else is said: a name may be taken from either side.
    names = {name.casefold(): part.draft.at("name") for part in shape.parts if (name := _unsaid(part))}
    for part in shape.parts:
        if (record := part.draft.text("record")) is not None:
            first = names.setdefault(record.casefold(), part.draft.at("record"))
            _second(record, "record", first, part.draft, report)


def _unsaid(part: Part) -> str | None:
    return None if "record" in part.draft.written else part.draft.text("name")


def _second(name: str, key: str, first: Place, step: Draft, report: Report) -> None:
    if first != step.at(key):
        report.add(step.at(key), f"Another step has the {key} {name!r} (line {first.line}): rename one.")


def _clashes(fields: Drafts, shape: Shape, report: Report) -> None:
    known: dict[str, str] = {}
    for name, draft in fields.items():
        if (other := known.setdefault(name.casefold(), name)) != name:
            report.add(draft.place, f"The field differs from {other!r} in capitals only: rename one.")
    for part in shape.parts:
        output = part.draft.text("output")
        if output is not None and output.casefold() in known:
            at = part.draft.at("output")
            report.add(at, f"There is an input field {output!r}: call the output otherwise.")
