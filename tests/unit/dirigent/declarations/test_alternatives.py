"""A mapping is what one of its keys tells it to be."""

from dirigent.declarations.alternatives import Alternative, Alternatives, only_one_of
from dirigent.declarations.findings import Place, Report
from dirigent.declarations.kinds import REFUSED, Draft, Key, Keys
from dirigent.declarations.nodes import parse
from dirigent.declarations.values import LINE

AT = Place(file="f.yaml", path="p", line=1)
ANIMAL = Alternatives(
    says="an animal",
    options={
        "barks": Alternative(
            keys={"barks": Key(kind=LINE, required=True), "tail": Key(kind=LINE, required=True)}
        ),
        "meows": Alternative(keys={"meows": Key(kind=LINE)}, elsewhere={"tail": "only dogs wag it."}),
    },
    remedy="let it bark or meow.",
)


def read(text: str) -> tuple[object, list[str]]:
    """What is read of the text, and what is told."""
    report = Report()
    node = parse(text, AT, report)
    assert node is not None
    return ANIMAL.read(node, AT, report), [
        f"{finding.path}: {finding.message}" for finding in report.findings
    ]


def test_a_key_tells_which_it_is() -> None:
    found, told = read("{barks: loud, tail: long}")

    assert isinstance(found, Draft)
    assert (found.values, told) == ({"barks": "loud", "tail": "long"}, [])


def test_each_knows_its_own_keys_only() -> None:
    assert read("{meows: loud, tail: long}")[1] == ["p.tail: Unknown key: only dogs wag it."]
    assert read("{barks: loud}")[1] == ["p: The key 'tail' is missing: add a text of up to 2,000 characters."]


def test_one_that_tells_nothing_or_too_much_misses_no_key() -> None:
    assert read("{tail: long}")[1] == ["p: Says not what to do: let it bark or meow."]
    assert read("{barks: a, meows: b}")[1] == ["p: Has both 'barks' and 'meows': make it two."]
    assert read("[5]") == (REFUSED, ["p: Must be an animal, not a list."])


def test_only_one_of_several_keys_may_stand() -> None:
    keys: Keys = {"a": Key(kind=LINE), "b": Key(kind=LINE)}
    report = Report()
    one = Draft(place=AT, written=frozenset({"a"}))
    both = Draft(place=AT, written=frozenset(keys))

    found = [only_one_of(draft, keys, "say which", AT, report) for draft in (one, both, Draft(place=AT))]

    assert found == [one, REFUSED, REFUSED]
    assert [finding.message for finding in report.findings] == [
        "Has 'a' and 'b', of which only one may stand here: keep one and remove the rest.",
        "Must have one of 'a' and 'b': say which.",
    ]
