"""Votes: several answer the same question, and what enough of them say is taken."""

import unicodedata
from collections.abc import Mapping
from enum import StrEnum
from hashlib import sha256
from typing import Self

import msgspec
from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category

#: Quotes and marks of emphasis around an answer, and what a sentence ends with.
_AROUND, _BEHIND = " \"'`*_\u201c\u201d\u2018\u2019\u00ab\u00bb", " .,;:!?"
#: Longer choices travel as their hashes.
LONGEST_CHOICE = 200


def written(answer: str) -> str:
    """The answer as votes are compared: capitals, widths, blanks, quotes and full stops make no difference.

    Signs that may say something stay: `C#` is not `C`, and `-1` not `1`.
    """
    text = " ".join(unicodedata.normalize("NFKC", answer).casefold().split())
    text = text.strip(_AROUND).rstrip(_BEHIND).strip(_AROUND) or text
    return text if len(text) <= LONGEST_CHOICE else sha256(text.encode()).hexdigest()


class Said(StrEnum):
    """What came of asking a voter."""

    CHOICE = "choice"  #: it chose
    ABSTAINED = "abstained"  #: it answered that it does not choose
    FAILED = "failed"  #: no answer came


class End(StrEnum):
    """How a poll ends."""

    WON = "won"  #: one choice has what it needs, and more than any other
    TIE = "tie"  #: several have what they need, and the same
    NO_QUORUM = "no_quorum"  #: none has what it needs


class Voter(Message, frozen=True, kw_only=True):
    """Somebody who is asked, and how much its choice counts."""

    name: str
    weight: int = 1


class Election(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Who votes on what, and what becomes of it."""

    #: By the names of their steps.
    voters: tuple[Voter, ...]
    #: The weight that a choice needs.
    needed: int
    #: The step that tells the decision and the ballots.
    tally: str
    #: Seconds for the voters; None is as long as the run.
    deadline: float | None = None
    #: The field of a voter's answer that is its vote; None is the answer as a whole.
    by: str | None = None
    #: Whoever says this has no opinion.
    abstain: str = "abstain"
    #: The step in which somebody says which answers mean the same; None where the same is written the same.
    same: str | None = None
    #: The step in which somebody decides where the voters did not; None leaves it undecided.
    resolution: str | None = None

    @property
    def weight(self) -> int:
        """Of all voters together."""
        return sum(voter.weight for voter in self.voters)


class Ballot(Message, frozen=True, kw_only=True):
    """What a voter said."""

    voter: str
    said: Said
    #: Choices that mean the same are written the same.
    choice: str | None = None
    #: Of one that brought no answer: why.
    category: Category | None = None
    because: str | None = None


class Decision(Message, frozen=True, kw_only=True):
    """How the poll ended, whatever those who have not answered yet may say."""

    end: End
    choice: str | None = None


class Poll(Message, frozen=True, kw_only=True):
    """Voters, what a choice needs, and the ballots so far; the first ballot of a voter stands."""

    voters: tuple[Voter, ...]
    #: The weight that a choice needs.
    needed: int
    ballots: dict[str, Ballot] = msgspec.field(default_factory=dict)

    def hear(self, ballot: Ballot) -> Self:
        """A voter's ballot arrived."""
        if ballot.voter in self.ballots:
            return self
        return replace(self, ballots=self.ballots | {ballot.voter: ballot})

    @property
    def tally(self) -> Mapping[str, int]:
        """The weight of each choice."""
        found: dict[str, int] = {}
        for voter in self.voters:
            ballot = self.ballots.get(voter.name)
            if ballot is not None and ballot.choice is not None:
                found[ballot.choice] = found.get(ballot.choice, 0) + voter.weight
        return found

    @property
    def open(self) -> int:
        """The weight of those who have not answered yet."""
        return sum(voter.weight for voter in self.voters if voter.name not in self.ballots)

    @property
    def decision(self) -> Decision | None:
        """The end, as soon as nothing that may still be said can change it."""
        tally, still = self.tally, self.open
        most = max(tally.values(), default=0)
        if most + still < self.needed:
            return Decision(end=End.NO_QUORUM)
        first = [choice for choice, weight in tally.items() if weight == most]
        if most < self.needed or not first:
            return None
        # All that is open may go to the second, or to somebody new.
        second = max((weight for choice, weight in tally.items() if choice != first[0]), default=0)
        if second + still < most:
            return Decision(end=End.WON, choice=first[0])
        return Decision(end=End.TIE) if still == 0 else None
