"""The work that everybody does, and how one sees that it was done; knows nobody who does it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

STAGES = ("research", "write", "edit")
VOTERS = ("alice", "bob", "carol")
#: Votes against the others, and takes so many times as long: who waits for it, or hears it, is found out.
DISSENTER, SLOWNESS = "carol", 4
AGREED, NEEDED = "approve", 2
MANAGERS = ("north", "south")
WORKERS = ("left", "right")
#: Asked for each part of a fan-out.
AGENT = "agent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Takes its time, and then says who was asked about what."""

    seconds: float

    async def ask(self, role: str, prompt: str) -> str:
        """`[role:what]`, where what is the last thing between brackets in the prompt; a voter's vote."""
        if self.seconds > 0:
            await asyncio.sleep(self.seconds * (SLOWNESS if role == DISSENTER else 1))
        if role in VOTERS:
            return "reject" if role == DISSENTER else AGREED
        return f"[{role}:{prompt[prompt.rindex('[') + 1 : prompt.rindex(']')]}]"


def topic(run: str) -> str:
    """What the run is about."""
    return f"[{run}]"


def part(number: int) -> str:
    """What one of those who work side by side is told, after the topic."""
    return f"Do part [{number:04}]."


def joined(answers: Iterable[str]) -> str:
    """Several answers put together, which nobody is asked to do."""
    return "\n\n".join(answers)


class Contender(Protocol):
    """Runs workflows to their ends, each under a name that was never used before, and tells what came out."""

    async def chain(self, run: str) -> str:
        """Three stages; each reads what the one before it wrote."""

    async def fan_out(self, run: str, width: int) -> str:
        """So many parts at once, put together in a durable step."""

    async def quorum(self, run: str) -> str:
        """What two of three voters agree on, as soon as they do."""

    async def hierarchy(self, run: str) -> str:
        """Two managers at once, each a workflow of its own with two workers at once; put together twice."""

    async def settings(self) -> dict[str, str]:
        """What its durability rests on, as it was found and not as it was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One kind of work."""

    title: str
    do: Callable[[Contender, str], Awaitable[str]]
    #: What an answer to the run must hold, in this order.
    pieces: Callable[[str], tuple[str, ...]]
    #: Calls one after another, at the least.
    path: int = 1
    #: How many at a time where many are.
    many: int = 100

    def check(self, run: str, answer: str) -> None:
        """Stop where the answer is not the right one: what was measured was something else."""
        place = 0
        for piece in self.pieces(run):
            found = answer.find(piece, place)
            assert found >= 0, f"{self.title}, {run}: {piece!r} is missing in {answer[:500]!r}"
            place = found + len(piece)


def _fan_out(width: int, many: int = 100) -> Work:
    return Work(
        title=f"fan-out {width}: {width} calls at once, then a step that puts them together",
        do=lambda contender, run: contender.fan_out(run, width),
        pieces=lambda run: tuple(f"[{AGENT}:{number:04}]" for number in range(width)),  # noqa: ARG005
        many=many,
    )


WORKS = {
    "chain": Work(
        title="chain: three calls one after another, each reading the one before",
        do=lambda contender, run: contender.chain(run),
        pieces=lambda run: (f"[edit:write:research:{run}]",),
        path=len(STAGES),
    ),
    "fan-out-4": _fan_out(4),
    "fan-out-50": _fan_out(50),
    "fan-out-500": _fan_out(500, many=10),
    "quorum": Work(
        title=f"quorum: {len(VOTERS)} voters, {NEEDED} agree; the other takes {SLOWNESS} times as long",
        do=lambda contender, run: contender.quorum(run),
        pieces=lambda run: (AGREED,),  # noqa: ARG005
    ),
    "hierarchy": Work(
        title="hierarchy: two managers at once, two workers at once under each",
        do=lambda contender, run: contender.hierarchy(run),
        pieces=lambda run: tuple(f"[{w}:{m}]" for m in MANAGERS for w in WORKERS),  # noqa: ARG005
    ),
}
