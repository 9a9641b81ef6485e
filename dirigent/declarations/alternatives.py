"""Mappings that are one of several things; which one, their keys tell."""

from collections.abc import Mapping as Table

from msgspec import Struct

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import REFUSED, Draft, Fields, Key, Keys
from dirigent.declarations.nodes import Mapping, Node


class Alternative(Struct, frozen=True, kw_only=True):
    """One of the things that a mapping may be."""

    keys: Keys
    #: Keys that are none of its own → what to do instead.
    elsewhere: dict[str, str] = {}


class Alternatives(Struct, frozen=True, kw_only=True):
    """Reads a mapping as the thing that one of its keys tells it to be."""

    says: str
    #: The key that tells → the thing; of several of a group only one may stand there.
    options: Table[str, Alternative]
    #: What to do where none of the keys stands there.
    remedy: str

    def read(self, node: Node, place: Place, report: Report) -> object:
        """A draft of the thing."""
        if not isinstance(node, Mapping):
            report.add(place, f"Must be {self.says}, not {node.kind}.")
            return REFUSED
        written = {entry.key for entry in node.entries}
        told = [key for key in self.options if key in written]
        if len(told) == 1:
            found = self.options[told[0]]
            return Fields(keys=found.keys, elsewhere=found.elsewhere).read(node, place, report)
        if told:
            report.add(place, f"Has both {told[0]!r} and {told[1]!r}: make it two.")
        else:
            report.add(place, f"Says not what to do: {self.remedy}")
        # Of which kind it was meant to be, nobody knows: no key is missing, and those of all are known.
        known = {name: Key(kind=key.kind) for one in self.options.values() for name, key in one.keys.items()}
        return Fields(keys=known).read(node, place, report)


def only_one_of(found: object, keys: Keys, remedy: str, place: Place, report: Report) -> object:
    """The draft, if exactly one of the keys stands in it."""
    if not isinstance(found, Draft):
        return REFUSED
    written = [repr(key) for key in keys if key in found.written]
    if len(written) == 1:
        return found
    *others, last = written or map(repr, keys)
    listed = f"{', '.join(others)} and {last}"
    if written:
        report.add(place, f"Has {listed}, of which only one may stand here: keep one and remove the rest.")
    else:
        report.add(place, f"Must have one of {listed}: {remedy}.")
    return REFUSED
