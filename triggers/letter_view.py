"""Dead letters as the HTTP API tells them."""

from dirigent import codec
from dirigent.domain.dead_letters import DeadLetter
from dirigent.records.letter_causes import Cause


def letter_line(letter: DeadLetter) -> dict[str, object]:
    """A dead letter without its message."""
    return {
        "id": letter.id,
        "state": letter.state,
        "subscription": letter.subscription,
        "topic": letter.topic,
        "type": letter.type,
        "event": letter.event,
        "correlation_id": letter.correlation_id,
        "source": letter.source,
        "category": letter.category,
        "reason": letter.reason,
        "description": letter.description,
        "cause": letter.cause,
        "task_id": letter.run,
        "step": letter.step,
        "delivery_count": letter.delivery_count,
        "replays": letter.replays,
        "replay_id": letter.batch,
        "error": letter.error or None,
        "enqueued_at": letter.enqueued_at,
        "died_at": letter.died_at,
        "updated_at": letter.updated_at,
    }


def letter_view(letter: DeadLetter, text: str | None, lost: str = "") -> dict[str, object]:
    """The same with its message; without one, why it is lost."""
    message, encoding = _message(letter, text)
    return {
        **letter_line(letter),
        "content_type": letter.content_type,
        "properties": letter.properties,
        "encoding": encoding,
        "message": message,
        "message_lost": lost or None,
    }


def cause_line(cause: Cause) -> dict[str, object]:
    """All that came to nothing in the same way; what is told of them is told of the one that died last."""
    letter = cause.example
    return {
        "cause": letter.cause,
        "count": cause.count,
        "subscription": letter.subscription,
        "topic": letter.topic,
        "source": letter.source,
        "category": letter.category,
        "reason": letter.reason,
        "description": letter.description,
        "step": letter.step,
        "first_died_at": cause.first,
        "last_died_at": cause.last,
        "example": letter.id,
    }


def _message(letter: DeadLetter, text: str | None) -> tuple[object, str | None]:
    if text is None:
        return None, None
    if letter.is_base64:
        return text, "base64"
    try:
        return codec.from_json(dict, text), "json"
    except codec.Undecodable:
        return text, "text"
