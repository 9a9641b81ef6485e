"""Comments and trailing commas are passed over; texts and line numbers stay."""

import json

import pytest

from devhost.functions.commented_json import line_of, parse


def test_passes_over_comments_and_trailing_commas() -> None:
    text = '\ufeff{ // one\n "a": "http://x//y", /* two\n lines */ "b": [1, 2,], "c": ",]", }'

    assert parse(text) == {"a": "http://x//y", "b": [1, 2], "c": ",]"}


def test_keeps_escaped_quotes_in_texts() -> None:
    assert parse(r'{"a": "say \"// no comment\", }"}') == {"a": 'say "// no comment", }'}


def test_names_the_line_of_an_error_below_a_comment() -> None:
    with pytest.raises(json.JSONDecodeError) as caught:
        parse('{\n/* a\n b */\n"a": nonsense\n}')

    assert caught.value.lineno == 4


def test_finds_the_line_of_a_member() -> None:
    assert line_of('{\n "b": 1,\n "a" : 2}', "a") == 3
    assert line_of("{}", "a") is None
