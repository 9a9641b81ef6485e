"""Draws what a catalogue declares."""

from pathlib import Path
from typing import TextIO

from dirigent.cli import catalogue_check
from dirigent.cli.plain_text import plain
from dirigent.declarations import CatalogueRefused, read
from dirigent.declarations.pictures import drawn, events_drawn
from dirigent.domain.spelling import suggestion


def draw(folder: Path, names: list[str], out: TextIO) -> int:
    """Print the named workflows, or all, as Mermaid; 1 where there are mistakes, 2 for a name it has not.

    Behind all of them stands who hears of which events.
    """
    try:
        catalogue = read(folder)
    except CatalogueRefused:
        return catalogue_check.check(folder, out)
    workflows = catalogue.workflows
    for name in names:
        if name not in workflows:
            hint = suggestion(name, workflows, kind="the workflows")
            out.write(plain(f"No workflow is called {name!r}: {hint}\n"))
            return 2
    pictures = [f"%% {name}\n{drawn(workflows[name])}\n" for name in names or workflows]
    if catalogue.subscriptions and not names:
        pictures.append(f"%% events\n{events_drawn(catalogue)}\n")
    out.write(plain("\n".join(pictures)))
    return 0
