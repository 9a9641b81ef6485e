"""How an attempt ends: with an output that was kept, or with a failure that says who acts next."""

from collections.abc import Iterable
from datetime import datetime, timedelta
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


#: Clocks of those who cut a call and of those who wait for it differ by less.
AROUND = timedelta(seconds=0.2)
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
    #: In one word what happened, where more is known than the category: `refusal`, `truncated` ...
    reason: str = ""
    #: What the other side said of it, word for word. It may quote what it was asked, so it is for whoever may
    #: see the run, and for no log: what an orchestrator raises is logged.
    said: str = ""

    @property
    def in_full(self) -> str:
        """The message, and what the other side said."""
        return f"{self.message} They said: {self.said}" if self.said else self.message

    @property
    def is_passing(self) -> bool:
        """Whether the same may work later."""
        return self.category in RETRIED

    def is_of(self, due: datetime | None, now: datetime) -> bool:
        """Whether a deadline has cut what it tells of: whoever is cut by it tells so around that time."""
        return self.category is Category.TIMEOUT and due is not None and now >= due - AROUND

    def brief(self) -> Self:
        """The same, as it may travel: its message not too long, and no wait that is none."""
        # Half of a character can be kept by no store.
        wait, message = self.retry_after, self.message.encode("utf-8", "replace").decode()
        if wait is not None and not 0 < wait < LONGEST_RETRY:
            wait = None if not wait > 0 else LONGEST_RETRY
        return replace(
            self,
            message=_cut(message, LONGEST_MESSAGE),
            said=_cut(self.said.encode("utf-8", "replace").decode(), LONGEST_REASON),
            retry_after=wait,
        )


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


class Usage(Message, frozen=True, kw_only=True):
    """What a model call consumed."""

    input_tokens: int = 0
    output_tokens: int = 0

    def plus(self, other: "Usage") -> "Usage":
        """Both together."""
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
        )


#: Of one branch, in words: what is missing of hundreds travels through a history.
LONGEST_REASON = 300


class Missing(Message, frozen=True, kw_only=True):
    """A branch whose result is not in the run's."""

    #: Its name; of one inside another, after that one's and a slash.
    branch: str
    agent: str | None = None
    category: Category
    because: str
    #: When it was given up.
    since: datetime

    @classmethod
    def of(cls, branch: str, agent: str | None, failure: Failure, since: datetime) -> Self:
        """The branch was given up because of this."""
        because = _cut(failure.brief().in_full, LONGEST_REASON)
        return cls(branch=branch, agent=agent, category=failure.category, because=because, since=since)

    def within(self, branch: str) -> Self:
        """The same, as seen from outside the branch it belongs to."""
        return replace(self, branch=f"{branch}/{self.branch}")


#: Of those who are missing, no more are named in a sentence.
MOST_NAMED = 5


def named(missing: tuple[Missing, ...]) -> str:
    """Who is missing, for an error's sentence; the reasons stand beside it."""
    names = [f"{one.branch} ({one.category})" for one in missing[:MOST_NAMED]]
    more = f" and {len(missing) - MOST_NAMED} more" if len(missing) > MOST_NAMED else ""
    return ", ".join(names) + more


class Turnout(Message, frozen=True, kw_only=True):
    """Of those who work side by side, how many brought something, and who did not."""

    completed_agents: int = 0
    #: A deadline passed before all had ended.
    timed_out: bool = False
    missing: tuple[Missing, ...] = ()

    def ordered(self, branches: Iterable[str]) -> Self:
        """The same, with the missing in the order in which their branches are declared."""
        if len(self.missing) < 2:
            return self
        places = {branch: place for place, branch in enumerate(branches)}
        last = len(places)
        missing = sorted(self.missing, key=lambda one: places.get(one.branch.partition("/")[0], last))
        return replace(self, missing=tuple(missing))

    def joined(self, branch: str, inner: "Turnout | None") -> Self:
        """The same, with what is missing inside one of the branches."""
        if inner is None:
            return self
        return replace(
            self,
            timed_out=self.timed_out or inner.timed_out,
            missing=self.missing + tuple(one.within(branch) for one in inner.missing),
        )


class Done(Message, frozen=True, kw_only=True, tag="done", tag_field="outcome"):
    """The step's output is kept with the run, under the step's name."""

    usage: Usage = Usage()
    #: A fallback answered.
    is_degraded: bool = False
    #: It was done before, and nobody was called.
    is_repeated: bool = False
    #: What it says in the field that decides how the run goes on: which branch, or for what it votes.
    told: str | None = None
    #: Of a step that is itself made of branches: what is missing in it.
    turnout: Turnout | None = None


class Failed(Message, frozen=True, kw_only=True, tag="failed", tag_field="outcome"):
    """This attempt brought nothing."""

    failure: Failure
    #: Attempts made in all; one that was never begun counts as none.
    attempts: int = 1
    #: What was called has failed, and not what is around it: it speaks of its health.
    is_theirs: bool = False
    #: A store of the app's did not answer: it speaks of nobody who was called, and is no attempt of theirs.
    is_stores: bool = False
    #: The step's work is kept; what failed is to write down that the run is over.
    is_done: bool = False
    #: And it was kept before: nobody was called.
    is_repeated: bool = False
    #: How far the call had come.
    passage: Passage | None = None


Outcome = Done | Failed
