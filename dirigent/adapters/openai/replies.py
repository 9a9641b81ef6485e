"""What a completion says, or why it says nothing."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from dirigent.adapters.openai.calls import Answer
from dirigent.adapters.openai.failures import Callee, request_id, unreadable
from dirigent.adapters.openai.words import error_of, fit, name, told
from dirigent.domain.outcomes import Category, Failure, Usage
from dirigent.ports.model import ModelFailed, Reply

#: What a provider tells beside its answer is no longer than that.
_LONGEST_NAME = 200


def reply_of(answer: Answer) -> Reply:
    """The reply in the answer; `ModelFailed` where there is none."""
    completion, secrets = read_object(answer), answer.callee.secrets
    choice = _first(completion.get("choices"))
    # Who withholds an answer may leave out the message, but says why it ended.
    finish, message = _name(choice.get("finish_reason"), secrets), choice.get("message")
    text, refused = _said(message) if isinstance(message, dict) else ("", "")
    if (failure := _withheld(answer.callee, finish, refused)) is not None:
        raise ModelFailed(failure, usage=usage_of(completion))
    if not isinstance(message, dict):
        raise ModelFailed(_shapeless(answer))
    if not text:
        what = "answered with calls of tools" if message.get("tool_calls") else "answered with nothing"
        raise ModelFailed(unreadable(answer.callee, what), usage=usage_of(completion))
    return Reply(
        text=text,
        model=model_of(completion, answer.callee),
        usage=usage_of(completion),
        finish=finish,
        request_id=request_id(answer.headers, secrets),
        response_id=_name(completion.get("id"), secrets),
    )


def read_object(answer: Answer) -> Mapping[str, Any]:
    """The answer's JSON object; `ModelFailed` where it is none."""
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise ModelFailed(_shapeless(answer)) from error
    if not isinstance(found, dict):
        raise ModelFailed(_shapeless(answer))
    return found


def usage_of(answer: Mapping[str, Any]) -> Usage:
    """The tokens it tells of; none where it tells of none."""
    usage = answer.get("usage")
    if not isinstance(usage, dict):
        return Usage()
    return Usage(
        input_tokens=_count(usage.get("prompt_tokens")), output_tokens=_count(usage.get("completion_tokens"))
    )


def model_of(answer: Mapping[str, Any], callee: Callee) -> str:
    """The model as it names itself; as we do where it has no name."""
    return _name(answer.get("model"), callee.secrets) or callee.deployment


def _shapeless(answer: Answer) -> Failure:
    said = told(answer.body, answer.callee.secrets)
    if error_of(answer.body).get("message"):
        return unreadable(answer.callee, "sent an error in the place of an answer", said)
    return unreadable(answer.callee, "sent what is no answer" if said else "sent nothing at all", said)


def _withheld(callee: Callee, finish: str | None, refused: str) -> Failure | None:
    if refused:
        remedy, said = "ask for something else, or another model", fit(refused, callee.secrets)
        return callee.fails(Category.PERMANENT, "refusal", "refuses to answer", remedy, said=said)
    if finish == "length":
        remedy = "raise the agent's token_limit, or ask for less"
        return callee.fails(Category.PERMANENT, "truncated", "stopped at its limit of tokens", remedy)
    if finish == "content_filter":
        remedy = "change what is asked for, or the filter"
        what = "was stopped by the content filter"
        return callee.fails(Category.PERMANENT, "content_filter", what, remedy)
    return None


def _first(choices: object) -> Mapping[str, Any]:
    return choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}


def _said(message: Mapping[str, Any]) -> tuple[str, str]:
    """What it says, and with which words it refuses; either may come in parts."""
    content = message.get("content")
    parts = content if isinstance(content, list) else [{"text": content}]
    parts = [part for part in parts if isinstance(part, dict)]
    refused = [message.get("refusal"), *(part.get("refusal") for part in parts)]
    return _joined([part.get("text") for part in parts]), _joined(refused)


def _joined(texts: list[object]) -> str:
    # Halves of characters, which no store can keep, become question marks.
    joined = "".join(text for text in texts if isinstance(text, str))
    return joined.encode("utf-8", "replace").decode()


def _name(found: object, secrets: Iterable[str]) -> str | None:
    return name(found, _LONGEST_NAME, secrets) if isinstance(found, str) and found else None


def _count(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found < 2**53:
        return 0
    return int(found)
