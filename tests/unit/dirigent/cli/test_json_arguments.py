"""Values on a command line that are no texts."""

import argparse
from pathlib import Path

import pytest

from dirigent.cli.json_arguments import field, json_object


@pytest.mark.parametrize(
    ("text", "value"),
    [("a=1", ("a", "1")), ("a:=1", ("a", 1)), ("a=b=c", ("a", "b=c")), ('a:=["b"]', ("a", ["b"]))],
)
def test_a_field_is_a_text_or_json(text: str, value: object) -> None:
    assert field(text) == value


@pytest.mark.parametrize("text", ["a", "=1", ":=1", "a:={"])
def test_what_is_no_field_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        field(text)


def test_an_object_is_written_or_read_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "data.json"
    file.write_text('{"b": 2}', encoding="utf-8")

    assert json_object('{"a": 1}') == {"a": 1}
    assert json_object(f"@{file}") == {"b": 2}


@pytest.mark.parametrize("text", ["[1]", "{", "@nowhere.json"])
def test_what_is_no_object_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        json_object(text)
