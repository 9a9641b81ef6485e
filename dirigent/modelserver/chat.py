"""A chat completion from its request to what is sent back."""

from collections.abc import Mapping
from urllib.parse import unquote

from msgspec.structs import replace

from dirigent.adapters.model_script import Fault
from dirigent.adapters.scripted_model import (
    CHARACTERS_PER_TOKEN,
    ScriptedModel,
    Turn,
    named,
    tokens,
    usage_of,
    written,
)
from dirigent.modelserver import faults, streaming
from dirigent.modelserver.answers import an_object, form_of
from dirigent.modelserver.completions import Completion
from dirigent.modelserver.conversations import Question, question
from dirigent.modelserver.counts import Call
from dirigent.modelserver.desks import Desk
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import ChatOrder
from dirigent.modelserver.replies import JSON, Reply
from dirigent.modelserver.tools import calling
from dirigent.ports.clock import Clock
from dirigent.ports.model import Request

_USUAL_TEMPERATURE = 1.0

#: Tokens and characters of a conversation, as models have them.
MOST_TOKENS = 128_000
LONGEST = MOST_TOKENS * CHARACTERS_PER_TOKEN
#: The whole prompt is read for every field: characters, as often as they are read, that take seconds.
MOST_WORK = 4_000_000
#: What a field costs besides.
_EACH = 200


class Chat:
    """One request for an answer, understood."""

    def __init__(self, body: bytes, headers: Mapping[str, str]) -> None:
        self._order = order = ChatOrder.read(body)
        asked = question(order.messages)
        length = _demand_room(asked)
        self._calling = calling(order, asked)
        self._form = self._calling.form if self._calling else form_of(order.response_format, asked)
        self.request = Request(
            deployment=order.model,
            agent=origin(headers, "agent"),
            run=origin(headers, "run"),
            step=origin(headers, "step"),
            instructions=asked.instructions,
            prompt=asked.prompt,
            temperature=_USUAL_TEMPERATURE if order.temperature is None else order.temperature,
            token_limit=order.limit,
            answers=self._form.fields if self._form else (),
        )
        self._work = (len(self.request.answers) + 1) * (length + _EACH)
        if self._work > MOST_WORK:
            message = "So many fields of so long a prompt take too long: ask for fewer, or say it shorter."
            raise ApiError(400, message, param="messages", code="context_length_exceeded")

    async def reply(self, model: ScriptedModel, clock: Clock, desk: Desk, call: Call) -> Reply:
        """What is sent back, once the model has spoken; an `ApiError` where it is an error."""
        turn = await model.turn(
            self.request, lambda request: desk.written(self._work, lambda: _text(request))
        )
        odd = faults.instead(turn.fault, self.request.deployment)
        return odd or self._sent(self._completion(turn, clock), turn.fault, call)

    def _completion(self, turn: Turn, clock: Clock) -> Completion:
        shell = Completion(
            model=named(self.request.deployment), at=clock.now(), usage=usage_of(self.request, turn.text)
        )
        if turn.fault == "refusal":
            return replace(shell, refusal=faults.REFUSAL, usage=usage_of(self.request, faults.REFUSAL))
        text = self._fitted(turn)
        if turn.fault == "truncated":
            text = text[: len(text) // 2]
        usage = usage_of(self.request, text)
        finish = "length" if turn.fault == "truncated" else None
        if self._calling is None or (turn.is_dictated and not self._calling.is_ordered):
            return replace(shell, text=text, finish=finish or "stop", usage=usage)
        called = self._calling.call(text)
        return replace(shell, call=called, finish=finish or self._calling.finish, usage=usage)

    def _fitted(self, turn: Turn) -> str:
        if turn.is_dictated:
            return turn.text
        if self._form is not None:
            return self._form.filled(turn.text, self._calling.spoken if self._calling else ())
        wanted = self._order.response_format
        return an_object(turn.text) if wanted and wanted.type == "json_object" else turn.text

    def _sent(self, completion: Completion, fault: Fault | None, call: Call) -> Reply:
        is_cut = fault == "cut"
        if not is_cut:
            call.told(completion.usage, is_answered=fault is None)
        if self._order.stream:
            events = streaming.events(completion, includes_usage=self._order.includes_usage)
            return Reply(body=tuple(events), content_type="text/event-stream; charset=utf-8", is_cut=is_cut)
        return Reply(body=(completion.body(),), content_type=JSON, is_cut=is_cut)


async def _text(request: Request) -> str:
    return written(request)


def _demand_room(asked: Question) -> int:
    """How long the conversation is; an `ApiError` where that is too long."""
    length = len(asked.instructions) + len(asked.prompt)
    if length > LONGEST:
        message = (
            f"This model's maximum context length is {MOST_TOKENS:,} tokens, and your messages have "
            f"{tokens(length):,}: shorten them."
        )
        raise ApiError(400, message, param="messages", code="context_length_exceeded")
    return length


def origin(headers: Mapping[str, str], name: str) -> str:
    """Who asks, or for what, as a header says it."""
    told = unquote(headers.get(f"x-dirigent-{name}", ""), errors="replace")
    # Bytes that are no UTF-8 come as halves of characters, of which no JSON can be made.
    return told if told.isascii() else told.encode(errors="replace").decode()
