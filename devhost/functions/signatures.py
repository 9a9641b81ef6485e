"""From the functions the SDK lists to those the host calls, refused where Azure's worker refuses."""

import inspect
import json
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from devhost.functions import annotations, conversions
from devhost.functions.catalog import (
    ACTIVITY,
    CLIENT,
    ENTITY,
    HTTP,
    ORCHESTRATION,
    RETURN,
    SERVICE_BUS,
    TIMER,
    Binding,
    Dropped,
    Function,
)
from devhost.functions.refusals import AppRefused, MissingSetting
from devhost.functions.settings import AppSettings

_FUNCTION_NAME = re.compile(r"[a-z][a-z0-9_-]{0,127}", re.IGNORECASE)
_BINDING_NAME = re.compile(r"(?!.*__)[a-zA-Z_][a-zA-Z0-9_]{0,127}")
#: Names of settings or of Python parameters, never references to settings.
_UNRESOLVED = frozenset({"name", "type", "direction", "dataType", "connection", "connectionName", "filter"})
_DURABLE_NAME = {ORCHESTRATION: "orchestration", ACTIVITY: "activity", ENTITY: "entityName"}
_PLAYED = frozenset({ORCHESTRATION, ACTIVITY, ENTITY, HTTP, TIMER, SERVICE_BUS})
_WRITE_DEF = "decorate a function written with def; builtins and callable objects have no source."
_INTERVALS = {
    "fixed_delay": ("delay_interval",),
    "exponential_backoff": ("minimum_interval", "maximum_interval"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The functions Azure would run, those it would leave out, and what is worth a warning."""

    functions: tuple[Function, ...]
    dropped: tuple[Dropped, ...]
    warnings: tuple[str, ...]


def check(indexed: Iterable[Any], settings: AppSettings) -> Checked:
    """Check the SDK's functions; one that the worker would refuse refuses the whole app."""
    # All signatures first: on Azure the host looks at names only when the worker has let every function pass.
    pairs = [(function, _described(function)) for function in indexed]
    functions: list[Function] = []
    dropped: list[Dropped] = []
    warnings: list[str] = []
    for original, described in pairs:
        try:
            _check_names(described)
            _check_enabled(described, settings)
            functions.append(_resolved(described, settings))
        except (_LeftOut, MissingSetting) as error:
            dropped.append(Dropped(name=described.name, reason=str(error)))
        else:
            warnings.extend(_warnings(described, original.get_user_function()))
    return Checked(
        functions=tuple(functions), dropped=tuple(dropped), warnings=(*warnings, *_rivals(functions))
    )


class _LeftOut(Exception):
    """Azure's host leaves this function out."""


def _check_enabled(function: Function, settings: AppSettings) -> None:
    setting = settings.disabling(function.name)
    if setting is not None:
        raise _LeftOut(f"the setting {setting} switches it off")


def _described(indexed: Any) -> Function:
    name, call = indexed.get_function_name(), indexed.get_user_function()
    parameters = _parameters(name, call)
    hints = annotations.hints_of(name, call)
    directory = _directory(name, call)
    bindings = tuple(_binding(raw) for raw in indexed.get_raw_bindings())
    bound = {binding.name: binding for binding in bindings if binding.name != RETURN}
    wants_context = "context" in parameters and "context" not in bound
    if wants_context:
        del parameters["context"]
        annotations.check_context(name, hints)
    annotations.check_names(name, parameters, bound)
    data_types = {binding.name: binding.data_type for binding in indexed.get_bindings()}
    raw = frozenset(
        parameter
        for parameter in parameters
        if parameter in hints
        and annotations.check_parameter(name, bound[parameter], hints[parameter], data_types[parameter])
    )
    explicit = next((binding.type for binding in bindings if binding.name == RETURN), None)
    if explicit is not None and "return" in hints:
        annotations.check_return(name, explicit, hints["return"])
    _check_retry(name, indexed.get_settings_dict("retry_policy"))
    trigger = bound[indexed.get_trigger().name]
    return Function(
        name=name,
        trigger=trigger,
        bindings=bindings,
        call=call,
        is_async=inspect.iscoroutinefunction(call),
        directory=directory,
        wants_context=wants_context,
        durable_name=_durable_name(name, trigger),
        raw_parameters=raw,
        returns=explicit or _implicit_return(bindings),
    )


def _parameters(name: str, call: Callable[..., Any]) -> dict[str, inspect.Parameter]:
    try:
        return dict(inspect.signature(call).parameters)
    except (TypeError, ValueError) as error:
        raise AppRefused(f"{type(error).__name__}: {error}", _WRITE_DEF, function=name) from error


def _directory(name: str, call: Callable[..., Any]) -> str:
    try:
        return str(Path(inspect.getfile(call)).parent)
    except TypeError as error:
        raise AppRefused(f"TypeError: {error}", _WRITE_DEF, function=name) from error


def _binding(raw: str) -> Binding:
    attributes = json.loads(raw)
    return Binding(
        type=attributes["type"],
        name=attributes["name"],
        is_out=attributes.get("direction") == "OUT",
        attributes=MappingProxyType(attributes),
    )


def _durable_name(name: str, trigger: Binding) -> str | None:
    attribute = _DURABLE_NAME.get(trigger.type)
    return None if attribute is None else str(trigger.attributes.get(attribute) or name)


def _implicit_return(bindings: tuple[Binding, ...]) -> str | None:
    implicit = [b.type for b in bindings if b.type != CLIENT and conversions.has_implicit_output(b.type)]
    return implicit[-1] if implicit else None


def _check_retry(name: str, retry: dict[str, Any] | None) -> None:
    if not retry:
        return
    strategy = retry.get("strategy")
    remedy = 'write fixed_delay with delay_interval="00:00:05", or exponential_backoff with both intervals.'
    if strategy not in _INTERVALS:
        raise AppRefused(f'ValueError: unknown enum label "{strategy}"', remedy, function=name)
    for interval in _INTERVALS[strategy]:
        try:
            # The worker reads intervals as times of day, so 24 hours are out of reach.
            time.strptime(retry.get(interval), "%H:%M:%S")  # type: ignore[arg-type]  # None is a refusal too
        except (TypeError, ValueError) as error:
            raise AppRefused(f"{type(error).__name__}: {error}", remedy, function=name) from error


def _check_names(function: Function) -> None:
    if not _FUNCTION_NAME.fullmatch(function.name) or function.name.lower() == "host":
        raise _LeftOut(f"'{function.name}' is not a valid function name.")
    seen: set[str] = set()
    for binding in function.bindings:
        if binding.name != RETURN and not _BINDING_NAME.fullmatch(binding.name):
            raise _LeftOut(
                f"The binding name {binding.name} is invalid. Please assign a valid name to the binding."
            )
        if binding.name.lower() in seen:
            raise _LeftOut(
                f"Multiple bindings with name '{binding.name}' discovered. Binding names must be unique."
            )
        seen.add(binding.name.lower())


def _resolved(function: Function, settings: AppSettings) -> Function:
    bindings = tuple(_resolved_binding(function.name, binding, settings) for binding in function.bindings)
    trigger = next(binding for binding in bindings if binding.name == function.trigger.name)
    members = {name: getattr(function, name) for name in Function.__slots__}
    members |= {
        "bindings": bindings,
        "trigger": trigger,
        "durable_name": _durable_name(function.name, trigger),
    }
    return Function(**members)


def _resolved_binding(function: str, binding: Binding, settings: AppSettings) -> Binding:
    resolved = {
        key: settings.resolve(value, function=function, attribute=key)
        if isinstance(value, str) and key not in _UNRESOLVED
        else value
        for key, value in binding.attributes.items()
    }
    return Binding(
        type=binding.type, name=binding.name, is_out=binding.is_out, attributes=MappingProxyType(resolved)
    )


def _warnings(function: Function, call: Any) -> Iterable[str]:
    name, kind = function.name, function.trigger.type
    if kind == ORCHESTRATION and _is_async(getattr(call, "orchestrator_function", None)):
        yield f"The orchestrator {name!r} is async: every run of it fails. Write def, and yield, not await."
    if kind == ENTITY and _never_runs(getattr(call, "entity_function", None)):
        yield (
            f"The entity {name!r} is async or a generator: its body never runs and it answers null. "
            "Write a plain def without yield."
        )
    user = inspect.unwrap(call)
    if function.clients and hasattr(call, "client_function") and not inspect.iscoroutinefunction(user):
        yield f"The function {name!r} has a durable client and is not async: calls fail. Write async def."
    if kind not in _PLAYED:
        yield f"Nothing fires the {kind} of {name!r} here: run it with POST /admin/functions/{name}."
    for binding in function.bindings:
        if not binding.is_out and binding.type not in {kind, CLIENT}:
            yield f"The input {binding.name!r} of {name!r} is None: this host cannot read a {binding.type}."


def _is_async(user: Any) -> bool:
    return inspect.iscoroutinefunction(user) or inspect.isasyncgenfunction(user)


def _never_runs(user: Any) -> bool:
    return _is_async(user) or inspect.isgeneratorfunction(user)


def _rivals(functions: Iterable[Function]) -> Iterable[str]:
    seen: dict[tuple[str, str], str] = {}
    for function in functions:
        keys = [("function", function.name.lower())]
        if function.durable_name is not None:
            keys.append((function.trigger.type, function.durable_name.lower()))
        for key in keys:
            first = seen.setdefault(key, function.name)
            if first == function.name:
                continue
            if key[0] == "function":
                yield f"{first!r} and {function.name!r} differ in case only: Azure takes them for one."
            else:
                yield f"{first!r} and {function.name!r} are both registered as {key[1]!r}: the first is run."
