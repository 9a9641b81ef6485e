"""What flows from step to step of a workflow: every name read must have been produced before."""

from collections.abc import Iterator

from msgspec import Struct, field

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import Draft
from dirigent.domain.prompts import malformed, single, variables
from dirigent.domain.spelling import suggestion

_TEMPLATES = ("prompt", "filename")


class Flow(Struct, frozen=True, kw_only=True):
    """A workflow's input fields and steps, as far as they could be read."""

    fields: dict[str, Draft]
    steps: list[Draft]
    result: dict[str, Draft]
    #: Whether everything that reads a name could be read itself.
    is_whole: bool
    used: set[str] = field(default_factory=set)

    def examine(self, report: Report) -> None:
        """Report every name that is twofold, unknown, read too early or never."""
        self._twofold(report)
        for position, step in enumerate(self.steps):
            self._step(position, step, report)
        for wanted in self.result.values():
            for key in ("value", "words_of"):
                if (name := wanted.text(key)) is not None:
                    self._read(name, wanted.at(key), report)
        if self.is_whole:
            self._unused(report)

    def _twofold(self, report: Report) -> None:
        for key in ("name", "output"):
            first: dict[str, Place] = {}
            for step in self.steps:
                if (name := step.text(key)) is not None:
                    self._second(name, key, first.setdefault(name.casefold(), step.at(key)), step, report)
        self._records(report)
        self._clashes(report)

    def _records(self, report: Report) -> None:
        # A record is called as its step where nothing else is said: a name may be taken from either side.
        names = {name.casefold(): step.at("name") for step in self.steps if (name := _unsaid(step))}
        for step in self.steps:
            if (record := step.text("record")) is not None:
                first = names.setdefault(record.casefold(), step.at("record"))
                self._second(record, "record", first, step, report)

    @staticmethod
    def _second(name: str, key: str, first: Place, step: Draft, report: Report) -> None:
        if first != step.at(key):
            report.add(step.at(key), f"Another step has the {key} {name!r} (line {first.line}): rename one.")

    def _clashes(self, report: Report) -> None:
        fields: dict[str, str] = {}
        for name, draft in self.fields.items():
            if (other := fields.setdefault(name.casefold(), name)) != name:
                report.add(draft.place, f"The field differs from {other!r} in capitals only: rename one.")
        for step in self.steps:
            output = step.text("output")
            if output is not None and output.casefold() in fields:
                report.add(
                    step.at("output"), f"There is an input field {output!r}: call the output otherwise."
                )

    def _step(self, position: int, step: Draft, report: Report) -> None:
        for key in _TEMPLATES:
            template = step.text(key) or ""
            for odd in malformed(template):
                why = f"{odd!r} is no variable: write {{{{name}}}}, the name of an input field or output."
                report.add(step.at(key), why)
            for name in variables(template):
                self._read(name, step.at(key), report, position=position)
            for name in single(template):
                if name in self.fields or self._producer(name) is not None:
                    # It was meant, so nobody is told that nothing reads it.
                    self.used.add(name)
                    report.add(step.at(key), f"{{{name}}} is no variable: write {{{{{name}}}}}.")
        published = step.text("publish")
        if published is None:
            return
        if published in self.fields:
            self.used.add(published)
            report.add(
                step.at("publish"), f"{published!r} is an input field: only an output can be published."
            )
        else:
            self._read(published, step.at("publish"), report, position=position)

    def _read(self, name: str, place: Place, report: Report, *, position: int | None = None) -> None:
        self.used.add(name)
        if name in self.fields:
            return
        producer = self._producer(name)
        if producer is None:
            known = [*self.fields, *self._outputs(position)]
            hint = suggestion(name, known, kind="the names known here")
            report.add(place, f"Nothing is called {name!r}: {hint}")
        elif position is not None and producer >= position:
            report.add(place, self._too_early(name, position, producer))

    def _too_early(self, name: str, reader: int, producer: int) -> str:
        if producer == reader:
            return f"The step reads its own output {name!r}: leave the variable out."
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
        step = self.steps[position]
        names = [name for key in _TEMPLATES for name in variables(step.text(key) or "")]
        for name in [*names, step.text("publish") or ""]:
            producer = None if name in self.fields else self._producer(name)
            if producer is not None:
                yield producer

    def _producer(self, name: str) -> int | None:
        found = (at for at, step in enumerate(self.steps) if name and step.text("output") == name)
        return next(found, None)

    def _outputs(self, before: int | None) -> list[str]:
        return [output for step in self.steps[:before] if (output := step.text("output")) is not None]

    def _label(self, position: int) -> str:
        return self.steps[position].text("name") or str(position)

    def _unused(self, report: Report) -> None:
        for name, draft in self.fields.items():
            if name not in self.used:
                report.add(
                    draft.place, "Nothing reads this field: use it in a prompt or the result, or remove it."
                )
        for step in self.steps:
            output = step.text("output")
            if "agent" in step.written and output is not None and output not in self.used:
                why = f"Nothing reads {output!r}: use it in a later step or the result, or remove the step."
                report.add(step.at("output"), why)


def _unsaid(step: Draft) -> str | None:
    return None if "record" in step.written else step.text("name")
