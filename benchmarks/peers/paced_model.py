"""The bench's model behind the app's port: what peers ask directly, the app asks as its model."""

from benchmarks.peers import work
from dirigent.domain.outcomes import Usage
from dirigent.ports.model import Reply, Request


class PacedModel:
    """Answers as the bench's model does; roles are agents."""

    def __init__(self, model: work.Model) -> None:
        self._model = model

    async def complete(self, request: Request) -> Reply:
        """The answer, after the model's time."""
        return Reply(text=await self._model.ask(request.agent, request.prompt), model="paced", usage=Usage())

    def close(self) -> None:
        """Nothing is held."""
