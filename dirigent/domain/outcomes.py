"""How an attempt ends: with an output that was kept, or with a failure that says who acts next."""

from enum import StrEnum
from typing import Self

from msgspec.structs import replace

from dirigent.domain.messages import Message


class Category(StrEnum):
    """Why something failed, and so what may help."""

    TRANSIENT = "TRANSIENT"  #: the world had a bad moment; the same again may work
    PERMANENT = "PERMANENT"  #: the same again fails again
    RATE_LIMIT = "RATE_LIMIT"  #: too much at once; later it may work
    TIMEOUT = "TIMEOUT"  #: no answer in time
    AUTHENTICATION = "AUTHENTICATION"  #: a key or a role is missing; a person must act


RETRIED = frozenset({Category.TRANSIENT, Category.RATE_LIMIT, Category.TIMEOUT})


#: Failures travel through histories: no provider's page of HTML may fill one.
LONGEST_MESSAGE = 1_000


class Failure(Message, frozen=True, kw_only=True):
    """What went wrong, in words for the caller."""

    category: Category
    message: str
    #: Seconds the other side asked us to wait.
    retry_after: float | None = None

    def brief(self) -> Self:
        """The same, its message cut to what may travel."""
        if len(self.message) <= LONGEST_MESSAGE:
            return self
        return replace(self, message=self.message[: LONGEST_MESSAGE - 1] + "…")


class Usage(Message, frozen=True, kw_only=True):
    """What a model call consumed."""

    input_tokens: int = 0
    output_tokens: int = 0


class Done(Message, frozen=True, kw_only=True, tag="done", tag_field="outcome"):
    """The step's output is kept with the run, under the step's name."""

    usage: Usage = Usage()


class Failed(Message, frozen=True, kw_only=True, tag="failed", tag_field="outcome"):
    """This attempt brought nothing."""

    failure: Failure
    #: Attempts made in all; one that was never begun counts as none.
    attempts: int = 1


Outcome = Done | Failed
