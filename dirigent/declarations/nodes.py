"""YAML as a tree that knows its lines; refuses what a declaration has no use for."""

import re
from typing import Any

import yaml
from msgspec import Struct, field

from dirigent.declarations.findings import Place, Report

#: libyaml's loader is ten times as fast, which every cold start feels; it is not in every build of PyYAML.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

#: No declaration is nested deeper than a few levels; a file that is was made to exhaust the reader.
DEEPEST = 30

#: Longer keys are cut in messages.
LONGEST_KEY = 60

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
#: libyaml refuses these itself, the loader in Python does not.
_HALF = re.compile("[\ud800-\udfff]")
_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,30})")
_DECIMAL = re.compile(r"[-+]?[0-9]{1,30}\.[0-9]{0,30}")

Value = str | int | float | bool | None


class Scalar(Struct, frozen=True, kw_only=True):
    """A single value."""

    line: int
    value: Value
    #: What it is, for messages.
    kind: str


class Sequence(Struct, frozen=True, kw_only=True):
    """A list."""

    line: int
    items: list["Node"] = field(default_factory=list)
    kind: str = "a list"


class Entry(Struct, frozen=True, kw_only=True):
    """A key with what it holds."""

    key: str
    line: int
    node: "Node"


class Mapping(Struct, frozen=True, kw_only=True):
    """Keys with what they hold; of a key that stands twice, the first."""

    line: int
    entries: list[Entry] = field(default_factory=list)
    kind: str = "a mapping"


Node = Scalar | Sequence | Mapping


def parse(text: str, place: Place, report: Report) -> Node | None:
    """The file's only document; None once it has been reported why there is none."""
    whole = Place(file=place.file)
    control = _CONTROL.search(text)
    if control is not None:
        at = Place(file=place.file, line=text.count("\n", 0, control.start()) + 1)
        report.add(at, f"Holds the control character {control[0]!r}: write plain text.")
        return None
    tree = _Tree(place, report, text)
    try:
        _grow(tree, text)
    except _Stopped:
        return None
    except yaml.MarkedYAMLError as error:
        _refuse(error, text, place, report)
        return None
    except (yaml.YAMLError, ValueError) as error:
        # A character YAML does not allow, or (without libyaml) an escape beyond Unicode: no line is known.
        why = str(error).splitlines()[0]
        report.add(whole, f"Is not YAML: {why}; save the file as plain UTF-8 text.")
        return None
    if tree.root is None:
        report.add(whole, "The file is empty: declare something in it or delete it.")
    return tree.root


def _grow(tree: "_Tree", text: str) -> None:
    loader = _Loader(text)
    try:
        while loader.check_event():
            tree.take(loader.get_event(), loader)
    finally:
        loader.dispose()


def plain(node: Node) -> object:
    """The node as Python values."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    return {entry.key: plain(entry.node) for entry in node.entries}


def _refuse(error: yaml.MarkedYAMLError, text: str, place: Place, report: Report) -> None:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
    written = _BREAK.split(text)[line - 1 : line]
    if written and "\t" in written[0][: len(written[0]) - len(written[0].lstrip())]:
        why = "Is not YAML: the line is indented with a tab; indent it with blanks."
        report.add(Place(file=place.file, line=line), why)
        return
    what = " ".join(part for part in (error.context, error.problem) if part) or "something is wrong"
    at = Place(file=place.file, line=line)
    report.add(at, f"Is not YAML: {what} (line {line}, column {column}); mind indents and quotes.")


class _Stopped(Exception):
    """There is no use in reading on."""


class _Open(Struct):
    """A list or mapping whose end has not been seen, with the key whose value comes next."""

    node: Sequence | Mapping
    place: Place
    key: tuple[str, int] | None = None
    #: The line of every key so far.
    seen: dict[str, int] = field(default_factory=dict)


class _Tree:
    """Grows the tree from the parser's events, without recursion: no depth of nesting harms it."""

    def __init__(self, place: Place, report: Report, text: str) -> None:
        self.root: Node | None = None
        self._place, self._report, self._text = place, report, text
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: Any, loader: Any) -> None:
        """Take the next event in."""
        line = event.start_mark.line + 1
        self._refuse_extras(event, line)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                self._stop(line, "A second document begins here: leave out the `---` or make it a file.")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line, loader)
        elif isinstance(event, yaml.SequenceStartEvent):
            self._begin(Sequence(line=line), line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._refuse_variable(event, line)
            self._begin(Mapping(line=line), line)
        elif isinstance(event, yaml.SequenceEndEvent | yaml.MappingEndEvent):
            self._open.pop()

    def _refuse_extras(self, event: Any, line: int) -> None:
        if isinstance(event, yaml.AliasEvent):
            self._stop(line, "Aliases (*) are refused: write it out where it is needed.")
        if getattr(event, "anchor", None) is not None:
            self._stop(line, "Anchors (&) are refused: write it out where it is needed, quote text with a &.")
        if isinstance(event, yaml.NodeEvent) and getattr(event, "tag", None) is not None:
            self._stop(line, "Tags (!) are refused: write the plain value, quote text that begins with a !.")

    def _refuse_variable(self, event: Any, line: int) -> None:
        # Without quotes, `{{name}}` opens two mappings, the second where the first one's key must stand.
        at = event.start_mark.index
        if self._text[max(at - 1, 0) : at + 1] == "{{":
            self._stop(line, 'A text that begins with {{ must stand in quotes: write "{{…}}".')

    def _stop(self, line: int, message: str) -> None:
        self._report.add(Place(file=self._place.file, line=line), message)
        raise _Stopped

    def _begin(self, node: Sequence | Mapping, line: int) -> None:
        if len(self._open) >= DEEPEST:
            self._stop(line, f"This is nested more than {DEEPEST} levels deep: no declaration is.")
        place = self._add(node, line)
        self._open.append(_Open(node, place))

    def _scalar(self, event: Any, line: int, loader: Any) -> None:
        if _HALF.search(event.value):
            self._stop(line, "An escape stands for half of a character: write the character itself.")
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.node, Mapping) and parent.key is None:
            parent.key = (event.value, line)
            return
        tag = loader.resolve(yaml.ScalarNode, event.value, event.implicit)
        value, kind = _value(event.value, tag.rpartition(":")[2])
        # An empty value ends on the next line; it belongs to the line of its key.
        at = parent.key[1] if parent is not None and parent.key and event.value == "" else line
        self._add(Scalar(line=at, value=value, kind=kind), at)

    def _add(self, node: Node, line: int) -> Place:
        if not self._open:
            if not (isinstance(node, Scalar) and node.value is None):
                self.root = node
            return Place(file=self._place.file, path=self._place.path, line=line)
        parent = self._open[-1]
        if isinstance(parent.node, Sequence):
            parent.node.items.append(node)
            return parent.place.item(len(parent.node.items) - 1, line)
        if parent.key is None:
            self._stop(line, "A list or mapping stands where a key must: keys are plain text.")
        return self._add_entry(parent, parent.node, node)

    def _add_entry(self, parent: _Open, mapping: Mapping, node: Node) -> Place:
        (key, line), parent.key = parent.key or ("", 0), None
        place = parent.place.key(key[:LONGEST_KEY], line)
        if key not in parent.seen:
            parent.seen[key] = line
            mapping.entries.append(Entry(key=key, line=line, node=node))
        else:
            first = parent.seen[key]
            self._report.add(place, f"The key stands here twice, first in line {first}: keep one.")
        return place


def _value(text: str, tag: str) -> tuple[Value, str]:
    if tag == "null":
        return None, "nothing"
    if tag == "bool":
        return text.lower() in ("true", "yes", "on"), f"the truth value {text}"
    if tag == "int" and _INTEGER.fullmatch(text):
        return int(text), f"the number {text}"
    if tag == "float" and _DECIMAL.fullmatch(text):
        return float(text), f"the number {text}"
    kinds = {"int": "the odd number", "float": "the odd number", "timestamp": "the date"}
    return text, f"{kinds[tag]} {text[:LONGEST_KEY]}" if tag in kinds else "a text"
