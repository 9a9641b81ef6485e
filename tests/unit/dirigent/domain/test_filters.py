"""What is read here as a filter is what the local host reads as one, and nothing else."""

from random import Random

import filter_book as book
import pytest
from hypothesis import given
from hypothesis import strategies as st

from devhost.bus.filters import BadFilter, Filter
from devhost.bus.messages import Sent
from dirigent.domain.events import Property
from dirigent.domain.filters import LONGEST, equalling, problem

PARTS = (
    *("and", "OR", "Not", "in", "IS", "null", "TRUE", "false", "like", "EXISTS", "escape", "user", "sys"),
    *("color", "Label", "[a b]", "[", "]", "'", "''", "'x'", '"', "1", "-1", "2.5", "1e3", "1.", ".5", "5a"),
    *(
        "=",
        "<>",
        "<",
        ">=",
        "!",
        "(",
        ")",
        ",",
        ".",
        "@p",
        "+",
        "-",
        "*",
        " ",
        "\n",
        "\f",
        "_",
        "é",
        "²",
        "٣",
    ),
    *("IS NULL", "IN (1)", "a = 1", "newid()"),
)


def is_read_by_the_host(text: str) -> bool:
    try:
        Filter.parse(text)
    except BadFilter:
        return False
    return True


@given(book.trees, st.randoms(use_true_random=False))
def test_takes_what_is_written_well(tree: book.Tree, dice: Random) -> None:
    assert problem(book.written(tree, dice)) is None


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A filter with a few places written otherwise."""
    text = book.written(draw(book.trees), draw(st.randoms(use_true_random=False)))
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(text)))
        text = f"{text[:at]}{draw(st.sampled_from(('', *PARTS)))}{text[at + draw(st.integers(0, 4)) :]}"
    return text


@given(st.one_of(spoilt(), st.lists(st.sampled_from(PARTS)).map(" ".join), st.text(max_size=20)))
def test_takes_what_the_host_takes_and_refuses_what_it_refuses(text: str) -> None:
    assert (problem(text) is None) == is_read_by_the_host(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("color LIKE 'r%'", "LIKE is not known: use =, <>, <, <=, >, >=, IN and IS NULL"),
        ("size + 1 = 2", "Arithmetic is not known"),
        ("size -1 = 2", "Arithmetic is not known"),
        ("color = @p", "Parameters are not known"),
        ('"color" = 1', "write texts in single quotes"),
        ("color = NULL", "write IS NULL or IS NOT NULL (character 9)"),
        ("color = 'red", "A text does not end"),
        ("[color = 'red'", "A name in brackets does not end"),
        ("color", "It ends where =, another comparison, IN or IS NULL must follow: write that (character 6)"),
        ("", "It ends where a property, a text in single quotes, a number, TRUE or FALSE must follow"),
        ("(a = 1", "It ends where AND, OR or a bracket must follow"),
        ("a = 1)", "')' stands where AND or OR must"),
        ("a = 1 b = 2", "'b' stands where AND or OR must"),
        ("a IS 5", "'5' stands where NULL must"),
        ("5 IS NULL", "Only a property IS NULL or IS NOT NULL: name one (character 1)"),
        ("a IN 5", "'5' stands where an opening bracket must"),
        ("a IN (5 6)", "'6' stands where a comma or a closing bracket must"),
        ("sys.Colour = 1", "Nothing is called 'sys.Colour': write one of sys.MessageId"),
        ("my.color = 1", "'my' is no scope"),
        ("user = 'bob'", "write [user], or a dot and a name behind it (character 1)"),
        ("a = 1 AND SYS IS NULL", "write [SYS], or a dot and a name behind it (character 11)"),
        ("1 = user", "write [user], or a dot and a name behind it (character 5)"),
        ("user.5 = 1", "'5' stands where the name of a property must"),
        ("user. = 1", "'=' stands where the name of a property must"),
        ("color < 'red'", "Only numbers are more or less than others"),
        ("size = 9223372036854775808", "too large"),
        ("size = 5px", "This is no number"),
        ("x² = 1", "write it in square brackets"),
        ("a ; b", "';' has no meaning here"),
        ("a" * 1_025, "Is 1,025 characters long: shorten it to 1,024."),
    ],
)
def test_says_what_is_wrong_and_what_to_write(text: str, said: str) -> None:
    found = problem(text)

    assert found is not None
    assert said in found
    assert found.endswith(".")


@pytest.mark.parametrize("deep", ["NOT " * 250 + "1 = 1", "(" * 500 + "1 = 1" + ")" * 500])
def test_reads_what_is_nested_as_deep_as_there_is_room(deep: str) -> None:
    assert len(deep) <= LONGEST
    assert problem(deep) is None


@pytest.mark.parametrize("name", ["user", "SYS", "property", "p", "newid", "not", "like", "due date"])
def test_a_name_that_means_something_else_stands_in_brackets(name: str) -> None:
    assert equalling({name: "x", "color": 1}) == f"[{name}] = 'x' AND color = 1"


@given(
    st.dictionaries(
        st.one_of(
            st.sampled_from(("color", "and", "a b", "LIKE", "x]", "user", "Sys", "p")),
            st.text(min_size=1, max_size=5),
        ),
        st.one_of(st.text(max_size=5), st.integers(-(2**53), 2**53), st.floats(-9, 9), st.booleans()),
        min_size=1,
        max_size=3,
    )
)
def test_what_is_to_be_equal_is_a_filter_that_says_so(properties: dict[str, Property]) -> None:
    text = equalling(properties)

    message = Sent(body=b"", properties=properties)
    is_one = len({name.casefold() for name in properties}) == len(properties)
    assert problem(text) is None
    assert Filter.parse(text).matches(message) or not is_one
