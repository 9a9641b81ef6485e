"""Turnouts in rows: what is missing of hundreds of branches is more than one value may hold."""

from collections.abc import Mapping

from msgspec.structs import replace

from dirigent import codec
from dirigent.domain.outcomes import Turnout
from dirigent.ports.records import Value

#: Characters in one value; some count twice.
PIECE = 15_000
#: As many pieces as leave a row its room for all else.
MOST_PIECES = 20
#: A reason's length where the whole ones have no room.
SHORT = 60


def turnout_values(turnout: Turnout | None) -> dict[str, Value]:
    """What a row says of the turnout."""
    if turnout is None:
        return {}
    text = _fitting(turnout)
    pieces = [text[place : place + PIECE] for place in range(0, len(text), PIECE)]
    # Their number is written, too: over a longer turnout, what is left of that is none of this.
    values: dict[str, Value] = {"turnout_pieces": len(pieces)}
    return values | {f"turnout_{number}": piece for number, piece in enumerate(pieces)}


def turnout_text(values: Mapping[str, Value]) -> str | None:
    """The turnout's JSON text, if the row has one."""
    count = values.get("turnout_pieces")
    if count is None:
        return None
    return "".join(str(values.get(f"turnout_{number}", "")) for number in range(int(str(count))))


def turnout_of(text: str) -> Turnout:
    """The turnout that the text tells."""
    return codec.from_json(Turnout, text)


def _fitting(turnout: Turnout) -> str:
    """Its text without what has no room: the ends of the reasons first, then the last of the missing."""
    text = _text(turnout)
    if len(text) > PIECE * MOST_PIECES:
        missing = tuple(replace(one, because=one.because[:SHORT]) for one in turnout.missing)
        turnout = replace(turnout, missing=missing)
        text = _text(turnout)
    while len(text) > PIECE * MOST_PIECES:
        turnout = replace(turnout, missing=turnout.missing[: len(turnout.missing) * 3 // 4])
        text = _text(turnout)
    return text


def _text(turnout: Turnout) -> str:
    return codec.to_json(turnout).decode()
