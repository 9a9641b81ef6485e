"""What dead letters died of: how many of each cause."""

from datetime import datetime

from msgspec.structs import replace

from dirigent.domain.dead_letters import Choice, DeadLetter
from dirigent.domain.messages import Message
from dirigent.records.dead_letters import PAGE, DeadLetters, readable

#: Letters that are read for a count: an answer is not to take minutes.
MOST_COUNTED = 5_000


class Cause(Message, frozen=True, kw_only=True):
    """All that came to nothing in the same way."""

    count: int
    #: When the first and the last of them died.
    first: datetime
    last: datetime
    #: The one that died last.
    example: DeadLetter


class Causes(Message, frozen=True, kw_only=True):
    """The causes, the most frequent first."""

    causes: tuple[Cause, ...] = ()
    counted: int = 0
    #: Whether all that fit were counted.
    is_whole: bool = True


async def causes_of(
    letters: DeadLetters, account: str, choice: Choice, *, most: int = MOST_COUNTED
) -> Causes:
    """How many of the letters that fit have each cause, the newest first where there are too many."""
    found: dict[str, Cause] = {}
    counted, is_last, behind = 0, False, None
    while not is_last and counted < most:
        rows, is_last = await letters.rows(account, choice, behind=behind, limit=min(PAGE, most - counted))
        for kept in readable(rows):
            letter = kept.letter
            found[letter.cause] = _with(found.get(letter.cause), letter)
        counted += len(rows)
        behind = rows[-1].key if rows else None
    causes = sorted(found.values(), key=lambda cause: (-cause.count, cause.example.id))
    return Causes(causes=tuple(causes), counted=sum(cause.count for cause in causes), is_whole=is_last)


def _with(cause: Cause | None, letter: DeadLetter) -> Cause:
    if cause is None:
        return Cause(count=1, first=letter.died_at, last=letter.died_at, example=letter)
    return replace(
        cause,
        count=cause.count + 1,
        first=min(cause.first, letter.died_at),
        last=max(cause.last, letter.died_at),
        example=letter if letter.died_at > cause.last else cause.example,
    )
