"""OpenAI's own client finds nothing amiss with the model server."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Literal

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam
from pydantic import BaseModel, Field

from dirigent.adapters.model_script import Answered, Dictated, Fault, Rule, Script
from dirigent.modelserver import ModelServer, Tally

Opened = Callable[..., tuple[ModelServer, openai.OpenAI]]

USER: ChatCompletionMessageParam = {"role": "user", "content": "Research <topic>green tea</topic>"}
WEATHER: ChatCompletionToolParam = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["c", "f"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
        "strict": True,
    },
}


class Step(BaseModel):
    title: str
    minutes: int = Field(ge=5, le=90)


class Journey(BaseModel):
    goal: str
    mood: Literal["calm", "hurried"]
    guide: str | None
    steps: list[Step]
    tags: list[str]


@pytest.fixture
def opened() -> Iterator[Opened]:
    """Opens servers of scripts, each with a client that tries once."""
    with ExitStack() as stack:

        def open_one(
            *faults: Fault, key: str | None = None, sent: str = "any", script: Script | None = None
        ) -> tuple[ModelServer, openai.OpenAI]:
            script = script or Script(faults=tuple(Rule(fault=fault) for fault in faults))
            server = stack.enter_context(ModelServer(script, key=key))
            client = openai.OpenAI(base_url=server.url, api_key=sent, max_retries=0, timeout=20)
            return server, stack.enter_context(client)

        yield open_one


def test_answers_with_text_and_usage_that_it_counts_itself(opened: Opened) -> None:
    server, client = opened()

    told = client.chat.completions.create(
        model="large", messages=[USER], extra_headers={"x-dirigent-agent": "scout"}
    )

    assert told.choices[0].message.content
    assert (told.model, told.choices[0].finish_reason) == ("scripted:large", "stop")
    assert told._request_id
    assert told.usage
    tally = Tally(
        calls=1, answered=1, input_tokens=told.usage.prompt_tokens, output_tokens=told.usage.completion_tokens
    )
    assert server.counts().agents == {"scout": tally}


def test_a_client_for_azure_is_served_as_well(opened: Opened) -> None:
    server, _ = opened(key="secret")
    url = server.url.replace("/v1", "/openai/v1")

    with openai.OpenAI(base_url=url, api_key="secret", default_query={"api-version": "preview"}) as client:
        told = client.chat.completions.create(model="large", messages=[USER])

    assert told.choices[0].message.content


def test_an_answer_is_of_the_schema_however_nested(opened: Opened) -> None:
    _, client = opened()

    told = client.chat.completions.parse(model="large", messages=[USER], response_format=Journey)

    journey = told.choices[0].message.parsed
    assert journey
    assert journey.steps
    assert journey.goal


def test_a_tool_is_called_and_what_it_brought_is_in_the_answer(opened: Opened) -> None:
    _, client = opened()
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": "How is the weather in Rome?"}]

    asked = client.chat.completions.create(model="large", messages=messages, tools=[WEATHER])
    [call] = asked.choices[0].message.tool_calls or []
    assert call.type == "function"
    messages += [
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.function.name, "arguments": call.function.arguments},
                }
            ],
        },
        {"role": "tool", "tool_call_id": call.id, "content": json.dumps({"sky": "overcast", "degrees": 21})},
    ]
    told = client.chat.completions.create(model="large", messages=messages, tools=[WEATHER])

    assert asked.choices[0].finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"city": "Rome", "unit": "c"}
    assert told.choices[0].finish_reason == "stop"
    assert "sky: overcast" in (told.choices[0].message.content or "")


def test_a_stream_brings_the_same_text(opened: Opened) -> None:
    server, client = opened()
    whole = client.chat.completions.create(model="large", messages=[USER])

    with client.chat.completions.stream(
        model="large", messages=[USER], stream_options={"include_usage": True}
    ) as stream:
        told = stream.get_final_completion()

    assert told.choices[0].message.content == whole.choices[0].message.content
    assert told.usage == whole.usage
    assert server.counts().total.answered == 2


def test_a_streamed_call_of_a_tool_is_put_together_again(opened: Opened) -> None:
    _, client = opened()

    with client.chat.completions.stream(
        model="large", messages=[USER], tools=[WEATHER], tool_choice="required"
    ) as stream:
        told = stream.get_final_completion()

    [call] = told.choices[0].message.tool_calls or []
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments)["unit"] in ("c", "f")


@pytest.mark.parametrize("form", ["float", "base64"])
def test_near_texts_have_near_vectors(opened: Opened, form: Literal["float", "base64"]) -> None:
    _, client = opened()
    texts = ["green tea from Japan", "tea from Japan", "a locomotive"]

    # Without a wish the client asks for base64 and unpacks it.
    told = (
        client.embeddings.create(model="vectors", input=texts, encoding_format=form)
        if form == "float"
        else client.embeddings.create(model="vectors", input=texts)
    )

    first, near, far = (item.embedding for item in told.data)
    assert [item.index for item in told.data] == [0, 1, 2]
    assert sum(a * b for a, b in zip(first, near, strict=True)) > 0.5
    assert sum(a * b for a, b in zip(first, far, strict=True)) < 0.3
    assert sum(a * a for a in first) == pytest.approx(1.0, abs=1e-5)


def test_lists_the_models_of_the_script_and_refuses_others(opened: Opened) -> None:
    _, client = opened(script=Script(models=("large", "small")))

    assert [model.id for model in client.models.list()] == ["large", "small"]
    assert client.models.retrieve("small").id == "small"
    with pytest.raises(openai.NotFoundError) as caught:
        client.chat.completions.create(model="tiny", messages=[USER])
    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    with pytest.raises(openai.NotFoundError):
        client.embeddings.create(model="tiny", input="a")


def test_says_what_is_dictated(opened: Opened) -> None:
    _, client = opened(script=Script(answers=(Dictated(agent="judge", answer={"verdict": "no"}),)))

    told = client.chat.completions.create(
        model="large", messages=[USER], extra_headers={"x-dirigent-agent": "judge"}
    )

    assert told.choices[0].message.content == '{"verdict":"no"}'


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (Answered(status=400), openai.BadRequestError),
        (Answered(status=401), openai.AuthenticationError),
        (Answered(status=403), openai.PermissionDeniedError),
        (Answered(status=404), openai.NotFoundError),
        (Answered(status=409), openai.ConflictError),
        (Answered(status=429), openai.RateLimitError),
        (Answered(status=503), openai.InternalServerError),
        ("filtered", openai.BadRequestError),
        ("cut", openai.APIConnectionError),
    ],
)
def test_faults_are_what_the_client_takes_them_for(
    opened: Opened, fault: Fault, error: type[openai.OpenAIError]
) -> None:
    server, client = opened(fault)

    with pytest.raises(error) as caught:
        client.chat.completions.create(model="large", messages=[USER])

    assert type(caught.value) is error
    assert server.counts().total == Tally(calls=1)


def test_a_wait_stands_in_the_headers(opened: Opened) -> None:
    _, client = opened(Answered(status=429, retry_after=1.5))

    with pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="large", messages=[USER])

    assert caught.value.response.headers["retry-after"] == "2"
    assert caught.value.response.headers["retry-after-ms"] == "1500"
    assert caught.value.code == "rate_limit_exceeded"


def test_a_silent_model_is_given_up_by_the_client_alone(opened: Opened) -> None:
    _, client = opened("timeout")

    with pytest.raises(openai.APITimeoutError):
        client.chat.completions.create(model="large", messages=[USER], timeout=0.2)


def test_declining_filtering_and_limits_are_told_as_openai_tells_them(opened: Opened) -> None:
    script = Script(
        faults=(
            Rule(fault="refusal", times=1),
            Rule(fault="truncated", times=1),
            Rule(fault="filtered", times=1),
        )
    )
    _, client = opened(script=script)

    declined, limited = (
        client.chat.completions.create(model="large", messages=[USER]).choices[0] for _ in range(2)
    )
    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="large", messages=[USER])

    assert (declined.message.content, bool(declined.message.refusal)) == (None, True)
    assert (limited.finish_reason, bool(limited.message.content)) == ("length", True)
    assert caught.value.code == "content_filter"


def test_a_length_stop_is_seen_by_whoever_reads_structured_answers(opened: Opened) -> None:
    _, client = opened("truncated")

    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(model="large", messages=[USER], response_format=Journey)


def test_another_key_is_refused(opened: Opened) -> None:
    _, client = opened(key="secret", sent="other")

    with pytest.raises(openai.AuthenticationError) as caught:
        client.models.list()

    assert caught.value.code == "invalid_api_key"
    assert "secret" not in str(caught.value)


def test_what_is_wrong_is_named(opened: Opened) -> None:
    _, client = opened()

    with pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="large", messages=[USER], n=3)

    assert (caught.value.param, caught.value.code) == ("n", "unsupported_parameter")
