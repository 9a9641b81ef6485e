"""A chat completion as the wire has it, piece by piece."""

import re
from collections.abc import Iterator

from dirigent import codec
from dirigent.modelserver.completions import Completion, usage_told

#: A few words with the blanks behind them.
_PIECE = re.compile(r"(?:\S+\s*){1,4}|\s+")
_DONE = b"data: [DONE]\n\n"


def events(completion: Completion, *, includes_usage: bool) -> list[bytes]:
    """The events of a stream, the last of which says that it is over."""
    head = completion.head("chat.completion.chunk")
    beside: dict[str, object] = {"usage": None} if includes_usage else {}

    def event(delta: dict[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return _event({**head, "choices": [choice], **beside})

    told = [event(delta) for delta in _deltas(completion)]
    told.append(event({}, completion.finish))
    if includes_usage:
        told.append(_event({**head, "choices": [], "usage": usage_told(completion.usage)}))
    return [*told, _DONE]


def _event(chunk: dict[str, object]) -> bytes:
    return b"data: " + codec.to_json(chunk) + b"\n\n"


def _deltas(completion: Completion) -> Iterator[dict[str, object]]:
    call = completion.call
    if call is not None:
        function = {"name": call.function.name, "arguments": ""}
        begun = {"index": 0, "id": call.id, "type": call.type, "function": function}
        yield {"role": "assistant", "content": None, "tool_calls": [begun]}
        for piece in _PIECE.findall(call.function.arguments):
            yield {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]}
        return
    name = "content" if completion.refusal is None else "refusal"
    yield {"role": "assistant", name: ""}
    for piece in _PIECE.findall(completion.text or completion.refusal or ""):
        yield {name: piece}
