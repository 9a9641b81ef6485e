"""How large a row may have become by what was written to its table."""

from dirigent.adapters.row_limits import LARGEST_ROW, MOST_VALUES, ROW_ITSELF, value_size
from dirigent.ports.records import Values


class RowBounds:
    """Tells when a merge could make a row too large, so that nobody need read each row before a merge.

    It knows what this process wrote. What others did is left to the store, which has limits of its own.
    """

    def __init__(self) -> None:
        # Table → name of a value → the most it took.
        self._sizes: dict[str, dict[str, int]] = {}

    def hold(self, table: str, values: Values) -> bool:
        """Whether every row of the table is within the limits even if all that was ever written is in it."""
        sizes = self._sizes.setdefault(table, {})
        if len(sizes) <= MOST_VALUES:
            for name, value in values.items():
                sizes[name] = max(sizes.get(name, 0), value_size(name, value))
        return len(sizes) <= MOST_VALUES and ROW_ITSELF + sum(sizes.values()) <= LARGEST_ROW
