"""Structured answers and steps that choose by them: every branch can be taken, every value has one."""

import msgspec

from dirigent.declarations.findings import Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import Drafts, Scope, drafts_of
from dirigent.declarations.shapes import Part, Shape
from dirigent.domain import answers
from dirigent.domain.catalogue import WINNER
from dirigent.domain.spelling import suggestion
from dirigent.domain.steps import AnswerField

_TRUTHS = ("true", "false")


def examine_answers(shape: Shape, report: Report) -> None:
    """Report what no answer could fit."""
    for part in shape.parts:
        for way in part.ways():
            for name, field in (drafts_of(way, "answers") or {}).items():
                _examine_field(name, field, report)


def _examine_field(name: str, field: Draft, report: Report) -> None:
    if "one_of" not in field.written:
        return
    kind = field.values.get("type", "string" if "type" not in field.written else None)
    if kind not in ("string", None):
        why = f"{name!r} is no text, and `one_of` lists texts: leave one of both out."
        report.add(field.at("one_of"), why)
    first: set[str] = set()
    for choice in choices(field):
        # As answers are compared with them.
        folded = " ".join(choice.casefold().split())
        if folded in first:
            why = f"{choice!r} is there twice, for capitals and blanks do not matter: keep one."
            report.add(field.at("one_of"), why)
        first.add(folded)


def choices(field: Draft) -> list[str]:
    """The texts that the answer's field may be; none for any."""
    found = field.values.get("one_of")
    return [text for text in found if isinstance(text, str)] if isinstance(found, list) else []


def examine_choices(scope: Scope, report: Report) -> None:
    """Report every step that chooses by what cannot be chosen by, or leaves a value without a way."""
    by: dict[str, tuple[str, Part]] = {}
    for position, part in enumerate(scope.shape.parts):
        chosen = part.draft.text("choose")
        if chosen is None:
            continue
        output, _, field = chosen.partition(".")
        _examine_choice(output, field, position, scope, report)
        other, first = by.setdefault(output, (field, part))
        if other != field:
            where = f"another step (line {first.draft.place.line}) chooses by {output}.{other}"
            why = f"One answer can decide by one of its fields only, and {where}"
            report.add(part.draft.at("choose"), f"{why}: choose by that, or ask in two steps.")


def _examine_choice(output: str, name: str, position: int, scope: Scope, report: Report) -> None:
    part = scope.shape.parts[position]
    producer = scope.producers.get(output)
    if producer is None or producer not in part.sees:
        return
    source = scope.shape.parts[producer]
    if source.kind != "agent":
        why = f"{output!r} is not the answer of an agent, and only such a one can be chosen by"
        report.add(part.draft.at("choose"), f"{why}: ask an agent with `answers` first.")
        return
    field = (drafts_of(source.draft, "answers") or {}).get(name)
    if field is not None and field.is_whole:
        _examine_branches(part, f"{output}.{name}", field, report)


def _examine_branches(part: Part, chosen: str, field: Draft, report: Report) -> None:
    kind = field.values.get("type", "string")
    if kind not in ("string", "boolean"):
        why = f"{chosen!r} is neither a text nor true or false, and cannot be chosen by"
        report.add(part.draft.at("choose"), f"{why}: give the answer a field that can.")
        return
    values = list(_TRUTHS) if kind == "boolean" else choices(field)
    branches = part.branches()
    for value, way in branches.items():
        if values and value not in values:
            hint = suggestion(value, values, kind="its values")
            report.add(way.place, f"{chosen!r} is never {value!r}: {hint}")
    if "otherwise" in part.draft.written or "branches" not in part.draft.values:
        return
    left = [value for value in values if value not in branches]
    if not values:
        why = f"{chosen!r} may be any text: add `otherwise`, or `one_of` to the field."
        report.add(part.draft.at("branches"), why)
    elif left:
        listed = ", ".join(map(repr, left[:20]))
        why = f"Nothing is said for {listed}: add a branch for each, or `otherwise`."
        report.add(part.draft.at("branches"), why)


def examine_fixed(shape: Shape, agents: Drafts, report: Report) -> None:
    """Report every fixed answer that is not what its step is to be answered with."""
    for part in shape.parts:
        for way in part.ways():
            fallback = agents.get(way.text("agent") or "", way).values.get("fallback")
            value = fallback.text("value") if isinstance(fallback, Draft) else None
            fields = _asked_of(part, way, shape)
            if value is None or not fields:
                continue
            try:
                answers.read(value, fields)
            except answers.Misfit as misfit:
                why = f"The fixed answer that {way.text('agent')!r} falls back to does not fit: {misfit.why}"
                report.add(
                    way.at("agent"), f"{why}; make it such a JSON object, or let another agent answer."
                )


def _asked_of(part: Part, way: Draft, shape: Shape) -> tuple[AnswerField, ...]:
    """The fields that the step is to be answered with, where all of them could be read."""
    names = [name for at in part.sees if (name := shape.parts[at].draft.text("name")) is not None]
    if part.extra.get("groups"):
        return tuple(AnswerField(name=name) for name in names)
    fields = drafts_of(way, "answers") or {}
    if not all(field.is_whole for field in fields.values()):
        return ()
    declared = msgspec.convert(
        [{"name": name, **field.values} for name, field in fields.items()], tuple[AnswerField, ...]
    )
    picked = AnswerField(name=WINNER, one_of=tuple(names))
    return (picked, *declared) if part.extra.get("picks") else declared
