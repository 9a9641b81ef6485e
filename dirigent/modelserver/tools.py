"""Which tool an answer calls, and with what."""

import re
from uuid import uuid4

from dirigent.adapters.scripted.prose import keywords, words
from dirigent.domain.messages import Message
from dirigent.modelserver.answers import Form
from dirigent.modelserver.budgets import Budget
from dirigent.modelserver.conversations import Question
from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.orders import CalledFunction, ChatOrder, Choice, Tool, ToolCall
from dirigent.modelserver.schemas import read

_JOINTS = re.compile(r"[_-]|(?<=[a-z])(?=[A-Z])")
_MOST_WORDS = 200
#: Characters of a wish after which nobody names a tool any more.
_LISTENS = 20_000
_QUOTED = re.compile(r"[\"“]([^\"”\n]{1,200})[\"”]")
#: Words with a capital, but for the first of a sentence.
_NAME = re.compile(r"(?<=[\w,] )[A-Z][\w'-]*(?: [A-Z][\w'-]*)*")


class Calling(Message, frozen=True, kw_only=True):
    """A function that is to be called."""

    name: str
    #: The caller said that one must be called.
    is_ordered: bool = False
    #: Why the answer ends with it: of a tool that the caller named, OpenAI says only that it stops.
    finish: str = "tool_calls"
    form: Form
    #: What the user spoke of, for its parameters that are texts.
    spoken: tuple[str, ...] = ()

    def call(self, arguments: str) -> ToolCall:
        """The call with these arguments."""
        function = CalledFunction(name=self.name, arguments=arguments)
        return ToolCall(id=f"call_{uuid4().hex[:24]}", type="function", function=function)


def calling(order: ChatOrder, question: Question) -> Calling | None:
    """The tool to call; none where a text is to be said, as after a tool brought its result."""
    tools, budget = order.tools or [], Budget()
    forms = [_form(tool, place, budget) for place, tool in enumerate(tools)]
    wish, asked = order.tool_choice, question.wish[:_LISTENS]
    if not tools or wish == "none":
        return None
    if isinstance(wish, Choice):
        return _named(wish.function.name, tools, forms, _spoken(asked))
    if question.results and wish != "required":
        return None
    said = {_stem(word) for word in words(asked)}
    shared = [_shared(tool, said) for tool in tools]
    best = max(range(len(tools)), key=lambda place: shared[place])
    if not shared[best] and wish != "required":
        return None
    return Calling(
        name=tools[best].function.name,
        is_ordered=wish == "required",
        form=forms[best],
        spoken=_spoken(asked),
    )


def _spoken(wish: str) -> tuple[str, ...]:
    """What a parameter may be about: what is quoted, then names, then the words that carry the wish."""
    quoted = _QUOTED.findall(wish)
    known = frozenset(quoted)
    names = [name for name in _NAME.findall(wish) if name not in known]
    return (*quoted, *names, " ".join(keywords(wish, 3)) or "anything")


def _form(tool: Tool, place: int, budget: Budget) -> Form:
    return Form(read(tool.function.parameters or {}, f"tools[{place}].function.parameters", budget))


def _named(name: str, tools: list[Tool], forms: list[Form], spoken: tuple[str, ...]) -> Calling:
    for tool, form in zip(tools, forms, strict=True):
        if tool.function.name == name:
            return Calling(name=name, is_ordered=True, finish="stop", form=form, spoken=spoken)
    raise ApiError(400, f"'tool_choice' names {name!r}, which is none of the 'tools'.", param="tool_choice")


def _shared(tool: Tool, said: set[str]) -> int:
    """How many words of the tool the user speaks of."""
    function = tool.function
    about = [_JOINTS.sub(" ", function.name), function.description or ""]
    properties = (function.parameters or {}).get("properties")
    about += [_JOINTS.sub(" ", name) for name in properties] if isinstance(properties, dict) else []
    return len({_stem(word) for word in keywords(" ".join(about), _MOST_WORDS)} & said)


def _stem(word: str) -> str:
    return word.lower().removesuffix("s")
