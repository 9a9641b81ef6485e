import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.adapters.openai.calls import Answer
from dirigent.adapters.openai.failures import Callee
from dirigent.adapters.openai.replies import model_of, read_object, reply_of, usage_of
from dirigent.domain.outcomes import Category, Failure, Usage
from dirigent.ports.model import ModelFailed, Reply
from dirigent.settings.endpoints import Endpoint

CALLEE = Callee(deployment="large", name=None, endpoint=Endpoint(url="https://api.example.com/v1", key="k"))

KEY = "0123456789abcdefghij"
KEYED = replace(CALLEE, endpoint=Endpoint(url="https://api.example.com/v1", key=KEY))

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def answered(found: object, **headers: str) -> Answer:
    body = found if isinstance(found, bytes) else json.dumps(found).encode()
    return Answer(callee=CALLEE, headers=headers, body=body)


def completion(message: object, finish: object = "stop", **more: object) -> dict[str, Any]:
    return {"choices": [{"message": message, "finish_reason": finish}], **more}


def failure_of(found: object) -> Failure:
    with pytest.raises(ModelFailed) as caught:
        reply_of(answered(found))
    assert caught.value.is_theirs
    return caught.value.failure


def test_reads_what_is_told() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    found = completion({"content": "Tea."}, model="large-7", usage=usage, id="c-1")

    assert reply_of(answered(found, **{"x-request-id": "r"})) == Reply(
        text="Tea.",
        model="large-7",
        usage=Usage(input_tokens=3, output_tokens=4),
        finish="stop",
        request_id="r",
        response_id="c-1",
    )


def test_what_is_not_told_is_not_made_up() -> None:
    assert reply_of(answered(completion({"content": "Tea."}, None))) == Reply(
        text="Tea.", model="large", usage=Usage()
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([{"type": "text", "text": "Tea"}, {"type": "text", "text": " is old."}], "Tea is old."),
        ([{"type": "image"}, {"type": "text", "text": "Tea."}, "odd"], "Tea."),
        ("half \ud83c", "half ?"),
    ],
)
def test_a_text_may_come_in_parts(content: object, expected: str) -> None:
    assert reply_of(answered(completion({"content": content}))).text == expected


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (completion({"content": None, "refusal": "I will not."}), "refusal"),
        (completion({"content": [{"type": "refusal", "refusal": "I will not."}]}), "refusal"),
        (completion({"content": "Half an "}, "length"), "truncated"),
        (completion({"content": ""}, "length"), "truncated"),
        (completion({"content": ""}, "content_filter"), "content_filter"),
        (completion(None, "content_filter"), "content_filter"),
        ({"choices": [{"finish_reason": "content_filter"}]}, "content_filter"),
        ({"choices": [{"finish_reason": "length"}]}, "truncated"),
    ],
)
def test_an_answer_that_is_withheld_stays_so(found: object, reason: str) -> None:
    failure = failure_of(found)

    assert (failure.category, failure.reason) == (Category.PERMANENT, reason)


def test_what_a_withheld_answer_consumed_is_known() -> None:
    usage = {"prompt_tokens": 3, "completion_tokens": 4}
    with pytest.raises(ModelFailed) as caught:
        reply_of(answered(completion({"content": "Half an "}, "length", usage=usage)))

    assert caught.value.usage == Usage(input_tokens=3, output_tokens=4)


def test_a_refusal_is_told_in_their_words() -> None:
    failure = failure_of(completion({"refusal": "I will not."}))

    assert failure.said == "I will not."
    assert "I will not." not in failure.message


@pytest.mark.parametrize(
    ("found", "says"),
    [
        (b"", "nothing at all"),
        (b" \n", "nothing at all"),
        (b"\xff", "no answer"),
        (b"[" * 100_000, "no answer"),
        (b"9" * 10_000, "no answer"),
        ([], "no answer"),
        ({}, "no answer"),
        ({"choices": []}, "no answer"),
        ({"choices": [7]}, "no answer"),
        ({"choices": [{"message": "Tea."}]}, "no answer"),
        ({"error": {"message": "Overloaded."}}, "an error in the place of an answer, at"),
        (completion({"content": ""}), "with nothing"),
        (completion({"content": 7}), "with nothing"),
        (completion({"tool_calls": [{"id": "1"}]}, "tool_calls"), "calls of tools"),
    ],
    ids=range(14),
)
def test_an_answer_of_another_shape_may_be_asked_for_again(found: object, says: str) -> None:
    failure = failure_of(found)

    assert (failure.category, failure.reason) == (Category.TRANSIENT, "unreadable")
    assert says in failure.message


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (b"", ""),
        (b"data: {}", "data: {}"),
        ({"error": {"message": "Overloaded."}}, "Overloaded."),
        ({"choices": "tea"}, '{"choices": "tea"}'),
    ],
    ids=range(4),
)
def test_what_is_no_answer_is_told_apart_from_our_words(found: object, said: str) -> None:
    failure = failure_of(found)

    assert failure.said == said
    assert not said or said not in failure.message


@pytest.mark.parametrize("key", [KEY, f"{KEY[:9]}\n{KEY[9:]}"], ids=["whole", "broken"])
def test_no_name_of_theirs_tells_our_key(key: str) -> None:
    found = completion({"content": "Tea."}, key, model=f"m-{key}", id=key)
    answer = Answer(callee=KEYED, headers={"x-request-id": key}, body=json.dumps(found).encode())

    reply = reply_of(answer)

    assert (reply.model, reply.finish) == ("m-[…]", "[…]")
    assert (reply.request_id, reply.response_id) == ("[…]", "[…]")


def outcome_of(found: object) -> str:
    """The text, or the reason there is none."""
    try:
        return reply_of(answered(found)).text
    except ModelFailed as error:
        return error.failure.reason


@given(found=JSON, message=JSON, content=JSON, finish=JSON, usage=JSON)
def test_whatever_comes_is_a_reply_or_a_failure(
    found: object, message: object, content: object, finish: object, usage: object
) -> None:
    shapes = (
        found,
        {"choices": found},
        {"choices": [found]},
        completion(message, finish, usage=usage, model=found),
        completion({"content": content, "refusal": found}, finish, usage=usage),
    )

    assert all(map(outcome_of, shapes))


@pytest.mark.parametrize("count", [None, True, -1, "3", 1e300, [], float("nan")])
def test_a_count_that_is_none_counts_as_nothing(count: object) -> None:
    assert usage_of({"usage": {"prompt_tokens": count, "completion_tokens": 2.0}}) == Usage(output_tokens=2)


def test_a_name_is_no_longer_than_names_are() -> None:
    assert len(model_of({"model": "x" * 10_000}, CALLEE)) == 200
    assert model_of({"model": 7}, CALLEE) == "large"


def test_reads_an_object_and_nothing_else() -> None:
    assert read_object(answered({"a": 1})) == {"a": 1}
    with pytest.raises(ModelFailed):
        read_object(answered([1]))
