"""What is wrong with a catalogue, and where."""

from pathlib import Path

from msgspec import Struct, field

from dirigent.domain.messages import Message

#: More of them nobody reads before mending those.
MOST_TOLD = 200


class Finding(Message, frozen=True, kw_only=True):
    """One mistake, with its remedy."""

    #: The file, as seen from the catalogue's folder.
    file: str
    #: Where in it: `workflows.content-creation.steps[2].prompt`; empty when it is the file as a whole.
    path: str
    #: Counted from 1; 0 when it is the file as a whole.
    line: int
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return ": ".join(part for part in (where, self.path, self.message) if part)


class CatalogueRefused(Exception):
    """The catalogue is wrong; its mistakes are told at once, up to a number a person reads."""

    #: Tells a host that its text says all there is to say: no stack helps whoever reads it.
    speaks_for_itself = True

    def __init__(self, folder: Path, findings: tuple[Finding, ...], more: int = 0) -> None:
        self.folder, self.findings, self.more = folder, findings, more
        lines = "".join(f"\n  {finding}" for finding in findings)
        lines += f"\n  and {more:,} more" if more else ""
        super().__init__(f"The catalogue in {folder} cannot be used; mend these and start again:{lines}")


class Place(Struct, frozen=True, kw_only=True):
    """Somewhere in a file."""

    file: str
    path: str = ""
    line: int = 0

    def key(self, name: str, line: int) -> "Place":
        """The place of a key in the mapping at this place."""
        return Place(file=self.file, path=f"{self.path}.{name}" if self.path else name, line=line)

    def item(self, position: int, line: int) -> "Place":
        """The place of an item in the list at this place."""
        return Place(file=self.file, path=f"{self.path}[{position}]", line=line)


class Report(Struct, frozen=True):
    """Collects findings."""

    findings: list[Finding] = field(default_factory=list)
    #: The same, to look them up in: a file can hold a hundred thousand mistakes.
    known: set[Finding] = field(default_factory=set)

    def add(self, place: Place, message: str) -> None:
        """Write down what is wrong there."""
        found = Finding(file=place.file, path=place.path, line=place.line, message=message)
        if found not in self.known:
            self.known.add(found)
            self.findings.append(found)

    def refusal(self, folder: Path) -> CatalogueRefused:
        """What the findings come to; the first of them, as one reads the files."""
        told = sorted(self.findings, key=lambda finding: (finding.file, finding.line))[:MOST_TOLD]
        return CatalogueRefused(folder, tuple(told), more=len(self.findings) - len(told))
