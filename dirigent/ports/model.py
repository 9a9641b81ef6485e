"""A language model."""

from typing import Protocol

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Failure, Usage
from dirigent.domain.steps import AnswerField


class Request(Message, frozen=True, kw_only=True):
    """One question to a model, rendered."""

    #: What the provider calls the model.
    deployment: str
    #: Who asks: the agent's name, for scripts and traces.
    agent: str
    #: The system prompt.
    instructions: str
    #: The user's message; what users and models wrote stands in it as delimited data.
    prompt: str
    temperature: float
    token_limit: int
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


class ModelFailed(Exception):
    """The model did not answer; the failure says in which way."""

    def __init__(self, failure: Failure, *, is_theirs: bool = True) -> None:
        self.failure = failure
        #: The deployment failed, and nothing on our side of the call: it speaks of its health.
        self.is_theirs = is_theirs
        super().__init__(f"{failure.category}: {failure.message}")


class Model(Protocol):
    """Answers requests; retries nothing, for durable timers do."""

    async def complete(self, request: Request) -> Reply:
        """The answer; `ModelFailed` when there is none. Whoever asks sets the time limit and cancels."""
