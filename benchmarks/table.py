"""A table that prints itself, with what it was measured against and under."""

from dataclasses import dataclass

Cell = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One question's answer."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    #: Floors, settings and limits: what the numbers are worth.
    notes: tuple[str, ...]

    def __str__(self) -> str:
        grid = [self.columns, *(tuple(map(shown, row)) for row in self.rows)]
        widths = [max(map(len, column)) for column in zip(*grid, strict=True)]
        numeric = [not isinstance(cell, str) for cell in self.rows[0]]
        lines = [
            "  ".join(
                text.rjust(width) if is_number else text.ljust(width)
                for text, width, is_number in zip(line, widths, numeric, strict=True)
            ).rstrip()
            for line in grid
        ]
        lines.insert(1, "  ".join("-" * width for width in widths))
        return "\n".join([self.title, "", *lines, "", *(f"* {note}" for note in self.notes)])

    def as_json(self) -> dict[str, object]:
        """The same for programs, with every digit."""
        return {
            "title": self.title,
            "rows": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "notes": list(self.notes),
        }


def shown(cell: Cell) -> str:
    """A number with the digits that mean something."""
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell
