"""Refusals of whole apps over one signature, in the words of Azure's worker; and what it lets pass."""

from collections.abc import Callable

import pytest

from devhost.functions.loading import LoadedApp
from devhost.functions.refusals import AppRefused

pytestmark = pytest.mark.filterwarnings("ignore:azure.functions:DeprecationWarning")

Load = Callable[..., LoadedApp]

ACTIVITY = '@app.activity_trigger(input_name="n")\n'
ROUTE = '@app.route(route="f")\n'
TIMER = '@app.timer_trigger(arg_name="t", schedule="0 * * * * *")\n'
BUS = '@app.service_bus_queue_trigger(arg_name="m", queue_name="q", connection="C")\n'
BUS_OUT = '@app.service_bus_queue_output(arg_name="out", queue_name="q", connection="C")\n'
OUT = '@app.queue_output(arg_name="out", queue_name="q", connection="C")\n'
BODY = ": return None\n"

LOAD = "FunctionLoadError: cannot load the f function: "
NOT_IN_JSON = LOAD + "the following parameters are declared in Python but not in function.json: "
NOT_IN_PYTHON = LOAD + "the following parameters are declared in function.json but not in Python: "
ISSUBCLASS = "TypeError: issubclass() arg 1 must be a class"
SHAPES = "T = TypeVar('T')\nID = NewType('ID', int)\nimport collections.abc\n"


def mismatch(parameter: str, kind: str, annotation: str) -> str:
    return (
        f'{LOAD}{parameter!r} binding type "{kind}" and dataType "None" in function.json do not match the '
        f'corresponding function parameter\'s Python type annotation "{annotation}"'
    )


NAMES = {
    "a parameter named otherwise": (ACTIVITY + "def f(x)", NOT_IN_JSON + "{'x'}"),
    "a parameter missing": (ACTIVITY + "def f()", NOT_IN_PYTHON + "{'n'}"),
    "an http parameter named otherwise": (ROUTE + "def f(x)", NOT_IN_JSON + "{'x'}"),
    "an http parameter missing": (ROUTE + "def f()", NOT_IN_PYTHON + "{'req'}"),
    "a timer parameter missing": (TIMER + "def f()", NOT_IN_PYTHON + "{'t'}"),
    "a bus parameter named otherwise": (BUS + "def f(x)", NOT_IN_JSON + "{'x'}"),
    "a client without parameter": (
        ROUTE + '@app.durable_client_input(client_name="c")\nasync def f(req)',
        NOT_IN_PYTHON + "{'c'}",
    ),
    "an extra parameter": (ACTIVITY + "def f(n, x)", NOT_IN_JSON + "{'x'}"),
    "an extra parameter with a default": (ACTIVITY + "def f(n, x=1)", NOT_IN_JSON + "{'x'}"),
    "*args": (ACTIVITY + "def f(n, *args)", NOT_IN_JSON + "{'args'}"),
    "**kwargs": (ACTIVITY + "def f(n, **kwargs)", NOT_IN_JSON + "{'kwargs'}"),
    "a route parameter": (
        '@app.route(route="f/{id}")\ndef f(req, id)',
        NOT_IN_JSON + "{'id'}",
    ),
    "an entity with another context name": (
        '@app.entity_trigger(context_name="ctx")\ndef f(ctx)',
        NOT_IN_PYTHON + "{'ctx'}",
    ),
    "a client on an orchestrator, above the trigger": (
        (
            '@app.durable_client_input(client_name="client")\n'
            '@app.orchestration_trigger(context_name="context")\ndef f(context, client)'
        ),
        NOT_IN_PYTHON + "{'client'}",
    ),
}
CONTEXT = {
    "an orchestrator with another context name": (
        '@app.orchestration_trigger(context_name="ctx")\ndef f(ctx)',
        "<class 'azure.functions._durable_functions.OrchestrationContext'>",
    ),
    "a str": (ACTIVITY + "def f(n, context: str)", "<class 'str'>"),
    "an Optional": (
        ACTIVITY + "def f(n, context: Optional[func.Context])",
        "typing.Optional[azure.functions._abc.Context]",
    ),
    "a union": (
        ACTIVITY + "def f(n, context: func.Context | None)",
        "azure.functions._abc.Context | None",
    ),
}
NO_TYPES = {
    "list[int]": "list[int]",
    "dict[str, Any]": "dict[str, typing.Any]",
    "tuple[int, ...]": "tuple[int, ...]",
    "int | None": "int | None",
    "T": "~T",
    "ID": "function_app.ID",
    "Callable": "typing.Callable",
    "collections.abc.Sequence[int]": "collections.abc.Sequence[int]",
    "5": "5",
}
MISMATCHES = {
    ROUTE + "def f(req: dict)": mismatch("req", "httpTrigger", "dict"),
    ROUTE + "def f(req: object)": mismatch("req", "httpTrigger", "object"),
    ROUTE + "def f(req: Any)": mismatch("req", "httpTrigger", "Any"),
    TIMER + "def f(t: dict)": mismatch("t", "timerTrigger", "dict"),
    BUS + "def f(m: dict)": mismatch("m", "serviceBusTrigger", "dict"),
    BUS + "def f(m: list)": mismatch("m", "serviceBusTrigger", "list"),
    "class Own: pass\n" + BUS + "def f(m: Own)": mismatch("m", "serviceBusTrigger", "Own"),
    TIMER + OUT + "def f(t, out: func.Out[int])": mismatch("out", "queue", "int"),
}
RETURNS = {
    "dict": 'Python return annotation "dict" does not match binding type "http"',
    "bytes": 'Python return annotation "bytes" does not match binding type "http"',
    "None": 'Python return annotation "NoneType" does not match binding type "http"',
    "Any": 'Python return annotation "Any" does not match binding type "http"',
    "Optional[func.HttpResponse]": "has invalid non-type return annotation "
    "typing.Optional[azure.functions._http.HttpResponse]",
    "func.HttpResponse | str": "has invalid non-type return annotation "
    "azure.functions._http.HttpResponse | str",
    "list[str]": "has invalid non-type return annotation list[str]",
    "func.Out[str]": "return annotation should not be azure.functions.Out",
}
OUTS = {
    "str": LOAD + 'binding out is declared to have the "out" direction, but its annotation in Python is not '
    "a subclass of azure.functions.Out",
    "func.Out": LOAD + "binding out has invalid Out annotation <class 'azure.functions._abc.Out'>",
    "func.Out[List[str]]": ISSUBCLASS,
}
ACCEPTED = {
    "activity without annotation": ACTIVITY + "def f(n)",
    "activity Any": ACTIVITY + "def f(n: Any)",
    "activity None": ACTIVITY + "def f(n: None)",
    "activity dataclass": "import dataclasses\n@dataclasses.dataclass\nclass D:\n x: int\n"
    + ACTIVITY
    + "def f(n: D)",
    "activity Protocol": "class P(Protocol): pass\n" + ACTIVITY + "def f(n: P)",
    "activity TypedDict": "class D(TypedDict):\n x: int\n" + ACTIVITY + "def f(n: D)",
    "activity List": ACTIVITY + "def f(n: List[int])",
    "activity Dict": ACTIVITY + "def f(n: Dict[str, Any])",
    "activity Annotated": ACTIVITY + "def f(n: Annotated[int, 5])",
    "activity own generic": "T = TypeVar('T')\nclass G(Generic[T]): pass\n" + ACTIVITY + "def f(n: G[int])",
    "activity str": ACTIVITY + "def f(n: str)",
    "activity returning a union": ACTIVITY + "def f(n) -> int | None",
    "activity returning list[int]": ACTIVITY + "def f(n) -> list[int]",
    "activity returning a TypeVar": "T = TypeVar('T')\n" + ACTIVITY + "def f(n) -> T",
    "activity with keyword-only input": ACTIVITY + "def f(*, n)",
    "activity input called context": '@app.activity_trigger(input_name="context")\ndef f(context: int)',
    "activity with context": ACTIVITY + "def f(n, context)",
    "activity with annotated context": ACTIVITY + "def f(n, context: func.Context)",
    "any class called Context": "class Context: pass\n" + ACTIVITY + "def f(n, context: Context)",
    "activity with an out parameter": ACTIVITY + OUT + "def f(n, out: func.Out[str])",
    "async activity": ACTIVITY + "async def f(n)",
    "orchestrator of any signature": '@app.orchestration_trigger(context_name="context")\n'
    "def f(whatever: 'Undefined', second=1, *more) -> 'Nowhere'",
    "entity of any signature": '@app.entity_trigger(context_name="context")\n'
    'def f(c: "Undefined", x: list[int])',
    "http without annotation": ROUTE + "def f(req)",
    "http returning str": ROUTE + "def f(req) -> str",
    "http returning a subclass": "class R(func.HttpResponse): pass\n" + ROUTE + "def f(req) -> R",
    "http str": ROUTE + "def f(req: str)",
    "timer str": TIMER + "def f(t: str)",
    "timer bytes": TIMER + "def f(t: bytes)",
    "timer request": TIMER + "def f(t: func.TimerRequest)",
    "bus str": BUS + "def f(m: str)",
    "bus message": BUS + "def f(m: func.ServiceBusMessage)",
    "bus List": BUS + "def f(m: List[func.ServiceBusMessage])",
    "bus Sequence": BUS + "def f(m: Sequence[func.ServiceBusMessage])",
    "client with any annotation": ROUTE
    + '@app.durable_client_input(client_name="c")\nasync def f(req, c: "Undefined")',
    "client with a default": ROUTE + '@app.durable_client_input(client_name="c")\nasync def f(req, c=None)',
    "client above the trigger": '@app.durable_client_input(client_name="c")\n'
    + ROUTE
    + "async def f(req, c)",
    "two clients": ROUTE
    + '@app.durable_client_input(client_name="c")\n@app.durable_client_input(client_name="d")\n'
    + "async def f(req, c, d)",
    "client on a timer": TIMER + '@app.durable_client_input(client_name="c")\nasync def f(t, c)',
    "client on an activity": ACTIVITY + '@app.durable_client_input(client_name="c")\nasync def f(n, c)',
    "sync function with a client": ROUTE + '@app.durable_client_input(client_name="c")\ndef f(req, c)',
}


def refusal(load_app: Load, source: str) -> AppRefused:
    with pytest.raises(AppRefused) as caught:
        load_app(source)
    assert caught.value.remedy
    return caught.value


@pytest.mark.parametrize("case", NAMES)
def test_refuses_parameters_and_bindings_that_do_not_meet(load_app: Load, case: str) -> None:
    source, text = NAMES[case]

    found = refusal(load_app, source + BODY)

    assert (found.text, found.function) == (text, "f")


def test_says_which_names_are_bound_and_how_to_bind_another(load_app: Load) -> None:
    found = refusal(load_app, ACTIVITY + "def f(x)" + BODY)

    assert found.remedy.startswith("bound are: n; rename the parameter, or set input_name=")


@pytest.mark.parametrize("case", CONTEXT)
def test_refuses_a_context_of_another_type(load_app: Load, case: str) -> None:
    source, shown = CONTEXT[case]

    assert refusal(load_app, source + BODY).text == (
        f'{LOAD}the "context" parameter is expected to be of type azure.functions.Context, got {shown}'
    )


@pytest.mark.parametrize("annotation", NO_TYPES)
def test_refuses_an_annotation_that_is_no_type(load_app: Load, annotation: str) -> None:
    found = refusal(load_app, f"{SHAPES}{ACTIVITY}def f(n: {annotation}){BODY}")

    assert found.text.startswith(f"{LOAD}binding n has invalid non-type annotation {NO_TYPES[annotation]}")


@pytest.mark.parametrize("annotation", ["Optional[int]", "Union[int, str]", "Literal[1]"])
def test_refuses_a_special_form_without_naming_the_function(load_app: Load, annotation: str) -> None:
    found = refusal(load_app, f"{ACTIVITY}def f(n: {annotation}){BODY}")

    assert (found.text, found.function) == (ISSUBCLASS, "f")
    assert "function 'f'" in str(found)


@pytest.mark.parametrize("signature", ["f(n: 'Undefined')", "f(n) -> 'Undefined'"])
def test_refuses_an_annotation_that_does_not_resolve(load_app: Load, signature: str) -> None:
    assert refusal(load_app, f"{ACTIVITY}def {signature}{BODY}").text == (
        "NameError: name 'Undefined' is not defined"
    )


def test_refuses_a_name_imported_for_type_checkers_only(load_app: Load) -> None:
    source = f"if TYPE_CHECKING:\n    from decimal import Decimal\n{ACTIVITY}def f(n: 'Decimal'){BODY}"

    found = refusal(load_app, source)

    assert found.text == "NameError: name 'Decimal' is not defined"
    assert "TYPE_CHECKING" in found.remedy


@pytest.mark.parametrize("source", MISMATCHES)
def test_refuses_a_class_the_binding_cannot_give(load_app: Load, source: str) -> None:
    assert refusal(load_app, source + BODY).text == MISMATCHES[source]


@pytest.mark.parametrize("annotation", RETURNS)
def test_refuses_an_http_return_of_another_type(load_app: Load, annotation: str) -> None:
    found = refusal(load_app, f"{ROUTE}def f(req) -> {annotation}{BODY}")

    assert found.text == LOAD + RETURNS[annotation]


@pytest.mark.parametrize("annotation", OUTS)
def test_refuses_an_out_parameter_of_another_type(load_app: Load, annotation: str) -> None:
    found = refusal(load_app, f"{TIMER}{BUS_OUT}def f(t, out: {annotation}){BODY}")

    assert found.text == OUTS[annotation]


def test_refuses_an_input_annotated_as_out(load_app: Load) -> None:
    found = refusal(load_app, f"{ROUTE}def f(req: func.Out[str]){BODY}")

    assert found.text == (
        f'{LOAD}binding req is declared to have the "in" direction in function.json, but its annotation is '
        "azure.functions.Out in Python"
    )


@pytest.mark.parametrize("case", ACCEPTED)
def test_accepts(load_app: Load, case: str) -> None:
    app = load_app(ACCEPTED[case] + BODY)

    assert [function.name for function in app.catalog.functions] == ["f"]
    assert app.dropped == ()
