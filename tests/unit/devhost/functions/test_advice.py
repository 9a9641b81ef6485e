"""Common mistakes are known by the words Python and the SDK find for them."""

import json

import pytest
from azure.durable_functions.models.Task import AtomicTask

from devhost.functions.advice import advice_on


def words_for(value: object) -> str:
    try:
        json.dumps(value)
    except TypeError as error:
        return str(error)
    raise AssertionError(f"{value!r} can be written as JSON")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        (words_for(AtomicTask(1, [])), "a task is not its result"),
        (words_for(object()), "only what JSON can hold"),
        (words_for({(1, 2): 3}), "only what JSON can hold"),
        ("AttributeError: 'dict' object has no attribute '_is_scheduled'", "may yield tasks only"),
        ("TypeError: can't subtract offset-naive and offset-aware datetimes", "context.current_utc_datetime"),
        ("the JSON object must be str, bytes or bytearray, not NoneType", "drops the inputs 0"),
        ("the JSON object must be str, bytes or bytearray, not dict", "once more quoted"),
    ],
)
def test_says_what_to_do(text: str, remedy: str) -> None:
    assert advice_on(text).startswith(" Hint: ")
    assert remedy in advice_on(text)


def test_says_nothing_of_what_it_does_not_know() -> None:
    assert advice_on("ValueError: no such order") == ""
