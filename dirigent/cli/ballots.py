"""What voters said, for people."""

from typing import Any

from dirigent.cli.tables import beside, table

#: Signs of a reason that are shown; the rest is in the JSON.
LONGEST_REASON = 200

#: What makes no difference around a choice.
_SIGNS = " .,;:!?\"'`*_#()[]-"


def are_ballots(value: object) -> bool:
    """Whether the value of a result is what voters said."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(each, dict) and each.keys() >= {"voter", "said"} for each in value)


def ballots_table(ballots: list[dict[str, Any]]) -> list[str]:
    """A row for each voter, what it said and how much that counts; beneath, why."""
    rows = [("voter", "agent", "weight", "said", "choice")]
    for ballot in ballots:
        agent, weight = str(ballot.get("agent") or "-"), str(ballot.get("weight", 1))
        choice = str(ballot.get("choice") or "-")
        rows.append((str(ballot["voter"]), agent, weight, str(ballot["said"]), choice))
    reasons = [(f"  {ballot['voter']}", why) for ballot in ballots if (why := _why(ballot))]
    return [*table(rows, right=(2,)), *(["", *beside(reasons)] if reasons else [])]


def _why(ballot: dict[str, Any]) -> str:
    """Why it brought no answer; else what it answered besides its choice."""
    if ballot.get("category"):
        return _short(f"{ballot['category']}: {ballot.get('because', '')}").removesuffix(".")
    answer, choice = ballot.get("answer"), _folded(ballot.get("choice"))
    if isinstance(answer, dict):
        others = {name: text for name, value in answer.items() if _folded(text := str(value)) != choice}
        return "; ".join(f"{name}: {_short(text)}" for name, text in others.items())
    return "" if answer is None or _folded(answer) == choice else _short(str(answer))


def _folded(value: object) -> str:
    return " ".join(str(value).casefold().split()).strip(_SIGNS)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= LONGEST_REASON else f"{line[: LONGEST_REASON - 1]}…"
