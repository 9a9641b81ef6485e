"""What voters said: as a list for results, as labelled text for whoever judges it."""

from collections.abc import Iterable, Mapping

from dirigent.domain import prompts
from dirigent.domain.elections import Ballot, Poll, Said, Voter, written
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Missing, Turnout

#: Whoever was not heard before the decision was certain, or not asked at all.
UNHEARD = "unheard"


class Vote(Message, frozen=True, kw_only=True):
    """A voter's ballot, with what it answered."""

    voter: str
    agent: str | None
    weight: int
    said: str
    choice: str | None = None
    #: An object where the answer was one, else a text.
    answer: object = None
    text: str = ""
    category: str | None = None
    because: str | None = None


def answered(voters: Iterable[Voter], poll: Poll | None, turnout: Turnout | None) -> tuple[str, ...]:
    """Those whose answers count: whoever is missing stays so, whatever has come of it since."""
    missing = {one.branch for one in turnout.missing} if turnout is not None else set()
    names = [voter.name for voter in voters if voter.name not in missing]
    if poll is None:
        return tuple(names)
    silent = (None, Said.FAILED)
    return tuple(name for name in names if _said(poll.ballots.get(name)) not in silent)


def _said(ballot: Ballot | None) -> Said | None:
    return None if ballot is None else ballot.said


def is_by(labels: Mapping[str, object], poll: Poll | None) -> bool:
    """Whether the poll's choices are those labels."""
    ballots = {} if poll is None else poll.ballots
    choices = {voter: ballot.choice for voter, ballot in ballots.items()}
    # One without a label stands alone.
    wanted = {voter: written(str(label)) for voter, label in labels.items()}
    return all(choices.get(voter) == label for voter, label in wanted.items() if label)


def silent(voter: Voter, agent: str | None, ballot: Ballot | None, missing: Missing | None) -> Vote:
    """The vote of one whose answer does not count."""
    if ballot is None and missing is None:
        return Vote(voter=voter.name, agent=agent, weight=voter.weight, said=UNHEARD)
    category = missing.category if missing is not None else ballot.category if ballot is not None else None
    because = missing.because if missing is not None else ballot.because if ballot is not None else None
    return Vote(
        voter=voter.name,
        agent=agent,
        weight=voter.weight,
        said=str(Said.FAILED),
        category=None if category is None else str(category),
        because=because,
    )


def listed(votes: Iterable[Vote]) -> list[dict[str, object]]:
    """Every vote, in its order."""
    return [_entry(vote) for vote in votes]


def _entry(vote: Vote) -> dict[str, object]:
    entry: dict[str, object] = {
        "voter": vote.voter,
        "agent": vote.agent,
        "weight": vote.weight,
        "said": vote.said,
        "choice": vote.choice,
        "answer": vote.answer,
    }
    why = {"category": vote.category, "because": vote.because}
    return entry | {name: value for name, value in why.items() if value is not None}


def told(votes: Iterable[Vote]) -> str:
    """All of them in words."""
    whole = tuple(votes)
    names = tuple(vote.voter for vote in whole)
    return "\n\n".join(_told(vote, names) for vote in whole)


def _told(vote: Vote, names: tuple[str, ...]) -> str:
    if vote.said == UNHEARD:
        return f"[{vote.voter} was not heard]"
    if vote.said == Said.FAILED:
        because = " ".join((vote.because or "").split())
        return f"[{vote.voter} gave no answer ({vote.category}): {because}]"
    weight = "" if vote.weight == 1 else f" (weight {vote.weight})"
    abstained = " (abstained)" if vote.said == Said.ABSTAINED else ""
    return f"## {vote.voter}{weight}{abstained}\n\n{prompts.unlabelled(vote.text.strip(), names)}"
