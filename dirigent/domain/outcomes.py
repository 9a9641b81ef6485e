"""How an attempt ends: with an output that was kept, or with a failure that says who acts next."""

from enum import StrEnum
from typing import Self

from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.passages import Passage


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
#: Nobody is asked to wait for longer than a year, whatever was said.
LONGEST_RETRY = 365 * 86_400.0


class Failure(Message, frozen=True, kw_only=True):
    """What went wrong, in words for the caller."""

    category: Category
    message: str
    #: Seconds the other side asked us to wait.
    retry_after: float | None = None

    def brief(self) -> Self:
        """The same, as it may travel: its message not too long, and no wait that is none."""
        wait, message = self.retry_after, self.message
        if wait is not None and not 0 < wait < LONGEST_RETRY:
            wait = None if not wait > 0 else LONGEST_RETRY
        if len(message) > LONGEST_MESSAGE:
            message = message[: LONGEST_MESSAGE - 1] + "…"
        return replace(self, message=message, retry_after=wait)


class Usage(Message, frozen=True, kw_only=True):
    """What a model call consumed."""

    input_tokens: int = 0
    output_tokens: int = 0


class Done(Message, frozen=True, kw_only=True, tag="done", tag_field="outcome"):
    """The step's output is kept with the run, under the step's name."""

    usage: Usage = Usage()
    #: A fallback answered.
    is_degraded: bool = False
    #: It was done before, and nobody was called.
    is_repeated: bool = False


class Failed(Message, frozen=True, kw_only=True, tag="failed", tag_field="outcome"):
    """This attempt brought nothing."""

    failure: Failure
    #: Attempts made in all; one that was never begun counts as none.
    attempts: int = 1
    #: What was called has failed, and not what is around it: it speaks of its health.
    is_theirs: bool = False
    #: The step's work is kept; what failed is to write down that the run is over.
    is_done: bool = False
    #: And it was kept before: nobody was called.
    is_repeated: bool = False
    #: How far the call had come.
    passage: Passage | None = None


Outcome = Done | Failed
