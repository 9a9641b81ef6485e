"""What was asked of a dying host and what it acknowledged, and what must therefore be true in the end."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from random import Random
from typing import Any

WALLETS = tuple(f"wallet-{number}" for number in range(6))
CLIENT_WALLETS = tuple(f"client-{number}" for number in range(3))
LAST_WORD = "that is all"


class Answer(Enum):
    """How a request went."""

    ACKNOWLEDGED = "acknowledged"
    #: The host died, or never lived, before it answered.
    UNKNOWN = "unknown"


@dataclass(slots=True, kw_only=True)
class Run:
    """One instance: what it was started with, and what it was sent."""

    id: str
    program: str
    given: dict[str, Any]
    answer: Answer = Answer.UNKNOWN
    words: dict[str, Answer] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Book:
    """Every start and every signal of a client."""

    runs: dict[str, Run] = field(default_factory=dict)
    signals: dict[str, dict[str, Answer]] = field(
        default_factory=lambda: {wallet: {} for wallet in CLIENT_WALLETS}
    )

    @property
    def acknowledged(self) -> int:
        return sum(run.answer is Answer.ACKNOWLEDGED for run in self.runs.values())


def draw(dice: Random, number: int) -> Run:
    """A run nobody has asked for yet."""
    program = dice.choice(("chain", "fan", "race", "race", "listen", "family", "spend", "insist", "rounds"))
    given: dict[str, Any] = {
        "number": dice.randrange(1_000_000),
        "pause": dice.randrange(1, 1500),
        "wallets": dice.sample(WALLETS, 2),
        "round": 0,
    }
    if program == "race":
        # Long enough never to pass, or any: a decision that comes too late has to be heard all the same.
        given["deadline"] = dice.choice((3_600_000, dice.randrange(1, 4000)))
        given["is_decided"] = given["deadline"] == 3_600_000 or dice.random() < 0.5
    return Run(id=f"{program}-{number}", program=program, given=given)


def worked(number: int) -> int:
    """What the activity `work` makes of a number."""
    return number * 31 % 1_000_003 + 1


def complaints_about_output(run: Run, output: Any) -> Iterator[str]:
    """What is wrong with the output of a run that has completed."""
    if run.program == "listen":
        yield from _about_words(run, output)
    elif run.program == "race":
        yield from _about_race(run, output)
    elif output != _output(run):
        yield f"{run.id} returned {output!r}, not {_output(run)!r}"


def _output(run: Run) -> Any:
    number: int = run.given["number"]
    match run.program:
        case "chain" | "rounds":
            return worked(worked(worked(worked(number))))
        case "fan":
            return [worked(number + n) for n in range(20)]
        case "family":
            numbers = [worked(worked(worked(worked(start)))) for start in (number, number + 1)]
            return {"numbers": numbers, "stumbled": True}
        case "spend":
            return [f"{run.id}:call", f"{run.id}:again"]
        case "insist":
            return [number * 7, True]
    raise LookupError(run.program)


def _about_words(run: Run, heard: list[str]) -> Iterator[str]:
    said = [word for word in run.words if word != LAST_WORD]
    known = [word for word in said if run.words[word] is Answer.ACKNOWLEDGED]
    lost = set(known) - set(heard)
    if lost:
        yield f"{run.id} never heard {sorted(lost)}, which were acknowledged"
    if heard != [word for word in said if word in heard]:
        yield f"{run.id} heard {heard}, but was told {said}"


def _about_race(run: Run, output: Mapping[str, Any]) -> Iterator[str]:
    first = output["first"]
    if output["decision"] != ("yes" if run.given["is_decided"] else None):
        yield f"{run.id} heard the decision {output['decision']!r}"
    if run.given["deadline"] == 3_600_000 and first != "decision":
        yield f"{run.id} saw a deadline an hour before it was due"
    if not run.given["is_decided"] and first != "deadline":
        yield f"{run.id} heard a decision nobody made"


def effects_of(run: Run) -> set[str]:
    """Lines that activities of a completed run must have left, those of unnamed children apart."""
    steps = {
        "chain": ["0", "1", "2", "3"],
        "fan": [str(n) for n in range(20)],
        "insist": ["stubborn", "hopeless"],
        "rounds": [f"round {n}" for n in range(4)],
    }
    if run.program == "family":
        return {f"{run.id}-named {step}" for step in steps["chain"]}
    return {f"{run.id} {step}" for step in steps.get(run.program, ())}


def payments(runs: list[Run]) -> dict[str, Counter[str]]:
    """What must be in each wallet once these runs have completed, and how often: once."""
    kept: dict[str, Counter[str]] = {wallet: Counter() for wallet in WALLETS}
    for run in runs:
        one, other = run.given["wallets"]
        if run.program == "spend":
            kept[one].update([f"{run.id}:signal", f"{run.id}:again"])
            kept[other].update([f"{run.id}:call"])
        elif run.program == "rounds":
            kept[one].update(f"{run.id}:round {number}" for number in range(4))
    return kept


def complaints_about_wallet(name: str, found: list[str], due: Counter[str]) -> Iterator[str]:
    """Every payment is there exactly once, and no other."""
    paid = Counter(found)
    if paid - due:
        yield f"{name} holds too much: {dict(paid - due)}"
    if due - paid:
        yield f"{name} holds too little: {dict(due - paid)}"


def complaints_about_signals(name: str, found: list[str], signals: Mapping[str, Answer]) -> Iterator[str]:
    """Every acknowledged signal is there once, and each of the others at most once."""
    kept = Counter(found)
    doubled = {signal: times for signal, times in kept.items() if times > 1}
    lost = {signal for signal, answer in signals.items() if answer is Answer.ACKNOWLEDGED} - set(kept)
    if doubled:
        yield f"{name} carried out signals more than once: {doubled}"
    if lost:
        yield f"{name} lost signals that were acknowledged: {sorted(lost)}"
    if set(kept) - set(signals):
        yield f"{name} holds what nobody sent: {sorted(set(kept) - set(signals))}"
