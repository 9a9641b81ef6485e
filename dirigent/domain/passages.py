"""How gates let somebody through, or refuse; instants are microseconds."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from dirigent.domain.breakers import State
from dirigent.domain.messages import Message

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: The last microsecond there is a date for.
LAST = 253_402_300_799_999_999


def micros(instant: datetime) -> int:
    """The instant as gates count."""
    return (instant - EPOCH) // timedelta(microseconds=1)


def instant(micros: int) -> datetime:
    """The instant that a gate means."""
    return EPOCH + timedelta(microseconds=min(max(micros, 0), LAST))


class Level(StrEnum):
    """On whose behalf a gate refuses."""

    ACCOUNT = "account"
    USER = "user"
    AGENT = "agent"
    DEPLOYMENT = "deployment"


class Why(StrEnum):
    """Why a deployment's gate lets nobody through; other gates name the window that is full."""

    OPEN = "open"  #: its circuit is open
    HALF_OPEN = "half_open"  #: all trials are under way
    PAUSED = "paused"  #: it asked for a pause


class Refusal(Message, frozen=True, kw_only=True):
    """Who refuses, why, and until when."""

    level: Level
    #: Name of the account, user, agent or deployment.
    key: str
    #: A `Why`, or the window that is full.
    why: str
    #: What the window holds.
    limit: int | None = None
    come_back_at: int | None = None

    @property
    def is_of_circuit(self) -> bool:
        """Whether it speaks of the dependency's health, and not of how often somebody came."""
        return self.why in (Why.OPEN, Why.HALF_OPEN)

    @property
    def sentence(self) -> str:
        """The same for people."""
        who = f"{self.level} {self.key!r}"
        match self.why:
            case Why.OPEN:
                return f"the circuit of the {who} is open: it failed too often in a row"
            case Why.HALF_OPEN:
                return f"the circuit of the {who} is half open, and all its trial calls are under way"
            case Why.PAUSED:
                return f"the {who} asked everybody for a pause"
        what = "call" if self.level is Level.AGENT else "start"
        span = "second" if self.why == "burst" else self.why
        all_of_them = f"its only {what}" if self.limit == 1 else f"all its {self.limit} {what}s"
        return f"the {who} has had {all_of_them} of any {span}"


class Passage(Message, frozen=True, kw_only=True):
    """How somebody came through a gate in the end."""

    level: Level
    key: str
    #: How the circuit stood.
    state: State | None = None
    #: How often it was refused before, and for how long that took, in seconds.
    refused: int = 0
    waited: float = 0.0
    #: The last few of them.
    refusals: tuple[Refusal, ...] = ()


#: Histories and records hold no more of them.
MOST_REFUSALS = 5


def latest(refusals: Iterable[Refusal]) -> tuple[Refusal, ...]:
    """As many of the refusals as are kept."""
    return tuple(refusals)[-MOST_REFUSALS:]
