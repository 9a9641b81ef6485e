"""Reads which dead letters are asked for, whether a query says so or a body."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import TypeVar

from dirigent.domain.dead_letters import Choice, State
from dirigent.domain.inputs import Problem
from dirigent.domain.outcomes import Category
from dirigent.domain.spelling import suggestion
from triggers.problems import Refused

Kind = TypeVar("Kind", bound=StrEnum)

FILTERS = ("subscription", "topic", "type", "category", "reason", "cause", "state", "from", "to")
#: What hosts and gateways read from the query; none of our business.
PASSED = frozenset({"code", "clientid", "subscription-key"})
ALL = "all"
LONGEST_TEXT = 300


class Reader:
    """Reads members by kind and notes what is wrong with them; `check` tells all of it at once."""

    def __init__(self, values: Mapping[str, object], known: Iterable[str], *, word: str) -> None:
        self._values, self._known, self._word = values, tuple(known), word
        self._problems: list[Problem] = []

    def refuse(self, name: str, why: str) -> None:
        """The member will not do, for this reason."""
        self._problems.append(Problem(field=name, message=f"The {self._word} `{name}` {why}"))

    def text(self, name: str, longest: int = LONGEST_TEXT) -> str | None:
        """A text of a line."""
        value = self._values.get(name)
        if value is None:
            return None
        if not (isinstance(value, str) and 0 < len(value) <= longest and value.isprintable()):
            self.refuse(name, f"is not 1 to {longest} printable characters.")
            return None
        return value

    def one_of(
        self, name: str, kind: type[Kind], value: object = None, *, also: tuple[str, ...] = ()
    ) -> Kind | None:
        """One of these words; whoever sends another is told of these, and of those that are known besides."""
        value = self._values.get(name) if value is None else value
        try:
            return None if value is None else kind(str(value))
        except ValueError:
            known = (*map(str, kind), *also)
            self.refuse(name, f"is {str(value)[:40]!r}: {suggestion(str(value)[:100], known, kind='there')}")
            return None

    def instant(self, name: str) -> datetime | None:
        """An instant; what names no zone is meant in UTC, as everything the API tells."""
        value = self._values.get(name)
        if value is None:
            return None
        try:
            found = datetime.fromisoformat(str(value))
            return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
        except (ValueError, OverflowError):
            remedy = "send a time such as 2026-01-31T08:00:00Z; a + in it is written %2B in a URL."
            self.refuse(name, f"is {str(value)[:40]!r}: {remedy}")
            return None

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number."""
        value = self._values.get(name)
        if value is None:
            return None
        # isdecimal() alone lets digits of other scripts pass, and int() refuses very long numbers.
        if isinstance(value, str) and value.isascii() and value.isdecimal() and len(value) < 9:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.refuse(name, f"is {str(value)[:40]!r}: send a whole number from {least} to {most}.")
        return None

    def number(self, name: str, least: float, most: float) -> float | None:
        """A number."""
        value = self._values.get(name)
        if value is None:
            return None
        is_number = isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
        if is_number and least <= float(str(value)) <= most:
            return float(str(value))
        self.refuse(name, f"is {str(value)[:40]!r}: send a number from {least:g} to {most:g}.")
        return None

    def truth(self, name: str) -> bool:
        """True or false; false where nothing is said."""
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            self.refuse(name, f"is {str(value)[:40]!r}: send true, or leave it out.")
        return value is True

    def check(self) -> None:
        """Return if all was well and known; `Refused` names everything that was not."""
        for name in sorted(self._values):
            if name not in self._known and name.lower() not in PASSED:
                hint = suggestion(name[:100], self._known, kind=f"the {self._word}s")
                self._problems.append(
                    Problem(field=name[:100], message=f"There is no {self._word} {name[:100]!r}: {hint}")
                )
        if self._problems:
            sentence = " ".join(problem.message for problem in self._problems[:5])
            raise Refused(400, sentence, fields=tuple(self._problems))


def choice_of(reader: Reader, state: object, *, also: tuple[str, ...] = ()) -> Choice:
    """The dead letters that fit; the state is what was asked for, or what is usual, or known also."""
    earliest, latest = reader.instant("from"), reader.instant("to")
    if earliest is not None and latest is not None and earliest > latest:
        reader.refuse("from", "lies after `to`: exchange them.")
    return Choice(
        subscription=reader.text("subscription"),
        topic=reader.text("topic"),
        type=reader.text("type"),
        category=reader.one_of("category", Category),
        reason=reader.text("reason"),
        cause=reader.text("cause"),
        state=None if state in (None, ALL) else reader.one_of("state", State, state, also=also),
        earliest=earliest,
        latest=latest,
    )


def told_choice(choice: Choice) -> dict[str, object]:
    """The filters, as they were asked for."""
    names = {"earliest": "from", "latest": "to"}
    values = {names.get(name, name): getattr(choice, name) for name in choice.__struct_fields__}
    return {name: value for name, value in values.items() if value is not None}
