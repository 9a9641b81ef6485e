"""A model without a model: the same request gets the same text, and faults come when the script says so."""

from dirigent import codec
from dirigent.adapters.call_journal import CallJournal
from dirigent.adapters.model_script import Dictated, Fault, Script, ScriptRefused
from dirigent.adapters.scripted_faults import garbage, refusal, silence
from dirigent.adapters.scripted_rules import ScriptedRules
from dirigent.domain.outcomes import Usage
from dirigent.ports.clock import Clock
from dirigent.ports.model import ModelFailed, Reply, Request

__all__ = ["Script", "ScriptRefused", "ScriptedModel"]

#: Characters that count as a token, begun ones whole: near what tokenizers make of English.
CHARACTERS_PER_TOKEN = 4

#: Long beyond any time limit, short enough for every clock.
_NEVER = 30 * 86_400.0


class ScriptedModel:
    """Answers at once unless its script tells it to wait, and then waits on the clock alone.

    A call that does not wait never suspends: a virtual clock must not find it idle half-way.
    """

    def __init__(self, clock: Clock, script: Script | None = None) -> None:
        self._clock = clock
        self._pace = script.pace if script else 0.0
        self._faults = ScriptedRules(script.faults if script else ())
        self._answers = ScriptedRules(script.answers if script else ())
        self._journal = CallJournal(script.journal) if script and script.journal else None

    async def complete(self, request: Request) -> Reply:
        """The text for the request, or the fault that is due."""
        if self._journal is not None:
            self._journal.note(request, self._clock.now())
        # Chosen before any waiting, so that faults fall in the order in which calls begin.
        met = self._faults.next_for(request)
        # A call that gets no answer uses up none of those that are dictated.
        dictated = self._answers.next_for(request) if met is None or _is_slow(met.fault) else None
        if self._pace:
            await self._clock.sleep(self._pace)
        if met is not None:
            await self._suffer(met.fault, request.deployment)
        return _reply(request, _text(request) if dictated is None else _told(dictated))

    async def _suffer(self, fault: Fault, deployment: str) -> None:
        if fault == "garbage":
            raise ModelFailed(garbage(deployment))
        if isinstance(fault, str):
            await self._clock.sleep(_NEVER)
            raise ModelFailed(silence(deployment))
        if fault.status is not None:
            raise ModelFailed(refusal(fault.status, fault.retry_after, deployment))
        if fault.slow:
            await self._clock.sleep(fault.slow)


def _is_slow(fault: Fault) -> bool:
    return not isinstance(fault, str) and fault.slow is not None


def _told(dictated: Dictated) -> str:
    answer = dictated.answer
    return answer if isinstance(answer, str) else codec.to_json(answer).decode()


def _text(request: Request) -> str:
    # Its tables of phrases and patterns take long to make: the first call pays, not a cold start.
    from dirigent.adapters.scripted import answer  # noqa: PLC0415

    return answer(
        instructions=request.instructions,
        prompt=request.prompt,
        limit=request.token_limit * CHARACTERS_PER_TOKEN,
        fields=request.answers,
    )


def _reply(request: Request, text: str) -> Reply:
    usage = Usage(
        input_tokens=_tokens(len(request.instructions) + len(request.prompt)),
        output_tokens=_tokens(len(text)),
    )
    return Reply(text=text, model=f"scripted:{request.deployment}", usage=usage)


def _tokens(characters: int) -> int:
    return -(-characters // CHARACTERS_PER_TOKEN)
