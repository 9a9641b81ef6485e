"""Holds a catalogue's folder against its rules, for people and for pipelines."""

from pathlib import Path
from typing import TextIO

from dirigent.cli.plain_text import plain
from dirigent.declarations import CatalogueRefused, line, read
from dirigent.domain.catalogue import Catalogue


def check(folder: Path, out: TextIO) -> int:
    """Print every mistake, or what is declared; 0 when the app would start with it, else 1."""
    if folder.is_relative_to(Path.cwd()):
        # As short as an editor in the same place understands it.
        folder = folder.relative_to(Path.cwd())
    try:
        catalogue = read(folder)
    except CatalogueRefused as refused:
        # `findings` name files as seen from the folder; an editor opens them from where it stands.
        lines = [
            f"{folder / finding.file}{str(finding).removeprefix(finding.file)}"
            for finding in refused.findings
        ]
        count = len(lines) + refused.more
        mistakes = "1 mistake" if count == 1 else f"{count:,} mistakes"
        lines += [f"and {refused.more:,} more"] if refused.more else []
        out.write(plain("\n".join([*lines, f"{folder}: {mistakes}; the app would not start with it.", ""])))
        return 1
    out.write(plain(_summary(folder, catalogue)))
    return 0


def _summary(folder: Path, catalogue: Catalogue) -> str:
    counts = ", ".join(
        f"{len(found)} {kind if len(found) != 1 else kind.removesuffix('s')}"
        for kind, found in (
            ("models", catalogue.models),
            ("agents", catalogue.agents),
            ("workflows", catalogue.workflows),
            ("accounts", catalogue.accounts),
            ("subscriptions", catalogue.subscriptions),
        )
        # Accounts and subscriptions may be left undeclared.
        if found
    )
    flows = (f"  {name}: {line(workflow)}\n" for name, workflow in catalogue.workflows.items())
    heard = (
        f"  {one.name}: {one.topic} ({one.filter or 'all events'}) → {one.workflow}\n"
        for one in catalogue.subscriptions.values()
    )
    return f"{folder}: {counts}; nothing is wrong.\n{''.join(flows)}{''.join(heard)}"
