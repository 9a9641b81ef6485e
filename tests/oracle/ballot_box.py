"""What a vote is bound to come to, by whoever knows what everybody would say."""

from collections.abc import Iterable, Mapping
from itertools import product

from dirigent.domain.elections import Voter

#: A choice that nobody has made yet.
NEW = "something that nobody has said yet"

#: Everybody's choice; None of those who abstain, fail or are late.
Choices = Mapping[str, str | None]
#: "won" and by what, "tie" or "no_quorum".
Verdict = tuple[str, str | None]


def verdict(voters: Iterable[Voter], needed: int, choices: Choices) -> Verdict:
    """The end of a vote in which everybody has spoken."""
    weights: dict[str, int] = {}
    for voter in voters:
        if (choice := choices[voter.name]) is not None:
            weights[choice] = weights.get(choice, 0) + voter.weight
    enough = {choice: weight for choice, weight in weights.items() if weight >= needed}
    if not enough:
        return "no_quorum", None
    most = max(enough.values())
    first = [choice for choice, weight in enough.items() if weight == most]
    return ("won", first[0]) if len(first) == 1 else ("tie", None)


def certain(voters: tuple[Voter, ...], needed: int, so_far: Choices) -> Verdict | None:
    """The end, if it is the same whatever those say who have not spoken yet."""
    silent = [voter.name for voter in voters if voter.name not in so_far]
    options = [*{choice for choice in so_far.values() if choice is not None}, NEW, None]
    ends = {
        verdict(voters, needed, {**so_far, **dict(zip(silent, said, strict=True))})
        for said in product(options, repeat=len(silent))
    }
    return ends.pop() if len(ends) == 1 else None
