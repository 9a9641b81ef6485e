"""Requests in the words of OpenAI's protocol."""

import json
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote
from uuid import uuid4

from dirigent.domain.steps import AnswerField, FieldType
from dirigent.ports.model import Request

#: An answer of declared fields must be called something.
_NAME = "answer"
#: Choices that a schema may offer in all, and characters of its names and choices: Azure refuses more.
_MOST_CHOICES, _MOST_CHARACTERS = 500, 15_000
_SCALARS = ("string", "number", "boolean")
_TYPES: dict[FieldType, dict[str, object]] = {
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    # Nothing is declared of what a list holds, and a strict schema must say it.
    "list": {"type": "array", "items": {"anyOf": [{"type": scalar} for scalar in _SCALARS]}},
}


def chat_body(request: Request) -> dict[str, object]:
    """The body of a chat completion."""
    said = {"system": request.instructions, "user": request.prompt}
    body: dict[str, object] = {
        "model": sound(request.deployment),
        "messages": [{"role": role, "content": sound(text)} for role, text in said.items() if text.strip()],
        request.dialect.tokens: request.token_limit,
    }
    if request.dialect.temperature:
        body["temperature"] = request.temperature
    if request.answers and request.dialect.structure != "none":
        body["response_format"] = _format(request)
    return body


def _format(request: Request) -> dict[str, object]:
    if request.dialect.structure == "json_object":
        return {"type": "json_object"}
    named = {"name": _NAME, "strict": True, "schema": schema(request.answers)}
    return {"type": "json_schema", "json_schema": named}


def schema(fields: Iterable[AnswerField]) -> dict[str, object]:
    """The JSON schema of an object of these fields, as strict as providers ask for."""
    properties = dict(_properties(list(fields)))
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _properties(fields: list[AnswerField]) -> Iterator[tuple[str, dict[str, object]]]:
    choices, characters = _MOST_CHOICES, _MOST_CHARACTERS - sum(len(field.name) for field in fields)
    for field in fields:
        taken = sum(map(len, field.one_of))
        # Those that have no room stand in the prompt, as all do, and the answer is held to them.
        has_room = len(field.one_of) <= choices and taken <= characters
        if has_room:
            choices, characters = choices - len(field.one_of), characters - taken
        yield sound(field.name), _property(field, offers=has_room)


def _property(field: AnswerField, *, offers: bool) -> dict[str, object]:
    kind = _TYPES["string"] if field.one_of else _TYPES[field.type]
    if field.one_of and offers:
        kind = {**kind, "enum": [sound(choice) for choice in field.one_of]}
    if described := sound(field.description).strip():
        return {**kind, "description": described}
    return {**kind}


def embedding_body(deployment: str, texts: Iterable[str]) -> dict[str, object]:
    """The body of a request for vectors."""
    # No provider takes an empty text; a blank one says as little.
    said = [sound(text) or " " for text in texts]
    return {"model": sound(deployment), "input": said, "encoding_format": "base64"}


def encoded(body: Mapping[str, object]) -> bytes:
    """The body as it is sent; `ValueError` where JSON has no word for something in it, such as a NaN."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def headers(request: Request | None = None) -> dict[str, str]:
    """Who asks, for whom and within which trace; without a request no more than a fresh id and the trace."""
    return {"x-client-request-id": str(uuid4()), **_trace(), **({} if request is None else _origin(request))}


def _origin(request: Request) -> dict[str, str]:
    origin = {"agent": request.agent, "run": request.run, "step": request.step}
    return {f"x-dirigent-{what}": quote(sound(name), safe="") for what, name in origin.items() if name}


def _trace() -> dict[str, str]:
    # It is needed where something is asked of a model; a cold start goes without.
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    carrier: dict[str, str] = {}
    # This propagator and no other: baggage is nothing for a provider.
    TraceContextTextMapPropagator().inject(carrier)
    return carrier


def sound(text: str) -> str:
    """The text with `?` for halves of characters, which no wire carries."""
    return text.encode("utf-8", "replace").decode()
