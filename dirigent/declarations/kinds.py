"""Kinds of values a key takes; each reads a node or reports why it cannot."""

import re
from typing import Protocol

from msgspec import Struct, field

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.nodes import LONGEST_KEY, Mapping, Node, Scalar, Sequence, plain
from dirigent.domain.spelling import suggestion

#: Stands for a value that was refused, where None may be a value.
REFUSED = object()

#: Of one mapping, no more unknown keys are compared with the known ones.
MOST_UNKNOWN = 50

NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LONGEST_NAME = 60

_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


class Kind(Protocol):
    """Reads a node."""

    @property
    def says(self) -> str:
        """What it takes, for people."""

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The value; REFUSED once it has been reported why there is none."""


class Text(Struct, frozen=True, kw_only=True):
    """A text that says something."""

    says: str
    longest: int
    pattern: re.Pattern[str] | None = None

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The text."""
        if not isinstance(node, Scalar) or not isinstance(node.value, str) or node.kind != "a text":
            quote = ": put it in quotes" if isinstance(node, Scalar) and node.value is not None else ""
            report.add(place, f"Must be {self.says}, not {node.kind}{quote}.")
            return REFUSED
        why = self._refusal(node.value)
        if why:
            report.add(place, why)
            return REFUSED
        return node.value

    def _refusal(self, text: str) -> str | None:
        if not text.strip():
            return f"Is empty: write {self.says}, or leave the key out where it has a default."
        if len(text) > self.longest:
            return f"Is {len(text)} characters long: shorten it to {self.longest}."
        if _CONTROLS.search(text):
            return "Holds a control character: write plain text."
        if self.pattern is not None and not self.pattern.fullmatch(text):
            return f"{text[:LONGEST_KEY]!r} does not fit: write {self.says}."
        return None


class Printable(Text, frozen=True, kw_only=True):
    """A text of which nothing is invisible: two that look alike would be taken for one another."""

    def _refusal(self, text: str) -> str | None:
        why = super()._refusal(text)
        if why is None and not text.isprintable():
            odd = next(sign for sign in text if not sign.isprintable())
            return f"Holds {odd!a}, which cannot be seen: write {self.says}."
        return why


class Number(Struct, frozen=True, kw_only=True):
    """A number within limits."""

    low: float
    high: float
    is_whole: bool = False

    @property
    def says(self) -> str:
        """What it takes, for people."""
        what = "whole number" if self.is_whole else "number"
        return f"{what} from {self.low:,.15g} to {self.high:,.15g}"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The number."""
        value = node.value if isinstance(node, Scalar) else None
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        if not is_number or (self.is_whole and isinstance(value, float)):
            report.add(place, f"Must be a {self.says}, not {node.kind}: write it in digits, without quotes.")
            return REFUSED
        if not self._fits(value):
            report.add(place, f"{value} is out of bounds: write a {self.says}.")
            return REFUSED
        return value if self.is_whole else float(str(value))

    def _fits(self, value: object) -> bool:
        return isinstance(value, int | float) and self.low <= value <= self.high


class Truth(Struct, frozen=True, kw_only=True):
    """True or false."""

    says: str = "true or false"

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The truth value."""
        if isinstance(node, Scalar) and isinstance(node.value, bool):
            return node.value
        report.add(place, f"Must be true or false, not {node.kind}: write one of the two without quotes.")
        return REFUSED


class Choice(Struct, frozen=True, kw_only=True):
    """One of a few words."""

    options: tuple[str, ...]

    @property
    def says(self) -> str:
        """What it takes, for people."""
        return " \u00b7 ".join(f"`{option}`" for option in self.options)

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The word."""
        value = node.value if isinstance(node, Scalar) else None
        if isinstance(value, str) and value in self.options:
            return value
        written = repr(value[:LONGEST_KEY]) if isinstance(value, str) else node.kind
        hint = suggestion(value if isinstance(value, str) else "", self.options, kind="the choices")
        report.add(place, f"{written} cannot be chosen: {hint}")
        return REFUSED


class Anything(Struct, frozen=True, kw_only=True):
    """Whatever JSON could say."""

    says: str

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The node as plain values."""
        if isinstance(node, Mapping):
            return plain(node)
        report.add(place, f"Must be {self.says}, not {node.kind}.")
        return REFUSED


class Key(Struct, frozen=True, kw_only=True):
    """What a key takes, and whether it may be left out."""

    kind: Kind
    required: bool = False
    #: What holds where it is left out, where no type says it.
    default: str = ""


Keys = dict[str, Key]


class Draft(Struct, frozen=True, kw_only=True):
    """What could be read of an entry, with its places: enough to look for further mistakes."""

    place: Place
    values: dict[str, object] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    #: Keys that stand there, readable or not.
    written: frozenset[str] = frozenset()
    #: Whether all of it could be read: what does not fit it may then not be the other's mistake.
    is_whole: bool = True

    def text(self, key: str) -> str | None:
        """The text of that key, if there is one that could be read."""
        value = self.values.get(key)
        return value if isinstance(value, str) else None

    def at(self, key: str) -> Place:
        """Where that key stands."""
        return self.places.get(key, self.place)


class Fields(Struct, frozen=True, kw_only=True):
    """A mapping with known keys."""

    keys: Keys
    says: str = "a mapping"
    #: A mapping of this kind, for whoever wrote something else.
    example: str = ""
    #: Keys that are none here → where they stand.
    elsewhere: dict[str, str] = {}

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of what could be read."""
        if not isinstance(node, Mapping):
            keys = ", ".join(f"{name!r}" for name, key in self.keys.items() if key.required)
            such = f" with {keys}" if keys else f" such as {self.example}" if self.example else ""
            report.add(place, f"Must be a mapping{such}, not {node.kind}.")
            return REFUSED
        return draft(node, place, self.keys, report, elsewhere=self.elsewhere)


def draft(
    node: Mapping, place: Place, keys: Keys, report: Report, *, elsewhere: dict[str, str] | None = None
) -> Draft:
    """What could be read of the mapping; the rest is reported."""
    values: dict[str, object] = {}
    before = len(report.findings)
    places = {entry.key: place.key(entry.key[:LONGEST_KEY], entry.line) for entry in node.entries}
    unknown = [entry.key for entry in node.entries if entry.key not in keys]
    for name in unknown[:MOST_UNKNOWN]:
        hint = (elsewhere or {}).get(name) or suggestion(name, keys, kind="the keys here")
        report.add(places[name], f"Unknown key: {hint}")
    for entry in node.entries:
        if entry.key in keys:
            value = keys[entry.key].kind.read(entry.node, places[entry.key], report)
            if value is not REFUSED:
                values[entry.key] = value
    for name, key in keys.items():
        if key.required and name not in places:
            report.add(place, f"The key {name!r} is missing: add {key.kind.says}.")
    is_whole = len(report.findings) == before
    return Draft(place=place, values=values, places=places, written=frozenset(places), is_whole=is_whole)


class Named(Struct, frozen=True, kw_only=True):
    """A mapping of names to what they name."""

    says: str
    name: Text
    kind: Kind
    least: int = 0
    most: int = 200

    def read(self, node: Node, place: Place, report: Report) -> object:
        """Name \u2192 what could be read; REFUSED only when it is no mapping at all."""
        if not isinstance(node, Mapping):
            report.add(place, f"Must be {self.says}, not {node.kind}.")
            return REFUSED
        count = len(node.entries)
        if not self.least <= count <= self.most:
            report.add(place, f"Has {count} entries: declare {self.least} to {self.most}.")
        found: dict[str, object] = {}
        for entry in node.entries[: self.most]:
            at = place.key(entry.key[:LONGEST_KEY], entry.line)
            label = Scalar(line=entry.line, value=entry.key, kind="a text")
            self.name.read(label, at, report)
            value = self.kind.read(entry.node, at, report)
            # What could not be read is declared all the same: whoever refers to it made no mistake.
            found[entry.key] = Draft(place=at, is_whole=False) if value is REFUSED else value
        return found


class Listed(Struct, frozen=True, kw_only=True):
    """A list of the same kind of things."""

    says: str
    kind: Kind
    most: int
    least: int = 1

    def read(self, node: Node, place: Place, report: Report) -> object:
        """The items; REFUSED in the place of those that could not be read."""
        if not isinstance(node, Sequence):
            report.add(place, f"Must be {self.says}, not {node.kind}: begin each with `- `.")
            return REFUSED
        count = len(node.items)
        if not self.least <= count <= self.most:
            items = "1 item" if count == 1 else f"{count} items"
            report.add(place, f"Has {items}: declare {self.least} to {self.most}.")
        return [
            self.kind.read(item, place.item(position, item.line), report)
            for position, item in enumerate(node.items[: self.most])
        ]
