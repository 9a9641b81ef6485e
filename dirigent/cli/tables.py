"""Rows and columns of text."""

from collections.abc import Iterable, Sequence
from typing import Any


def beside(pairs: Iterable[tuple[str, Any]]) -> list[str]:
    """Each name with its value beside it, the values in one column."""
    found = list(pairs)
    width = max(len(name) for name, _ in found)
    return [f"{name:<{width}}  {value}" for name, value in found]


def table(rows: Sequence[tuple[str, ...]], *, right: tuple[int, ...] = ()) -> list[str]:
    """The rows in columns, of which some are set to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
