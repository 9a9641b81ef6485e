"""YAML is read with its lines, and what a declaration has no use for is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dirigent.declarations.findings import Finding, Place, Report
from dirigent.declarations.nodes import DEEPEST, Mapping, Scalar, parse, plain


def tree(text: str) -> object:
    report = Report()
    found = parse(text, Place(file="a.yaml"), report)
    assert found is not None, report.findings
    return plain(found)


def refusals(text: str) -> list[Finding]:
    report = Report()
    parse(text, Place(file="a.yaml", path="models"), report)
    return report.findings


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a", "a"),
        ("5", 5),
        ("-1.5", -1.5),
        ("true", True),
        ("off", False),
        ("'true'", "true"),
        ("[~, null]", [None, None]),
        ("2024-01-01", "2024-01-01"),
        ("[017, 0x10, 1:30, .nan, .inf, 1_0]", ["017", "0x10", "1:30", ".nan", ".inf", "1_0"]),
        ("|\n  a\n  b\n", "a\nb\n"),
        ("{yes: 1, 5: 2}", {"yes": 1, "5": 2}),
    ],
)
def test_reads_plain_values(text: str, value: object) -> None:
    assert tree(text) == value


def test_knows_the_lines() -> None:
    found = parse("# words\na:\n  b: 1\n  c:\nd: 2\n", Place(file="a.yaml"), Report())

    assert isinstance(found, Mapping)
    inner = found.entries[0].node
    assert isinstance(inner, Mapping)
    assert [entry.line for entry in inner.entries] == [3, 4]
    assert inner.entries[1].node == Scalar(line=4, value=None, kind="nothing")


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a: b: c", 1, "line 1, column 5"),
        ("a:\n  - b\n c: 1", 3, "line 3, column 2"),
        ("a: 1\n\tb: 2", 2, "indented with a tab"),
        ("a:\r\n  b: 1\r\n \tc: d: 2", 3, "indented with a tab"),
        ("a: b\tc: d", 1, "line 1, column"),
        ("é: ü\nname: {{nights}}.md", 2, "A text that begins with {{ must stand in quotes"),
        ("a: [{{b}}]", 1, "must stand in quotes"),
        ("? {a: b}\n: 1", 1, "keys are plain text"),
        ("a: 1\nb: &x 2", 2, "Anchors (&) are refused"),
        ("a: 1\nb: *x", 2, "Aliases (*) are refused"),
        ("a: !!python/object:os.system 1", 1, "Tags (!) are refused"),
        ("a: !!str 1", 1, "Tags (!) are refused"),
        ("a: 1\n---\nb: 2", 2, "A second document"),
        ("", 0, "The file is empty"),
        ("# words\n", 0, "The file is empty"),
        ("~", 0, "The file is empty"),
        ("a: 1\nb: \x07", 2, "control character"),
        ("a: \ufffe", 0, "Is not YAML"),
        ('a: 1\nb: "\\ud800"', 2, ""),
        ("? [a]\n: 1", 1, "keys are plain text"),
        ("[" * (DEEPEST + 1), 1, "levels deep"),
        ("[" * 100_000, 1, "levels deep"),
    ],
)
def test_refuses_what_no_declaration_needs(text: str, line: int, says: str) -> None:
    (found,) = refusals(text)

    assert found.line == line
    assert says in found.message


def test_a_key_that_stands_twice_is_told_and_the_first_one_kept() -> None:
    report = Report()
    found = parse("a:\n  b: 1\n  b: 2", Place(file="a.yaml", path="models"), report)

    assert [(finding.path, finding.line) for finding in report.findings] == [("models.a.b", 3)]
    assert found is not None
    assert plain(found) == {"a": {"b": 1}}


def test_a_bomb_of_aliases_is_refused_at_its_first() -> None:
    layers = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))

    assert len(refusals(f"a0: &a0 [lol]\n{layers}")) == 1


@given(st.text() | st.text(st.sampled_from("[]{}:,-?&*!|>'\"%@`#\n a~1.\t\\U")))
@example('"\\U00110000"')
@example('"\\ud800"')
@example("? ? ?")
@example("<<: {a: 1}")
def test_any_text_is_read_or_refused(text: str) -> None:
    report = Report()

    found = parse(text, Place(file="a.yaml"), report)

    assert found is not None or report.findings
