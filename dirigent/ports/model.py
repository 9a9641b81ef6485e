"""A language model."""

from typing import Protocol

from dirigent.domain.dialects import Dialect
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Failure, Usage
from dirigent.domain.steps import AnswerField


class Request(Message, frozen=True, kw_only=True):
    """One question to a model, rendered."""

    #: What the provider calls the model.
    deployment: str
    #: Where it is reached, as the settings name it; None for where all others are.
    endpoint: str | None = None
    dialect: Dialect = Dialect()
    #: Who asks: the agent's name, for scripts and traces.
    agent: str
    #: The system prompt.
    instructions: str
    #: The user's message; what users and models wrote stands in it as delimited data.
    prompt: str
    temperature: float
    token_limit: int
    #: Time the call has, in seconds; whoever asks cancels it then at the latest.
    seconds: float = 30.0
    #: The answer is to be a JSON object of these fields; a text where there are none.
    answers: tuple[AnswerField, ...] = ()
    #: For whom: the run and its step, for scripts and traces.
    run: str = ""
    step: str = ""


class Reply(Message, frozen=True, kw_only=True):
    """What the model said."""

    text: str
    #: The model as it names itself; a scripted one says so.
    model: str
    usage: Usage
    #: Why it stopped, and how the provider calls the call: what its support asks for.
    finish: str | None = None
    request_id: str | None = None
    #: How it calls what it said; traces tell it, records do not keep it.
    response_id: str | None = None


class ModelFailed(Exception):
    """The model did not answer; the failure says in which way."""

    def __init__(self, failure: Failure, *, is_theirs: bool = True, usage: Usage | None = None) -> None:
        self.failure = failure
        #: What the call consumed all the same, where that is known.
        self.usage = usage
        #: The deployment failed, and nothing on our side of the call: it speaks of its health.
        self.is_theirs = is_theirs
        super().__init__(f"{failure.category}: {failure.message}")


class Model(Protocol):
    """Answers requests; retries nothing, for durable timers do."""

    async def complete(self, request: Request) -> Reply:
        """The answer; `ModelFailed` when there is none. Whoever asks sets the time limit and cancels."""

    def close(self) -> None:
        """Let go of what it is connected with; the next request connects anew."""
