"""Rows of dead letters: what is written of one, and the letter that is read of it."""

from collections.abc import Mapping
from datetime import datetime

from dirigent import codec
from dirigent.domain.dead_letters import DeadLetter, State
from dirigent.domain.events import Property
from dirigent.domain.outcomes import Category
from dirigent.domain.runs import Held
from dirigent.ports.records import Row, Value
from dirigent.records.unreadable import of_rows

#: Senders choose these, and a row has its limits; what is cut here stands whole among the properties.
LONGEST_NAME, LONGEST_SENTENCE = 300, 2_000
#: Characters of the properties in one value; some count twice.
PIECE = 15_000

_NAMES = ("subscription", "topic", "type", "event", "correlation_id", "source", "reason", "cause")


def letter_values(letter: DeadLetter) -> dict[str, Value]:
    """What a row of the letter says."""
    held, texts = letter.message, {name: _cut(str(getattr(letter, name)), LONGEST_NAME) for name in _NAMES}
    values: dict[str, Value | None] = {
        **texts,
        "enqueued_at": letter.enqueued_at,
        "message_text": held.text,
        "message_artifact": held.artifact,
        "is_base64": letter.is_base64 or None,
        "content_type": _cut(letter.content_type, LONGEST_NAME),
        **_pieces(codec.to_json(letter.properties).decode()),
        **standing_values(letter),
    }
    return {name: value for name, value in values.items() if value is not None}


def standing_values(letter: DeadLetter) -> dict[str, Value]:
    """As much of it as changes while the letter is kept; what is none is written as empty, over what was."""
    return {
        "state": str(letter.state),
        "source": letter.source,
        "category": str(letter.category),
        "reason": _cut(letter.reason, LONGEST_NAME),
        "description": _cut(letter.description, LONGEST_SENTENCE),
        "cause": letter.cause,
        "died_at": letter.died_at,
        "updated_at": letter.updated_at,
        "delivery_count": letter.delivery_count,
        "run": letter.run or "",
        "step": letter.step or "",
        "replays": letter.replays,
        "batch": letter.batch or "",
        "error": _cut(letter.error, LONGEST_SENTENCE),
    }


@of_rows("dead letter")
def letter_of(row: Row) -> DeadLetter:
    """The dead letter the row tells of."""
    values = row.values
    return DeadLetter(
        id=row.key,
        account=row.partition,
        state=State(str(values["state"])),
        category=Category(str(values["category"])),
        description=str(values["description"]),
        enqueued_at=_instant(values, "enqueued_at"),
        died_at=_instant(values, "died_at"),
        updated_at=_instant(values, "updated_at"),
        message=Held(text=_text(values, "message_text"), artifact=_text(values, "message_artifact")),
        is_base64=values.get("is_base64") is True,
        content_type=str(values["content_type"]),
        properties=codec.from_json(dict[str, Property], _joined(values)),
        delivery_count=int(str(values["delivery_count"])),
        run=_text(values, "run") or None,
        step=_text(values, "step") or None,
        replays=int(str(values["replays"])),
        batch=_text(values, "batch") or None,
        error=str(values["error"]),
        **{name: str(values[name]) for name in _NAMES},
    )


def _pieces(text: str) -> dict[str, Value]:
    return {
        f"properties_{number}": text[place : place + PIECE]
        for number, place in enumerate(range(0, len(text), PIECE))
    }


def _joined(values: Mapping[str, Value]) -> str:
    found: list[str] = []
    while (piece := values.get(f"properties_{len(found)}")) is not None:
        found.append(str(piece))
    return "".join(found)


def _text(values: Mapping[str, Value], name: str) -> str | None:
    value = values.get(name)
    return None if value is None else str(value)


def _instant(values: Mapping[str, Value], name: str) -> datetime:
    value = values[name]
    if not isinstance(value, datetime):
        raise TypeError(f"The row's {name!r} is {value!r}, not an instant.")
    return value


def _cut(text: str, longest: int) -> str:
    # Half of a character can be kept by no store.
    whole = text.encode("utf-8", "replace").decode()
    return whole if len(whole) <= longest else whole[: longest - 1] + "…"
