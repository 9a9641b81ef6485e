"""A conversation, as the one question the scripted model understands."""

from typing import Any

import pytest

from dirigent import codec
from dirigent.modelserver.conversations import Question, question
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import Said

CALL = {
    "role": "assistant",
    "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look up", "arguments": "{}"}}],
}


def asked(*messages: dict[str, Any]) -> Question:
    return question([codec.decode(Said, message) for message in messages])


def refused(*messages: dict[str, Any]) -> ApiError:
    with pytest.raises(ApiError) as caught:
        asked(*messages)
    return caught.value


def test_a_lone_message_is_the_prompt_as_it_stands() -> None:
    found = asked({"role": "system", "content": "Be brief."}, {"role": "user", "content": " Go.\n"})

    assert found == Question(instructions="Be brief.", prompt=" Go.\n", wish=" Go.\n")


def test_all_instructions_count_wherever_they_stand() -> None:
    found = asked(
        {"role": "system", "content": "One."},
        {"role": "user", "content": "Go."},
        {
            "role": "developer",
            "content": [{"type": "text", "text": "Two."}, {"type": "text", "text": "Three."}],
        },
    )

    assert found.instructions == "One.\n\nTwo.\nThree."
    assert found.prompt == "Go."


def test_what_was_said_before_stands_behind_the_last_wish_as_data() -> None:
    found = asked(
        {"role": "user", "content": "First."},
        {"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
        {"role": "user", "content": "Second."},
    )

    assert found.wish == "Second."
    assert found.prompt == (
        "Second.\n<said_before>\nFirst.\n</said_before>\n<answered_before>\nNo.\n</answered_before>"
    )


def test_what_tools_brought_comes_first_under_their_names() -> None:
    found = asked(
        {"role": "user", "content": "Before."},
        {"role": "user", "content": "Go."},
        CALL,
        {"role": "tool", "tool_call_id": "c1", "content": "21 degrees"},
    )

    assert found.results == ("21 degrees",)
    assert found.prompt == (
        "Go.\n<result_of_look_up>\n21 degrees\n</result_of_look_up>\n<said_before>\nBefore.\n</said_before>"
    )


def test_a_result_of_an_earlier_turn_is_none_of_this() -> None:
    found = asked(
        {"role": "user", "content": "Go."},
        CALL,
        {"role": "tool", "tool_call_id": "c1", "content": "21"},
        {"role": "user", "content": "Go on."},
    )

    assert found.results == ()
    assert "21" in found.prompt


def test_nobody_has_to_wish_for_anything() -> None:
    assert asked({"role": "system", "content": "Greet."}) == Question(
        instructions="Greet.", prompt="", wish=""
    )


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "user"}, "messages[0].content"),
        ({"role": "user", "content": [{"type": "image_url"}]}, "messages[0].content[0]"),
        ({"role": "tool", "tool_call_id": "c9", "content": "x"}, "messages[0].tool_call_id"),
        ({"role": "tool", "content": "x"}, "messages[0].tool_call_id"),
    ],
)
def test_names_the_message_it_cannot_use(message: dict[str, Any], param: str) -> None:
    error = refused(message)

    assert (error.status, error.param) == (400, param)
