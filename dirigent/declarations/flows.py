"""What flows from step to step of a workflow: every name read must have been produced before."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import Draft
from dirigent.declarations.outputs import Scope
from dirigent.declarations.shapes import Part
from dirigent.domain.prompts import malformed, single, variables
from dirigent.domain.spelling import suggestion

_TEMPLATES = ("prompt", "filename", "template", "to", "subject", "text")


def templates(way: Draft) -> Iterator[tuple[str, Place]]:
    """Every text with variables that a step holds."""
    for key in _TEMPLATES:
        if (template := way.text(key)) is not None:
            yield template, way.at(key)
    for key in ("with", "properties"):
        if isinstance(given := way.values.get(key), Draft):
            for name in given.values:
                yield given.text(name) or "", given.at(name)


class Flow(Struct, frozen=True, kw_only=True):
    """A workflow's names, and who reads them."""

    scope: Scope
    result: dict[str, Draft]
    #: Whether everything that reads a name could be read itself.
    is_whole: bool
    #: Input fields that somebody reads.
    used: set[str] = field(default_factory=set)
    #: Steps whose outputs somebody reads.
    taken: set[int] = field(default_factory=set)

    @property
    def _parts(self) -> Sequence[Part]:
        return self.scope.shape.parts

    def examine(self, report: Report) -> None:
        """Report every name that is unknown, read too early or never."""
        for position, part in enumerate(self.scope.shape.parts):
            self.taken.update(part.takes)
            if (chosen := part.draft.text("choose")) is not None:
                self._read(chosen, part.draft.at("choose"), report, position=position)
            for way in part.ways():
                self._way(position, way, report)
            self._examine_merging(part, report)
        for wanted in self.result.values():
            for key in ("value", "words_of"):
                if (name := wanted.text(key)) is not None:
                    self._read(name, wanted.at(key), report)
        if self.is_whole:
            self._unused(report)

    def _examine_merging(self, part: Part, report: Report) -> None:
        prompt = part.draft.text("prompt")
        if prompt is None or not part.merges:
            return
        heads = {name.partition(".")[0] for name in variables(prompt)}
        brought = {self._parts[at].draft.text("output") for at in part.names[part.merges]}
        if not heads & {part.merges, *brought}:
            why = "It reads nothing of what it is to merge"
            report.add(part.draft.at("prompt"), f"{why}: write {{{{{part.merges}}}}} where that shall stand.")

    def _way(self, position: int, way: Draft, report: Report) -> None:
        for template, place in templates(way):
            self._template(template, place, position, report)
        published = way.text("publish")
        if published is None:
            return
        if published in self.scope.fields:
            self.used.add(published)
            why = f"{published!r} is an input field: only an output can be published."
            report.add(way.at("publish"), why)
        else:
            self._read(published, way.at("publish"), report, position=position)

    def _template(self, template: str, place: Place, position: int, report: Report) -> None:
        for odd in malformed(template):
            why = f"{odd!r} is no variable: write {{{{name}}}}, the name of an input field or output."
            report.add(place, why)
        for name in variables(template):
            self._read(name, place, report, position=position)
        for name in single(template):
            head = name.partition(".")[0]
            if head in self.scope.fields or head in self.scope.producers:
                # It was meant, so nobody is told that nothing reads it.
                self._mark(head)
                report.add(place, f"{{{name}}} is no variable: write {{{{{name}}}}}.")

    def _mark(self, head: str) -> None:
        self.used.add(head)
        if head in self.scope.producers:
            self.taken.add(self.scope.producers[head])

    def _read(self, name: str, place: Place, report: Report, *, position: int | None = None) -> None:
        head, _, tail = name.partition(".")
        besides = self._besides(position)
        if head in self.scope.fields:
            self.used.add(head)
            self._no_part(head, tail, "an input field", place, report)
        elif head in besides:
            self.taken.update(besides[head])
            self._no_part(head, tail, "no output", place, report)
        elif head not in self.scope.producers:
            report.add(place, self._unknown(head, position))
        else:
            producer = self.scope.producers[head]
            self.taken.add(producer)
            if position is not None and producer not in self._parts[position].sees:
                report.add(place, self._out_of_sight(head, position, producer))
            elif tail:
                self._field(head, tail, producer, place, report)

    def _besides(self, position: int | None) -> Mapping[str, Collection[int]]:
        return self.scope.shape.told if position is None else self._parts[position].names

    @staticmethod
    def _no_part(head: str, tail: str, what: str, place: Place, report: Report) -> None:
        if tail:
            report.add(place, f"{head!r} is {what} and has no field {tail!r}: write {head!r} alone.")

    def _field(self, head: str, tail: str, producer: int, place: Place, report: Report) -> None:
        output = self.scope.outputs[producer]
        if not output.is_known:
            return
        if output.fields is None:
            why = f"{head!r} is a text and has no field {tail!r}"
            report.add(place, f"{why}: declare it in the step's `answers`, or write {head!r} alone.")
        elif tail not in output.fields:
            hint = suggestion(tail, output.fields, kind="its fields")
            always = " whichever branch is taken" if self._parts[producer].kind == "choose" else ""
            report.add(place, f"{head!r} has no field {tail!r}{always}: {hint}")

    def _unknown(self, name: str, position: int | None) -> str:
        shape = self.scope.shape
        if name in shape.told:
            is_merged = any(name in part.names for part in shape.parts)
            where = "to steps that merge and to the result" if is_merged else "to the result"
            return f"{name!r} is not known here, but only {where}: leave it out."
        seen = range(len(shape.parts)) if position is None else self._parts[position].sees
        outputs = [output for at in seen if (output := self._parts[at].draft.text("output")) is not None]
        hint = suggestion(
            name, [*self.scope.fields, *outputs, *self._besides(position)], kind="the names known here"
        )
        return f"Nothing is called {name!r}: {hint}"

    def _out_of_sight(self, name: str, reader: int, producer: int) -> str:
        if producer == reader:
            return f"The step reads its own output {name!r}: leave the variable out."
        if self.scope.shape.fields:
            why = f"{name!r} is not there for this step: {self._label(producer)} works beside it, after it"
            return f"{why}, or in another team; leave the variable out, or read it in a step that merges."
        back = self._path(producer, reader)
        if back is None:
            return f"{name!r} is produced only later, by the step {self._label(producer)}: move that step up."
        cycle = " \u2192 ".join(self._label(step) for step in (reader, *back))
        return f"The steps need each other, in a cycle: {cycle} (each needs the next); break it in one place."

    def _path(self, start: int, end: int) -> list[int] | None:
        """The steps from one to the other, each needing the next's output."""
        came: dict[int, int | None] = {start: None}
        waiting = [start]
        for step in waiting:
            if step == end:
                break
            for needed in self._needs(step):
                if needed not in came:
                    came[needed] = step
                    waiting.append(needed)
        if end not in came:
            return None
        path: list[int] = []
        at: int | None = end
        while at is not None:
            path.append(at)
            at = came[at]
        return path[::-1]

    def _needs(self, position: int) -> Iterator[int]:
        part = self._parts[position]
        names = [part.draft.text("choose") or ""]
        for way in part.ways():
            names += [name for template, _ in templates(way) for name in variables(template)]
            names.append(way.text("publish") or "")
        for name in names:
            head = name.partition(".")[0]
            if head not in self.scope.fields and head in self.scope.producers:
                yield self.scope.producers[head]

    def _label(self, position: int) -> str:
        return self._parts[position].draft.text("name") or str(position)

    def _unused(self, report: Report) -> None:
        for name, draft in self.scope.fields.items():
            if name not in self.used:
                report.add(
                    draft.place, "Nothing reads this field: use it in a prompt or the result, or remove it."
                )
        for position, part in enumerate(self.scope.shape.parts):
            output = part.draft.text("output")
            asks = any("agent" in way.values for way in part.ways())
            if asks and output is not None and position not in self.taken:
                why = f"Nothing reads {output!r}: use it in a later step or the result, or remove the step."
                report.add(part.draft.at("output"), why)
