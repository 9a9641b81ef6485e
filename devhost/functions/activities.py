"""Runs activities for the engine."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from azure.functions.meta import Datum

from devhost.engine.messages import ActivityCall, ActivityFailed, ActivityResult, ActivitySucceeded
from devhost.functions import conversions, failures
from devhost.functions.advice import advice_on
from devhost.functions.calls import Surroundings, invocation_of
from devhost.functions.catalog import ACTIVITY, Function
from devhost.functions.places import failed_at
from devhost.functions.running import Ending, Invocation, Raised, Runner

logger = logging.getLogger(__name__)


def activity_invocation(function: Function, call: ActivityCall, surroundings: Surroundings) -> Invocation:
    """One delivery of an activity; its ending holds the result's JSON text, or None."""
    return invocation_of(function, partial(decoded, call.input_json), surroundings, encode=encoded)


def activity_result(ending: Ending) -> ActivityResult:
    """What the engine hears of an ending."""
    if isinstance(ending, Raised):
        failure = failures.describe(ending.error)
        return ActivityFailed(error=failure.message, details=failure.stack)
    return ActivitySucceeded(result_json=ending.value)


def run_activity(
    runner: Runner,
    function: Function,
    call: ActivityCall,
    surroundings: Surroundings,
    done: Callable[[ActivityResult], None],
) -> None:
    """Run an activity; `done` is called on the host's loop."""

    def finish(ending: Ending) -> None:
        if isinstance(ending, Raised):
            _tell(call, ending.error)
        done(activity_result(ending))

    runner.submit(activity_invocation(function, call, surroundings), finish)


def _tell(call: ActivityCall, error: BaseException) -> None:
    text = failures.describe(error).message
    logger.error(
        "The activity '%s' (instance '%s') failed%s: %s%s",
        call.name,
        call.instance_id,
        failed_at(error),
        text,
        advice_on(text),
    )


def decoded(input_json: str | None) -> Any:
    """The argument, by the SDK's rules: text that is not JSON arrives as it is."""
    # Where there is no input the worker finds no datum at all, and fails on it; so does the converter.
    absent: Any = None
    datum = absent if input_json is None else Datum(input_json, "string")
    return conversions.decode(ACTIVITY, datum)


def encoded(returned: Any) -> str | None:
    """The result's JSON text; a function that returns None has no result."""
    # Encoded all the same on Azure, where `null` becomes no result.
    return None if returned is None else str(conversions.encode(ACTIVITY, returned).value)
