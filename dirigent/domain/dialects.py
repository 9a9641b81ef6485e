"""What a model understands of what it may be told."""

from typing import Literal

from dirigent.domain.messages import Message

#: How an answer of declared fields is asked for; the prompt says it in words in any case.
Structure = Literal["json_schema", "json_object", "none"]
#: What the limit of tokens is called.
Tokens = Literal["max_completion_tokens", "max_tokens"]


class Dialect(Message, frozen=True, kw_only=True, omit_defaults=False):
    """How requests to a model are worded; the usual one is that of OpenAI's own models."""

    #: Whether it takes a temperature; those that reason first refuse one.
    temperature: bool = True
    tokens: Tokens = "max_completion_tokens"
    structure: Structure = "json_schema"
