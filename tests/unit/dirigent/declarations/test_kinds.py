"""Each kind of value is read, or refused with a remedy."""

import pytest

from dirigent.declarations import nodes
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import (
    NAME,
    REFUSED,
    Anything,
    Choice,
    Draft,
    Fields,
    Key,
    Kind,
    Listed,
    Named,
    Number,
    Printable,
    Text,
    Truth,
)

PLACE = Place(file="a.yaml", path="x")
NAMES = Text(says="a name", longest=10, pattern=NAME)
SEEN = Printable(says="a name", longest=10)
WHOLE = Number(low=1, high=20, is_whole=True)


def read(kind: Kind, text: str) -> tuple[object, list[str]]:
    report = Report()
    node = nodes.parse(text, PLACE, report)
    assert node is not None
    value = kind.read(node, PLACE, report)
    return value, [f"{finding.path}: {finding.message}" for finding in report.findings]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (NAMES, "a-1", "a-1"),
        (NAMES, "'5'", "5"),
        (SEEN, "'Änne 5'", "Änne 5"),
        (WHOLE, "20", 20),
        (Number(low=0, high=2), "2", 2.0),
        (Number(low=0, high=2), "0.5", 0.5),
        (Truth(), "no", False),
        (Choice(options=("a", "b")), "b", "b"),
        (Anything(says="a mapping"), "{a: [1]}", {"a": [1]}),
        (Listed(says="a list", kind=WHOLE, most=3), "[1, 2]", [1, 2]),
        (Named(says="a mapping", name=NAMES, kind=WHOLE), "{a: 1}", {"a": 1}),
    ],
)
def test_reads_what_fits(kind: Kind, text: str, value: object) -> None:
    assert read(kind, text) == (value, [])


@pytest.mark.parametrize(
    ("kind", "text", "says"),
    [
        (NAMES, "yes", "Must be a name, not the truth value yes: put it in quotes."),
        (NAMES, "5", "Must be a name, not the number 5: put it in quotes."),
        (NAMES, "2024-01-01", "Must be a name, not the date 2024-01-01: put it in quotes."),
        (NAMES, "[a]", "Must be a name, not a list."),
        (NAMES, "''", "Is empty: write a name, or leave the key out where it has a default."),
        (NAMES, "Ab", "'Ab' does not fit: write a name."),
        (NAMES, "'a\n\n  '", "'a\\n' does not fit: write a name."),
        (NAMES, "a1234567890", "Is 11 characters long: shorten it to 10."),
        (NAMES, '"a\\0"', "Holds a control character: write plain text."),
        (SEEN, '"a\\u200b"', "Holds '\\u200b', which cannot be seen: write a name."),
        (SEEN, '"a\\xa0b"', "Holds '\\xa0', which cannot be seen: write a name."),
        (SEEN, "' '", "Is empty: write a name"),
        (WHOLE, "0", "0 is out of bounds: write a whole number from 1 to 20."),
        (WHOLE, "21", "21 is out of bounds: write a whole number from 1 to 20."),
        (
            WHOLE,
            "1.5",
            "Must be a whole number from 1 to 20, not the number 1.5: write it in digits, without quotes.",
        ),
        (
            WHOLE,
            "'5'",
            "Must be a whole number from 1 to 20, not a text: write it in digits, without quotes.",
        ),
        (
            WHOLE,
            "true",
            "Must be a whole number from 1 to 20, not the truth value true: write it in digits",
        ),
        (
            Number(low=0, high=2),
            ".nan",
            "Must be a number from 0 to 2, not the odd number .nan: write it in digits, without quotes.",
        ),
        (
            Number(low=0.1, high=5),
            "0.0000001",
            "1e-07 is out of bounds: write a number from 0.1 to 5.",
        ),
        (Truth(), "1", "Must be true or false, not the number 1: write one of the two without quotes."),
        (Choice(options=("integer", "list")), "int", "'int' cannot be chosen: did you mean 'integer'?"),
        (Anything(says="a mapping"), "[a]", "Must be a mapping, not a list."),
        (
            Fields(keys={"a": Key(kind=WHOLE, required=True)}),
            "5",
            "Must be a mapping with 'a', not the number 5.",
        ),
        (
            Fields(keys={"a": Key(kind=WHOLE, required=True)}),
            "{}",
            "The key 'a' is missing: add whole number from",
        ),
        (Fields(keys={"length": Key(kind=WHOLE)}), "{lenght: 1}", "Unknown key: did you mean 'length'?"),
        (
            Listed(says="a list", kind=WHOLE, most=3),
            "{}",
            "Must be a list, not a mapping: begin each with `- `.",
        ),
        (Listed(says="a list", kind=WHOLE, most=3), "[]", "Has 0 items: declare 1 to 3."),
        (Listed(says="a list", kind=WHOLE, most=1), "[1, 2]", "Has 2 items: declare 1 to 1."),
        (Named(says="a mapping", name=NAMES, kind=WHOLE), "a", "Must be a mapping, not a text."),
        (Named(says="a mapping", name=NAMES, kind=WHOLE, least=1), "{}", "Has 0 entries: declare 1 to 200."),
        (Named(says="a mapping", name=NAMES, kind=WHOLE), "{A: 1}", "'A' does not fit: write a name."),
    ],
)
def test_refuses_what_does_not_fit_with_a_remedy(kind: Kind, text: str, says: str) -> None:
    _, found = read(kind, text)

    assert len(found) == 1
    assert says in found[0]


def test_tells_of_every_item_and_keeps_the_place_of_the_bad_ones() -> None:
    value, found = read(Listed(says="a list", kind=WHOLE, most=5), "[0, 1, x]")

    assert value == [REFUSED, 1, REFUSED]
    assert [line.partition(":")[0] for line in found] == ["x[0]", "x[2]"]


def test_what_could_not_be_read_is_declared_all_the_same() -> None:
    value, found = read(Named(says="a mapping", name=NAMES, kind=Fields(keys={})), "{a: 5}")

    assert isinstance(value, dict)
    assert isinstance(value["a"], Draft)
    assert len(found) == 1


def test_a_draft_keeps_what_could_be_read() -> None:
    keys = {"a": Key(kind=NAMES), "b": Key(kind=WHOLE)}

    value, found = read(Fields(keys=keys), "{a: x, b: y, c: z}")

    assert isinstance(value, Draft)
    assert value.values == {"a": "x"}
    assert value.written == {"a", "b", "c"}
    assert len(found) == 2
