"""HTTP functions: a call in, the function run on the worker, a reply out."""

import logging
from collections.abc import Iterable, Mapping

import azure.functions as func
from azure.functions.http import HttpRequest

from devhost.functions.advice import advice_on
from devhost.functions.calls import Surroundings, invocation_of
from devhost.functions.catalog import Function
from devhost.functions.failures import describe
from devhost.functions.http_exchange import HttpCall, HttpReply
from devhost.functions.http_return import reply_to
from devhost.functions.running import Raised, Runner, RunnerClosed

logger = logging.getLogger(__name__)


class HttpTrigger:
    """Runs HTTP functions as Azure's worker does, and words their replies as its host does."""

    def __init__(self, runner: Runner, surroundings: Surroundings) -> None:
        self._runner = runner
        self._surroundings = surroundings

    async def answer(self, function: Function, call: HttpCall, route_values: Mapping[str, str]) -> HttpReply:
        """The function's reply; 500 without a word of the reason when it failed, the log has it."""
        # Azure's front end gives up on a function after 230 s; here it may take as long as it likes.
        invocation = invocation_of(
            function,
            lambda: http_request(call, route_values),
            self._surroundings,
            encode=reply_to,
            trace_parent=call.header("traceparent") or "",
        )
        try:
            ending = await self._runner.run(invocation)
        except RunnerClosed as error:
            logger.warning("%s", error)
            return HttpReply(status=503)
        if isinstance(ending, Raised):
            failure = describe(ending.error)
            logger.error("%s failed: %s", function.name, failure.logged(advice_on(failure.message)))
            return HttpReply(status=500)
        reply: HttpReply = ending.value
        return reply


def http_request(call: HttpCall, route_values: Mapping[str, str]) -> func.HttpRequest:
    """The request as the worker hands it to a function."""
    return HttpRequest(
        method=call.method,
        url=call.url,
        headers={name.lower(): value for name, value in _joined(call.headers).items()},
        # The worker never sees a query value that is empty.
        params={name: value for name, value in _joined(call.query).items() if value},
        route_params=dict(route_values),
        body_type="bytes",
        body=call.body,
    )


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Names that repeat, in any case, have their values joined by commas under the first spelling."""
    spelled: dict[str, str] = {}
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(spelled.setdefault(name.lower(), name), []).append(value)
    return {name: ",".join(several) for name, several in values.items()}
