"""The rules of Azure's worker for what parameters and return values may be annotated with.

Plain Python never looks at annotations, so an app that runs could still be refused on Azure. The order of the
checks is the worker's too: it decides which of two faults is named.
"""

import inspect
import typing
from collections.abc import Callable, Mapping
from typing import Any

from azure.functions._thirdparty import typing_inspect

from devhost.functions import conversions
from devhost.functions.catalog import RETURN, Binding
from devhost.functions.refusals import AppRefused

#: The SDK and the worker share this definition of a generic, which has holes of its own.
_is_generic: Callable[[Any], bool] = typing_inspect.is_generic_type

ANNOTATE_SIMPLY = (
    "Azure's worker takes classes and typing's own generics only: write List[int] or Dict[str, Any] from "
    "typing, a plain class, Any, or no annotation at all; an annotation converts nothing anyway."
)
RESOLVE_NAMES = (
    "Azure's worker evaluates annotations: import the name at run time, not only under TYPE_CHECKING, "
    "or leave the annotation out."
)


def load_error(function: str, text: str, remedy: str) -> AppRefused:
    """The worker's own refusal of a signature."""
    full = f"FunctionLoadError: cannot load the {function} function: {text}"
    return AppRefused(full, remedy, function=function)


def hints_of(function: str, call: Any) -> dict[str, Any]:
    """The evaluated annotations, those behind strings included."""
    try:
        return typing.get_type_hints(call)
    except Exception as error:  # annotations are the app's code: whatever they raise refuses it
        raise AppRefused(f"{type(error).__name__}: {error}", RESOLVE_NAMES, function=function) from error


def check_context(function: str, hints: Mapping[str, Any]) -> None:
    """The parameter `context` that no binding fills must ask for the worker's context, if for anything."""
    if "context" not in hints:
        return
    asked = hints["context"]
    # The name alone decides: any class called Context passes on Azure.
    if not isinstance(asked, type) or asked.__name__ != "Context":
        raise load_error(
            function,
            f'the "context" parameter is expected to be of type azure.functions.Context, got {asked!r}',
            'annotate it with func.Context; in an orchestrator or entity, write context_name="context" '
            "in the decorator (the user function's parameter may have any name).",
        )


def check_names(function: str, parameters: Mapping[str, Any], bindings: Mapping[str, Binding]) -> None:
    """Each parameter needs a binding and each binding a parameter."""
    if extra := set(parameters) - set(bindings):
        raise load_error(
            function,
            f"the following parameters are declared in Python but not in function.json: {extra!r}",
            f"bound are: {', '.join(sorted(bindings))}; rename the parameter, or set input_name= (arg_name=, "
            "context_name=, client_name=) to its name. Every parameter needs a decorator that binds it; "
            "defaults, *args and route parameters are no exception, and a decorator below the trigger must "
            "use functools.wraps.",
        )
    if missing := set(bindings) - set(parameters):
        raise load_error(
            function,
            f"the following parameters are declared in function.json but not in Python: {missing!r}",
            "give the function a parameter of that name, or take the binding away; orchestrators and "
            'entities must be declared with context_name="context" and cannot have a durable client.',
        )


def check_parameter(function: str, binding: Binding, asked: Any, data_type: Any) -> bool:
    """Check one annotated parameter; whether it receives the raw value."""
    _check_as_extension(function, asked)
    wants_out = _is_out(asked)
    inner = _inner_of_out(function, binding, asked) if wants_out else asked
    if not isinstance(inner, type) and not _is_generic(inner):
        raise load_error(
            function, f"binding {binding.name} has invalid non-type annotation {asked!r}", ANNOTATE_SIMPLY
        )
    _check_direction(function, binding, wants_out=wants_out)
    raw = inner in (str, bytes) and not conversions.has_implicit_output(binding.type)
    binding_type = conversions.GENERIC if raw else binding.type
    accepts = conversions.accepts_output if wants_out else conversions.accepts_input
    if not _class_check(function, accepts, binding_type, inner):
        raise load_error(
            function,
            f'{binding.name!r} binding type "{binding.type}" and dataType "{data_type}" in function.json '
            f'do not match the corresponding function parameter\'s Python type annotation "{inner.__name__}"',
            "annotate it with the SDK's class for this binding (func.HttpRequest, func.TimerRequest, "
            "func.ServiceBusMessage …), with str or bytes for the raw value, or not at all.",
        )
    return raw


def check_return(function: str, binding_type: str, asked: Any) -> None:
    """Check the annotation of what goes to a `$return` binding."""
    if _is_out(asked):
        raise load_error(
            function,
            "return annotation should not be azure.functions.Out",
            "annotate the value itself, such as -> func.HttpResponse.",
        )
    if not isinstance(asked, type):
        raise load_error(
            function,
            f"has invalid non-type return annotation {asked!r}",
            "annotate -> func.HttpResponse or -> str.",
        )
    if not _class_check(function, conversions.accepts_output, binding_type, asked):
        raise load_error(
            function,
            f'Python return annotation "{asked.__name__}" does not match binding type "{binding_type}"',
            f"annotate the {RETURN} of an HTTP function with func.HttpResponse or str, or not at all.",
        )


def _check_as_extension(function: str, asked: Any) -> None:
    """The worker's extension check comes first, and stumbles over forms that are no classes."""
    origin = typing.get_origin(asked)
    if origin is not None and not inspect.isclass(origin):
        raise _no_class(function)


def _no_class(function: str) -> AppRefused:
    return AppRefused("TypeError: issubclass() arg 1 must be a class", ANNOTATE_SIMPLY, function=function)


def _class_check(function: str, accepts: Any, binding_type: str, asked: Any) -> bool:
    try:
        return bool(accepts(binding_type, asked))
    except TypeError as error:
        raise AppRefused(f"TypeError: {error}", ANNOTATE_SIMPLY, function=function) from error


def _is_out(asked: Any) -> bool:
    if not _is_generic(asked):
        return isinstance(asked, type) and asked.__name__ == "Out"
    origin = typing.get_origin(asked) or asked
    return isinstance(origin, type) and origin.__name__ == "Out"


def _inner_of_out(function: str, binding: Binding, asked: Any) -> Any:
    inner = typing.get_args(asked)
    if len(inner) != 1:
        raise load_error(
            function, f"binding {binding.name} has invalid Out annotation {asked!r}", "write func.Out[str]."
        )
    return inner[0]


def _check_direction(function: str, binding: Binding, *, wants_out: bool) -> None:
    if binding.is_out and not wants_out:
        raise load_error(
            function,
            f'binding {binding.name} is declared to have the "out" direction, but its annotation in Python '
            "is not a subclass of azure.functions.Out",
            "annotate it with func.Out[str].",
        )
    if wants_out and not binding.is_out:
        raise load_error(
            function,
            f'binding {binding.name} is declared to have the "in" direction in function.json, but its '
            "annotation is azure.functions.Out in Python",
            "annotate it with the SDK's class of that input.",
        )
