"""A chat completion as the wire has it, whole."""

from datetime import datetime
from uuid import uuid4

from dirigent import codec
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Usage
from dirigent.modelserver.orders import ToolCall


class Completion(Message, frozen=True, kw_only=True):
    """What the model said in one answer."""

    #: The text, where it says one.
    text: str | None = None
    refusal: str | None = None
    call: ToolCall | None = None
    finish: str = "stop"
    usage: Usage
    model: str
    at: datetime

    def body(self) -> bytes:
        """The answer in one piece."""
        message: dict[str, object] = {"role": "assistant", "content": self.text, "refusal": self.refusal}
        if self.call is not None:
            message["tool_calls"] = [self.call]
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self.finish}
        head = self.head("chat.completion")
        return codec.to_json({**head, "choices": [choice], "usage": usage_told(self.usage)})

    def head(self, kind: str) -> dict[str, object]:
        """What the answer and every piece of it begin with."""
        return {
            "id": f"chatcmpl-{uuid4().hex}",
            "object": kind,
            "created": int(self.at.timestamp()),
            "model": self.model,
            "system_fingerprint": None,
            "service_tier": "default",
        }


def usage_told(usage: Usage) -> dict[str, object]:
    """The usage as the wire has it."""
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0},
    }
