"""A conversation, as the one question the scripted model understands."""

import re
from collections.abc import Iterator

from dirigent.domain.messages import Message
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import Said

_UNFIT = re.compile(r"[^A-Za-z0-9_.-]")


class Question(Message, frozen=True, kw_only=True):
    """What the model is told to be, and what it is asked."""

    instructions: str
    prompt: str
    #: What the user said last, alone.
    wish: str
    #: What tools brought since then.
    results: tuple[str, ...] = ()


def question(messages: list[Said]) -> Question:
    """A lone message of a user is the prompt as it stands; what went before it stands in it as data."""
    texts = [_text(said, f"messages[{place}]") for place, said in enumerate(messages)]
    tools = list(_tools(messages))
    told = [text for said, text in zip(messages, texts, strict=True) if said.role in ("system", "developer")]
    last = max((place for place, said in enumerate(messages) if said.role == "user"), default=-1)
    wish = texts[last] if last >= 0 else ""
    after = [place for place in range(last + 1, len(messages)) if messages[place].role == "tool"]
    # What tools brought is what the answer is about: it comes before what was said in earlier turns.
    brought = frozenset(after)
    rest = [place for place in range(len(messages)) if place != last and place not in brought]
    blocks = [
        _block(name, texts[place])
        for place in (*after, *rest)
        if (name := _name(messages[place], tools[place])) and texts[place]
    ]
    return Question(
        instructions="\n\n".join(told),
        prompt="\n".join([wish, *blocks]),
        wish=wish,
        results=tuple(texts[place] for place in after),
    )


def _text(said: Said, where: str) -> str:
    if said.content is None:
        if said.role != "assistant":
            message = f"Missing required parameter: '{where}.content'."
            raise ApiError(400, message, param=f"{where}.content", code="missing_required_parameter")
        return said.refusal or ""
    if isinstance(said.content, str):
        return said.content
    texts = []
    for place, part in enumerate(said.content):
        text = {"text": part.text, "refusal": part.refusal}.get(part.type)
        if text is None:
            path = f"{where}.content[{place}]"
            message = f"The scripted model reads text alone: '{path}' is no part with text in it."
            raise ApiError(400, message, param=path, code="invalid_value")
        texts.append(text)
    return "\n".join(texts)


def _tools(messages: list[Said]) -> Iterator[str]:
    """For each message the tool whose result it is; an `ApiError` where that was never called."""
    called: dict[str, str] = {}
    for place, said in enumerate(messages):
        called.update({call.id: call.function.name for call in said.tool_calls or ()})
        if said.role != "tool":
            yield ""
        elif said.tool_call_id in called:
            yield called[said.tool_call_id]
        else:
            path = f"messages[{place}].tool_call_id"
            message = f"'{path}' names no call of a message before it: send the 'tool_calls' with it."
            raise ApiError(400, message, param=path, code="invalid_value")


def _name(said: Said, tool: str) -> str:
    if said.role == "tool":
        return f"result_of_{_UNFIT.sub('_', tool)}"
    return {"user": "said_before", "assistant": "answered_before"}.get(said.role, "")


def _block(name: str, text: str) -> str:
    return f"<{name}>\n{text}\n</{name}>"
