"""Filters against what the trees mean that they are written from, and what they are known to do."""

import subprocess
import sys
from datetime import UTC, datetime
from random import Random

import filter_book as book
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from devhost.bus.filters import BadFilter, Filter
from devhost.bus.messages import Property, Sent

RED = Sent(
    body=b"{}",
    message_id="m1",
    subject="paint",
    session_id="s",
    properties={"color": "red", "Size": 3, "new": True, "user": "bob", "with space": 1.5},
)


@given(book.trees, book.messages, st.randoms(use_true_random=False))
def test_says_what_the_tree_means(tree: book.Tree, message: Sent, dice: Random) -> None:
    text = book.written(tree, dice)

    assert Filter.parse(text).matches(message) == (book.truth(tree, message) == book.RIGHT)


@given(book.trees, book.messages, st.randoms(use_true_random=False))
@example(book.Null(book.Name("color"), is_denied=False), RED, Random(1))
def test_its_denial_says_the_contrary_or_nothing(tree: book.Tree, message: Sent, dice: Random) -> None:
    text = book.written(tree, dice)

    passed, denied = Filter.parse(text).matches(message), Filter.parse(f"NOT ({text})").matches(message)

    assert (passed, denied) == {
        book.RIGHT: (True, False),
        book.WRONG: (False, True),
        book.UNKNOWN: (False, False),
    }[book.truth(tree, message)]


@pytest.mark.parametrize(
    "text",
    [
        "color = 'red'",
        "COLOR='red' and size>=3",
        "user.color = 'red' AND sys.label = 'paint' AND SYS.MessageId = 'm1' AND sys.SessionId = 's'",
        "[with space] > 1 AND user.[color] <> 'blue'",
        "new = TRUE AND NOT new = false",
        "missing IS NULL AND size IS NOT NULL",
        "size IN (1, 2, 3.0) AND color NOT IN ('blue')",
        "color = 'blue' OR size = 3 AND new = true",
        "NOT color = 'blue' AND size = 3",
        "[user] = 'bob' AND USER.user = 'bob'",
        "1 = 1",
    ],
)
def test_lets_through(text: str) -> None:
    assert Filter.parse(text).matches(RED)


@pytest.mark.parametrize(
    "text",
    [
        "color = 'RED'",
        "color = 3",
        "color <> 3",
        "size = '3'",
        "missing = 'x'",
        "missing <> 'x'",
        "NOT missing = 'x'",
        "missing IN ('x')",
        "missing NOT IN ('x')",
        "sys.CorrelationId = 'x' OR sys.CorrelationId <> 'x'",
        "color < size",
        "new = 1",
    ],
)
def test_lets_nothing_through_that_nobody_knows(text: str) -> None:
    assert not Filter.parse(text).matches(RED)


@pytest.mark.parametrize(
    ("text", "position", "said"),
    [
        ("color LIKE 'r%'", 7, "LIKE is not known"),
        ("EXISTS(color)", 1, "EXISTS is not known"),
        ("size + 1 = 2", 6, "arithmetic such as +"),
        ("size -1 = 2", 6, "arithmetic such as -"),
        ("size = -size", 8, "arithmetic such as -"),
        ("color = @wanted", 9, "parameters are not known"),
        ("newid() = 'a'", 6, "functions are not known"),
        ('"color" = 1', 1, "double quotes are not known"),
        ("color = NULL", 9, "write IS NULL"),
        ("color = 'red", 9, "does not end"),
        ("[color = 'red'", 1, "does not end"),
        ("color", 6, "ends too early"),
        ("", 1, "ends too early"),
        ("color = 'red' AND", 18, "ends too early"),
        ("(color = 'red'", 15, "ends too early"),
        ("color = 'red')", 14, "')' cannot stand here"),
        ("color 'red'", 7, "cannot stand here"),
        ("color IN ()", 11, "cannot stand here"),
        ("color IN (size)", 11, "cannot stand here"),
        ("and = 1", 1, "cannot stand here"),
        ("TRUE", 5, "ends too early"),
        ("sys.Colour = 1", 5, "there is no sys.Colour"),
        ("sys.Subject = 'a'", 5, "called sys.Label"),
        ("my.color = 1", 1, "write user. or sys."),
        ("user = 'bob'", 1, "in square brackets"),
        ("new = TRUE AND SYS IS NULL", 16, "in square brackets"),
        ("1 = user", 5, "in square brackets"),
        ("color < 'red'", 7, "is not more or less"),
        ("TRUE >= new", 6, "is not more or less"),
        ("size = 5px", 8, "this is no number"),
        ("size = 9223372036854775808", 8, "is too large"),
        ("size = 1e999", 8, "is too large"),
        ("x² = 1", 1, "in square brackets"),
        ("_x = 1", 1, "'_' has no meaning here"),
        ("a ; b", 3, "';' has no meaning here"),
        ("a = '" + "x" * 1_020 + "'", 1_025, "1,026 characters long"),
    ],
)
def test_refuses(text: str, position: int, said: str) -> None:
    with pytest.raises(BadFilter) as refused:
        Filter.parse(text)

    assert refused.value.position == position
    assert said in str(refused.value)
    assert str(refused.value).endswith(".")


def test_knows_its_text() -> None:
    assert Filter.parse("color  = 'red'").text == "color  = 'red'"


def test_whole_and_broken_numbers_are_compared_as_broken_ones() -> None:
    message = Sent(body=b"", properties={"a": 9_007_199_254_740_993, "b": 9_007_199_254_740_992.0})

    assert Filter.parse("a = b AND a <= b AND a = 9007199254740993 AND NOT a = 9007199254740992").matches(
        message
    )


def test_numbers_that_are_larger_than_any_broken_one_are_compared_all_the_same() -> None:
    message = Sent(body=b"", properties={"a": 10**400, "b": 2.5})

    assert Filter.parse("a > b AND b < a AND NOT a = b AND a > 5").matches(message)


def test_moments_are_compared_in_whatever_zone_they_are_written() -> None:
    noon = datetime(2026, 1, 1, 12)  # noqa: DTZ001  some messages name no zone
    message = Sent(body=b"", properties={"a": noon, "b": noon.replace(tzinfo=UTC)})

    assert Filter.parse("a = b AND a <= b AND NOT a < b").matches(message)


@pytest.mark.parametrize("deep", ["NOT " * 250 + "1 = 1", "(" * 500 + "1 = 1" + ")" * 500])
def test_reads_what_is_nested_as_deep_as_there_is_room(deep: str) -> None:
    assert Filter.parse(deep).matches(RED)


def test_reads_any_nesting_of_both_words() -> None:
    level = "''='' OR (''<>'' AND ("

    assert Filter.parse(level * 40 + "1=1" + "))" * 40).matches(RED)


@pytest.mark.parametrize(
    ("system", "properties", "passes"),
    [
        ({"Label": "paint"}, {}, True),
        ({"label": "paint", "SessionId": "s"}, {"COLOR": "red", "size": 3.0}, True),
        ({}, {"new": True}, True),
        ({"Label": "Paint"}, {}, False),
        ({"CorrelationId": ""}, {}, False),
        ({}, {"size": "3"}, False),
        ({}, {"new": 1}, False),
        ({}, {"missing": "x"}, False),
    ],
)
def test_a_correlation_filter_asks_for_all_it_names(
    system: dict[str, str], properties: dict[str, Property], *, passes: bool
) -> None:
    assert Filter.correlating(system, properties).matches(RED) is passes


def test_a_correlation_filter_is_written_as_what_it_comes_to() -> None:
    found = Filter.correlating({"label": "it's"}, {"a]b": True, "size": 3})

    assert found.text == "sys.Label = 'it''s' AND [a]]b] = TRUE AND [size] = 3"
    assert Filter.parse(found.text).text == found.text


@pytest.mark.parametrize(("system", "said"), [({}, "names nothing"), ({"Colour": "red"}, "no sys.Colour")])
def test_refuses_correlation_filters_that_ask_for_nothing_there_is(system: dict[str, str], said: str) -> None:
    with pytest.raises(BadFilter, match=said):
        Filter.correlating(system)


def test_a_host_without_filters_does_not_load_the_parser() -> None:
    code = "import sys, devhost.bus.filters; sys.exit('lark' in sys.modules)"

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0
