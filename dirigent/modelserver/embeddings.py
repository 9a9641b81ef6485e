"""Vectors from their request to what is sent back."""

import base64
from array import array
from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta

from dirigent import codec
from dirigent.adapters.ngram_embedder import NgramEmbedder
from dirigent.adapters.scripted_model import CHARACTERS_PER_TOKEN, ScriptedModel, tokens
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Usage
from dirigent.modelserver import bodies, faults
from dirigent.modelserver.chat import origin
from dirigent.modelserver.counts import Call
from dirigent.modelserver.desks import Desk
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import Name
from dirigent.modelserver.replies import Reply
from dirigent.ports.model import Request

#: Texts that one request may hold.
MOST = 2_048
#: Characters they may have altogether, as OpenAI's 300,000 tokens.
LONGEST = 300_000 * CHARACTERS_PER_TOKEN
#: What a vector costs besides its text's characters.
_EACH = 500

_Text = Annotated[str, Meta(min_length=1)]


class EmbeddingOrder(Message, frozen=True, kw_only=True):
    """The body of a request."""

    model: Name
    input: _Text | Annotated[list[_Text], Meta(min_length=1, max_length=MOST)]
    encoding_format: Literal["float", "base64"] = "float"
    dimensions: int | None = None


class Embedding:
    """One request for vectors, understood."""

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        self._order = order = bodies.read(EmbeddingOrder, body)
        if order.dimensions is not None:
            message = "The scripted model's vectors have one length: leave 'dimensions' out."
            raise ApiError(400, message, param="dimensions", code="unsupported_parameter")
        self._texts = (order.input,) if isinstance(order.input, str) else tuple(order.input)
        self._work = sum(map(len, self._texts))
        if self._work > LONGEST:
            message = f"'input' has {self._work:,} characters, and {LONGEST:,} are the most: ask in parts."
            raise ApiError(400, message, param="input", code="context_length_exceeded")
        self._work += _EACH * len(self._texts)
        self.request = Request(
            deployment=order.model,
            agent=origin(headers, "agent"),
            run=origin(headers, "run"),
            step=origin(headers, "step"),
            instructions="",
            prompt="\n".join(self._texts),
            temperature=0.0,
            token_limit=1,
        )

    async def reply(self, model: ScriptedModel, desk: Desk, call: Call) -> Reply:
        """What is sent back; an `ApiError` where it is an error."""
        fault = await model.trouble(self.request)
        if (odd := faults.instead(fault, self.request.deployment)) is not None:
            return odd
        usage = Usage(input_tokens=sum(tokens(len(text)) for text in self._texts))
        body = await desk.written(self._work, lambda: self._body(usage))
        is_cut = fault == "cut"
        if not is_cut:
            call.told(usage)
        return Reply(body=(body,), is_cut=is_cut)

    async def _body(self, usage: Usage) -> bytes:
        found = await NgramEmbedder().embed(self._texts)
        told = {
            "object": "list",
            "data": [
                {"object": "embedding", "index": place, "embedding": self._encoded(vector)}
                for place, vector in enumerate(found.vectors)
            ],
            "model": found.model,
            "usage": {"prompt_tokens": usage.input_tokens, "total_tokens": usage.input_tokens},
        }
        return codec.to_json(told)

    def _encoded(self, vector: tuple[float, ...]) -> tuple[float, ...] | str:
        if self._order.encoding_format == "float":
            return vector
        return base64.b64encode(array("f", vector).tobytes()).decode()
