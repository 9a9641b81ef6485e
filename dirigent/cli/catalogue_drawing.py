"""Draws what a catalogue declares."""

from pathlib import Path
from typing import TextIO

from dirigent.cli import catalogue_check
from dirigent.cli.plain_text import plain
from dirigent.declarations import CatalogueRefused, read
from dirigent.declarations.pictures import drawn
from dirigent.domain.spelling import suggestion


def draw(folder: Path, names: list[str], out: TextIO) -> int:
    """Print the named workflows, or all, as Mermaid; 1 where there are mistakes, 2 for a name it has not."""
    try:
        workflows = read(folder).workflows
    except CatalogueRefused:
        return catalogue_check.check(folder, out)
    for name in names:
        if name not in workflows:
            hint = suggestion(name, workflows, kind="the workflows")
            out.write(plain(f"No workflow is called {name!r}: {hint}\n"))
            return 2
    pictures = [f"%% {name}\n{drawn(workflows[name])}\n" for name in names or workflows]
    out.write(plain("\n".join(pictures)))
    return 0
