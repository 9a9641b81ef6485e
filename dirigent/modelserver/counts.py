"""The server's own count of what was asked and told."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from msgspec.structs import replace

from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Usage


class Tally(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Calls, and the tokens that their answers told of."""

    calls: int = 0
    #: Of these, how many were sent what was asked for.
    answered: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


class Counts(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Everything since the server began, and by who asked and by what was asked."""

    total: Tally = Tally()
    agents: dict[str, Tally]
    deployments: dict[str, Tally]
    #: Calls that have begun and not ended, and the most there ever were.
    in_flight: int = 0
    most_in_flight: int = 0


class Call:
    """One call while it lasts."""

    def __init__(self, counter: "Counter", agent: str, deployment: str) -> None:
        self._counter, self._agent, self._deployment = counter, agent, deployment

    def told(self, usage: Usage, *, is_answered: bool = True) -> None:
        """A whole response goes out with this usage in it; whoever reads it finds it counted."""
        more = Tally(
            answered=int(is_answered), input_tokens=usage.input_tokens, output_tokens=usage.output_tokens
        )
        self._counter.add(self._agent, self._deployment, more)


class Counter:
    """Counts on the server's thread, and is read from any."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._total = Tally()
        self._agents: dict[str, Tally] = {}
        self._deployments: dict[str, Tally] = {}
        self._in_flight = self._most = 0

    @contextmanager
    def call(self, agent: str, deployment: str) -> Iterator[Call]:
        """A call from its beginning to its end, whatever that is."""
        with self._lock:
            self._in_flight += 1
            self._most = max(self._most, self._in_flight)
        self.add(agent, deployment, Tally(calls=1))
        try:
            yield Call(self, agent, deployment)
        finally:
            with self._lock:
                self._in_flight -= 1

    def add(self, agent: str, deployment: str, more: Tally) -> None:
        """Count this on top."""
        with self._lock:
            self._total = _sum(self._total, more)
            self._agents[agent] = _sum(self._agents.get(agent, Tally()), more)
            self._deployments[deployment] = _sum(self._deployments.get(deployment, Tally()), more)

    def counts(self) -> Counts:
        """All of it, at one moment."""
        with self._lock:
            return Counts(
                total=self._total,
                agents=dict(self._agents),
                deployments=dict(self._deployments),
                in_flight=self._in_flight,
                most_in_flight=self._most,
            )


def _sum(one: Tally, more: Tally) -> Tally:
    return replace(
        one,
        calls=one.calls + more.calls,
        answered=one.answered + more.answered,
        input_tokens=one.input_tokens + more.input_tokens,
        output_tokens=one.output_tokens + more.output_tokens,
    )
