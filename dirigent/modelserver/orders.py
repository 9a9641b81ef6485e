"""What a chat completion is asked for, as it comes over the wire."""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from dirigent.domain.messages import Message
from dirigent.modelserver import bodies
from dirigent.modelserver.errors import ApiError

#: Where the request names none.
DEFAULT_LIMIT = 4_096

#: As OpenAI and Azure have them.
MOST_MESSAGES = 2_048
MOST_TOOLS = 128

#: Of a deployment; every one that is asked for is kept in the counts.
Name = Annotated[str, Meta(min_length=1, max_length=256)]
_Limit = Annotated[int, Meta(ge=1)]


class Part(Message, frozen=True, kw_only=True):
    """A piece of a message's content."""

    type: str
    text: str | None = None
    refusal: str | None = None


class CalledFunction(Message, frozen=True, kw_only=True):
    """Which function an earlier answer called, and with what."""

    name: str
    arguments: str


class ToolCall(Message, frozen=True, kw_only=True):
    """A call of an earlier answer."""

    id: str
    type: Literal["function"]
    function: CalledFunction


class Said(Message, frozen=True, kw_only=True):
    """One message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool"]
    content: str | list[Part] | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None


class Function(Message, frozen=True, kw_only=True):
    """What a tool is called and takes."""

    name: Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{1,64}$")]
    description: str | None = None
    parameters: dict[str, Any] | None = None


class Tool(Message, frozen=True, kw_only=True):
    """Something the model may call."""

    type: Literal["function"]
    function: Function


class ChosenFunction(Message, frozen=True, kw_only=True):
    """A function by its name."""

    name: str


class Choice(Message, frozen=True, kw_only=True):
    """The tool that is to be called."""

    type: Literal["function"]
    function: ChosenFunction


class NamedSchema(Message, frozen=True, kw_only=True):
    """The schema an answer is to fit."""

    name: Annotated[str, Meta(pattern="^[a-zA-Z0-9_-]{1,64}$")]
    schema: dict[str, Any] | None = None


class Format(Message, frozen=True, kw_only=True):
    """Text, any JSON object, or one of a schema."""

    type: Literal["text", "json_object", "json_schema"] = "text"
    json_schema: NamedSchema | None = None


class StreamOptions(Message, frozen=True, kw_only=True):
    """What a stream holds beside the answer."""

    include_usage: bool = False


class ChatOrder(Message, frozen=True, kw_only=True):
    """The body of a request; what would change nothing about a scripted answer is not looked at."""

    model: Name
    messages: Annotated[list[Said], Meta(min_length=1, max_length=MOST_MESSAGES)]
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    max_tokens: _Limit | None = None
    max_completion_tokens: _Limit | None = None
    response_format: Format | None = None
    tools: Annotated[list[Tool], Meta(max_length=MOST_TOOLS)] | None = None
    tool_choice: Literal["none", "auto", "required"] | Choice | None = None
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    logprobs: bool | None = None
    stop: str | list[str] | None = None
    modalities: list[str] | None = None
    functions: list[Any] | msgspec.UnsetType = msgspec.UNSET
    function_call: Any = msgspec.UNSET

    @classmethod
    def read(cls, body: bytes) -> "ChatOrder":
        """The order in a body; an `ApiError` says what is wrong with it."""
        order = bodies.read(cls, body)
        _refuse_what_is_beyond(order)
        _refuse_what_does_not_fit(order)
        return order

    @property
    def limit(self) -> int:
        """How many tokens the answer may have."""
        return self.max_completion_tokens or self.max_tokens or DEFAULT_LIMIT

    @property
    def includes_usage(self) -> bool:
        """Whether a stream ends with the usage."""
        return self.stream_options is not None and self.stream_options.include_usage


_INSTEAD = {
    "n": "ask once for each answer",
    "functions": "give 'tools'",
    "function_call": "give 'tool_choice'",
    "modalities": "it speaks in text alone",
}


def _refuse_what_is_beyond(order: ChatOrder) -> None:
    asked = {
        "n": order.n not in (None, 1),
        "logprobs": bool(order.logprobs),
        "stop": bool(order.stop),
        "modalities": order.modalities not in (None, ["text"]),
        "functions": order.functions is not msgspec.UNSET,
        "function_call": order.function_call is not msgspec.UNSET,
    }
    for name, is_asked in asked.items():
        if is_asked:
            remedy = _INSTEAD.get(name, "leave it out")
            message = f"The scripted model does not do '{name}': {remedy}."
            raise ApiError(400, message, param=name, code="unsupported_parameter")


def _refuse_what_does_not_fit(order: ChatOrder) -> None:
    if order.max_tokens is not None and order.max_completion_tokens is not None:
        message = "Give 'max_completion_tokens' or 'max_tokens', and not both."
        raise ApiError(400, message, param="max_tokens", code="invalid_value")
    if order.tool_choice is not None and not order.tools:
        message = "'tool_choice' is only allowed when 'tools' are given."
        raise ApiError(400, message, param="tool_choice")
    if order.stream_options is not None and not order.stream:
        message = "'stream_options' is only allowed when 'stream' is true."
        raise ApiError(400, message, param="stream_options")
