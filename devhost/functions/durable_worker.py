"""The engine's `Worker`: runs the app's durable functions through the SDK they were written for."""

import json
import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from azure.functions._durable_functions import EntityContext

from devhost.engine.messages import (
    ActivityCall,
    ActivityResult,
    EntityCall,
    EntityResult,
    Episode,
    Failed,
    Turn,
)
from devhost.engine.ports import Done
from devhost.functions.activities import activity_result, run_activity
from devhost.functions.advice import advice_on
from devhost.functions.calls import Surroundings, new_invocation_id
from devhost.functions.catalog import ACTIVITY, ENTITY, ORCHESTRATION, Catalog, Function
from devhost.functions.durable_replay import Run, close, play
from devhost.functions.failures import describe
from devhost.functions.outgoing import (
    HTTP_ACTIVITY,
    Outgoing,
    OutgoingReply,
    RequestFailed,
    RequestRefused,
    request_of,
    result_of,
)
from devhost.functions.running import Ending, Invocation, Raised, Runner

logger = logging.getLogger(__name__)

_TRIGGERS = {"orchestrator": ORCHESTRATION, "activity": ACTIVITY, "entity": ENTITY}


class DurableWorker:
    """Runs durable functions on the runner; an app's exception is an answer, never an error of the host."""

    def __init__(
        self, catalog: Catalog, runner: Runner, surroundings: Surroundings, outgoing: Outgoing
    ) -> None:
        self._catalog = catalog
        self._runner = runner
        self._surroundings = surroundings
        self._outgoing = outgoing

    def orchestrator_named(self, name: str) -> str | None:
        return _registered(self._catalog.orchestrator(name))

    def activity_named(self, name: str) -> str | None:
        if name == HTTP_ACTIVITY:
            return name
        return _registered(self._catalog.activity(name))

    def entity_named(self, name: str) -> str | None:
        return _registered(self._catalog.entity(name))

    def names(self, kind: str) -> tuple[str, ...]:
        return self._catalog.durable_names(_TRIGGERS[kind])

    def python_named(self, kind: str, name: str) -> str | None:
        return self._catalog.python_named(_TRIGGERS[kind], name)

    def play(self, episode: Episode, done: Done[Turn]) -> None:
        function = self._catalog.orchestrator(episode.name)
        if function is None:
            # The app was edited while the instance slept.
            call = partial(_gone, "orchestrator", episode.name)
        else:
            handle: Any = function.call
            input_type = getattr(handle, "_df_input_type", None)
            call = partial(play, handle.orchestrator_function, input_type, episode)
        self._submit(episode.name, call, partial(_turned, done), instance_id=episode.instance_id)

    def let_go(self, held: object) -> None:
        # Not on the host's loop: the orchestrator's `finally` blocks run when it is closed.
        if isinstance(held, Run) and held.is_waiting:
            self._submit("an orchestrator that was let go", partial(close, held), _nothing)

    def act(self, call: ActivityCall, done: Done[ActivityResult]) -> None:
        if call.name == HTTP_ACTIVITY:
            self._send(call, done)
            return
        function = self._catalog.activity(call.name)
        if function is None:
            self._submit(call.name, partial(_gone, "activity", call.name), partial(_acted, done))
        else:
            run_activity(self._runner, function, call, self._surroundings, done)

    def operate(self, call: EntityCall, done: Done[EntityResult]) -> None:
        function = self._catalog.entity(call.name)
        if function is None:
            run: Callable[[], Any] = partial(_gone, "entity", call.name)
        else:
            run = partial(_operate, function.call, call)
        self._submit(call.name, run, partial(_operated, call, done))

    def _send(self, call: ActivityCall, done: Done[ActivityResult]) -> None:
        try:
            request = request_of(call.input_json)
        except RequestRefused as refusal:
            # On a detour: the engine must not hear of an activity while it is about to start it.
            self._submit(call.name, partial(_refused, refusal), partial(_acted, done))
        else:
            self._outgoing.send(request, partial(_answered, done))

    def _submit(
        self,
        name: str,
        call: Callable[[], Any],
        done: Callable[[Ending], None],
        *,
        instance_id: str | None = None,
    ) -> None:
        invocation = Invocation(
            function_name=name, invocation_id=new_invocation_id(), call=call, instance_id=instance_id
        )
        self._runner.submit(invocation, done)


def _nothing(_ending: Ending) -> None:
    return None


def _registered(function: Function | None) -> str | None:
    return None if function is None else function.durable_name


def _gone(kind: str, name: str) -> Any:
    raise LookupError(
        f"The {kind} function '{name}' is no longer in the app: put it back until the instances that use it "
        "have ended, or terminate them"
    )


def _refused(refusal: RequestRefused) -> Any:
    raise refusal


def _answered(done: Done[ActivityResult], answer: OutgoingReply | RequestFailed) -> None:
    done(result_of(answer))


def _turned(done: Done[Turn], ending: Ending) -> None:
    if isinstance(ending, Raised):
        done(Turn(waits={}, outcome=Failed(error=describe(ending.error).message)))
    else:
        done(ending.value)


def _acted(done: Done[ActivityResult], ending: Ending) -> None:
    done(activity_result(ending))


def _operate(handle: Callable[..., str], call: EntityCall) -> EntityResult:
    # One operation a request: the SDK does not reset the result between the operations of a batch.
    request = {
        "self": {"name": call.name, "key": call.key},
        "exists": call.exists,
        "state": call.state_json,
        "batch": [{"name": call.operation, "input": call.input_json, "isSignal": call.is_signal}],
    }
    response = json.loads(handle(context=EntityContext(json.dumps(request))))
    [result] = response["results"]
    if result["isError"] and (advice := advice_on(str(result["result"]))):
        logger.warning(
            "The operation '%s' of entity @%s@%s failed: %s%s",
            call.operation,
            call.name,
            call.key,
            result["result"],
            advice,
        )
    return EntityResult(
        exists=response["entityExists"],
        state_json=response["entityState"] if response["entityExists"] else None,
        result_json=result["result"],
        is_error=result["isError"],
    )


def _operated(call: EntityCall, done: Done[EntityResult], ending: Ending) -> None:
    if isinstance(ending, Raised):
        message = json.dumps(describe(ending.error).message)
        done(EntityResult(exists=call.exists, state_json=call.state_json, result_json=message, is_error=True))
    else:
        done(ending.value)
