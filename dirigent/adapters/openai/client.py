"""Posts to services that speak OpenAI's protocol, for callers of any event loop."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypeVar

from dirigent.adapters.backstage import Backstage
from dirigent.adapters.openai.calls import Answer, Call
from dirigent.adapters.openai.failures import closed
from dirigent.adapters.openai.tokens import EntraTokens
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint

if TYPE_CHECKING:
    from dirigent.adapters.openai.lines import OpenAILines


Result = TypeVar("Result")


class OpenAIClient:
    """One adapter's connections; made, with all that must be imported for them, for the first call."""

    def __init__(
        self, name: str, endpoints: Mapping[str | None, Endpoint], tokens: EntraTokens | None = None
    ) -> None:
        def lines() -> "OpenAILines":
            from dirigent.adapters.openai.lines import OpenAILines  # noqa: PLC0415

            return OpenAILines(endpoints, tokens or EntraTokens())

        self._backstage: Backstage[OpenAILines] = Backstage(name, lines, lambda lines: lines.close())

    async def post(self, call: Call, read: Callable[[Answer], Result]) -> Result:
        """What is read of what they answered with success; `ModelFailed` for everything else."""

        # It is read there as well: an answer may be long, and the caller's loop is everybody's.
        async def asked(lines: "OpenAILines") -> Result:
            return read(await lines.post(call))

        try:
            return await self._backstage.do(asked)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            # Nobody gave the caller up: we hung up, and the caller lives on.
            raise ModelFailed(closed(call.deployment), is_theirs=False) from error

    def close(self) -> None:
        """Give up calls under way and let go of all connections; the next call connects anew."""
        self._backstage.close()
