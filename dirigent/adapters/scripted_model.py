"""A model without a model: the same request gets the same text, and faults come when the script says so."""

from collections.abc import Awaitable, Callable

from dirigent import codec
from dirigent.adapters.call_journal import CallJournal
from dirigent.adapters.model_script import Answered, Dictated, Fault, Script, ScriptRefused
from dirigent.adapters.scripted_faults import failure_of
from dirigent.adapters.scripted_rules import ScriptedRules
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Usage
from dirigent.ports.clock import Clock
from dirigent.ports.model import ModelFailed, Reply, Request

__all__ = ["Script", "ScriptRefused", "ScriptedModel", "Turn"]

#: Characters that count as a token, begun ones whole: near what tokenizers make of English.
CHARACTERS_PER_TOKEN = 4

#: Long beyond any time limit, short enough for every clock.
_NEVER = 30 * 86_400.0

#: Of these the beginning of an answer comes through.
_BEGUN = ("cut", "truncated")


#: Finds the text for a request.
Write = Callable[[Request], Awaitable[str]]


class Turn(Message, frozen=True, kw_only=True):
    """What a call comes to: a text, a fault, or a text of which a fault lets only the beginning through."""

    text: str = ""
    #: The script said what to say.
    is_dictated: bool = False
    fault: Fault | None = None


class ScriptedModel:
    """Answers at once unless its script tells it to wait, and then waits on the clock alone.

    A call that does not wait never suspends: a virtual clock must not find it idle half-way.
    """

    def __init__(self, clock: Clock, script: Script | None = None) -> None:
        self._clock = clock
        self._script = script or Script()
        self._faults = ScriptedRules(self._script.faults)
        self._answers = ScriptedRules(self._script.answers)
        self._journal = CallJournal(self._script.journal) if self._script.journal else None

    async def complete(self, request: Request) -> Reply:
        """The text for the request, or the fault that is due."""
        turn = await self.turn(request)
        if turn.fault is not None and (failure := failure_of(turn.fault, request.deployment)) is not None:
            raise ModelFailed(failure)
        usage = usage_of(request, turn.text)
        return Reply(text=turn.text, model=named(request.deployment), usage=usage, finish="stop")

    async def turn(self, request: Request, write: Write | None = None) -> Turn:
        """What the call comes to, for those who tell of faults, or have texts written, in their own way."""
        fault = self._begun(request)
        is_answered = fault is None or _is_slow(fault)
        # A call that gets no answer uses up none of those that are dictated.
        dictated = self._answers.next_for(request) if is_answered else None
        await self._wait(fault)
        if dictated is not None:
            return Turn(text=_told(dictated), is_dictated=True)
        if is_answered or fault in _BEGUN:
            text = written(request) if write is None else await write(request)
            return Turn(text=text, fault=None if is_answered else fault)
        return Turn(fault=fault)

    async def trouble(self, request: Request) -> Fault | None:
        """The fault that the call meets, for those who answer by themselves."""
        fault = self._begun(request)
        await self._wait(fault)
        return None if fault is None or _is_slow(fault) else fault

    def close(self) -> None:
        """Nothing is held that could be let go of."""

    def _begun(self, request: Request) -> Fault | None:
        # Chosen before any waiting, so that faults fall in the order in which calls begin.
        if self._journal is not None:
            self._journal.note(request, self._clock.now())
        if self._script.models and request.deployment not in self._script.models:
            return Answered(status=404)
        met = self._faults.next_for(request)
        return None if met is None else met.fault

    async def _wait(self, fault: Fault | None) -> None:
        if seconds := self._script.pace + _seconds(fault):
            await self._clock.sleep(seconds)


def named(deployment: str) -> str:
    """How the scripted model calls itself."""
    return f"scripted:{deployment}"


def usage_of(request: Request, text: str) -> Usage:
    """The tokens of a question and its answer."""
    return Usage(
        input_tokens=tokens(len(request.instructions) + len(request.prompt)), output_tokens=tokens(len(text))
    )


def tokens(characters: int) -> int:
    """How many tokens so many characters count as."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def _is_slow(fault: Fault) -> bool:
    return not isinstance(fault, str) and fault.slow is not None


def _seconds(fault: Fault | None) -> float:
    if fault is None or isinstance(fault, str):
        return _NEVER if fault == "timeout" else 0.0
    return fault.slow or 0.0


def _told(dictated: Dictated) -> str:
    answer = dictated.answer
    return answer if isinstance(answer, str) else codec.to_json(answer).decode()


def written(request: Request) -> str:
    """The text for a request that the script leaves alone."""
    # Its tables of phrases and patterns take long to make: the first call pays, not a cold start.
    from dirigent.adapters.scripted import answer  # noqa: PLC0415

    return answer(
        instructions=request.instructions,
        prompt=request.prompt,
        limit=request.token_limit * CHARACTERS_PER_TOKEN,
        fields=request.answers,
    )
