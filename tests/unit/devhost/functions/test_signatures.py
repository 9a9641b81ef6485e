"""What becomes of the functions an app registers: described, left out, warned of, refused."""

from collections.abc import Callable

import pytest

from devhost.functions.loading import LoadedApp
from devhost.functions.refusals import AppRefused

Load = Callable[..., LoadedApp]

ACTIVITY = '@app.activity_trigger(input_name="n")\n'
FINE = ACTIVITY + "def fine(n): return n\n"
RETRY = '@app.timer_trigger(arg_name="t", schedule="0 * * * * *")\n@app.retry({})\ndef f(t): pass\n'

LEFT_OUT = {
    "a blank in the name": (
        '@app.function_name("my func")\n' + ACTIVITY + "def f(n): pass",
        "my func",
        "'my func' is not a valid function name.",
    ),
    "the name host": (
        '@app.function_name("host")\n' + ACTIVITY + "def f(n): pass",
        "host",
        "'host' is not a valid function name.",
    ),
    "a dot in the name": (
        '@app.function_name("a.b")\n' + ACTIVITY + "def f(n): pass",
        "a.b",
        "'a.b' is not a valid function name.",
    ),
    "an underscore first": (ACTIVITY + "def _f(n): pass", "_f", "'_f' is not a valid function name."),
    "a lambda": (
        'app.activity_trigger(input_name="n")(lambda n: n)',
        "<lambda>",
        "'<lambda>' is not a valid function name.",
    ),
    "two underscores in a binding": (
        '@app.activity_trigger(input_name="my__n")\ndef f(my__n): pass',
        "f",
        "The binding name my__n is invalid. Please assign a valid name to the binding.",
    ),
    "two bindings of one name": (
        ACTIVITY
        + '@app.queue_output(arg_name="N", queue_name="q", connection="C")\ndef f(n, N: func.Out[str]): pass',
        "f",
        "Multiple bindings with name 'n' discovered. Binding names must be unique.",
    ),
    "a setting that is missing": (
        '@app.timer_trigger(arg_name="t", schedule="%WHEN%")\ndef f(t): pass',
        "f",
        (
            "'%WHEN%' in 'schedule' of the function 'f' does not resolve to a value: set WHEN in "
            "local.settings.json under Values, or in the environment."
        ),
    ),
}
WARNED = {
    "async orchestrator": (
        '@app.orchestration_trigger(context_name="context")\nasync def f(context): pass',
        "The orchestrator 'f' is async",
    ),
    "async entity": (
        '@app.entity_trigger(context_name="context")\nasync def f(context): pass',
        "The entity 'f' is async or a generator",
    ),
    "generator entity": (
        '@app.entity_trigger(context_name="context")\ndef f(context): yield',
        "The entity 'f' is async or a generator",
    ),
    "sync function with a client": (
        '@app.route(route="f")\n@app.durable_client_input(client_name="c")\ndef f(req, c): pass',
        "The function 'f' has a durable client and is not async",
    ),
    "a trigger nothing fires": (
        '@app.queue_trigger(arg_name="m", queue_name="q", connection="C")\ndef f(m): pass',
        "Nothing fires the queueTrigger of 'f' here",
    ),
    "an input nothing reads": (
        '@app.route(route="f")\n@app.blob_input(arg_name="b", path="x", connection="C")\ndef f(req, b): pass',
        "The input 'b' of 'f' is None: this host cannot read a blob.",
    ),
    "names that differ in case": (
        ACTIVITY + "def f(n): pass\n" + ACTIVITY + "def F(n): pass",
        "'f' and 'F' differ in case only",
    ),
    "two activities registered alike": (
        (
            '@app.activity_trigger(input_name="n", activity="x")\ndef f(n): pass\n'
            '@app.activity_trigger(input_name="n", activity="X")\ndef g(n): pass'
        ),
        "'f' and 'g' are both registered as 'x'",
    ),
}
BAD_RETRIES = {
    'strategy="fixed_delay", max_retry_count="3"': (
        "TypeError: strptime() argument 0 must be str, not <class 'NoneType'>"
    ),
    'strategy="fixed_delay", max_retry_count="3", delay_interval="24:00:00"': (
        "ValueError: time data '24:00:00' does not match format '%H:%M:%S'"
    ),
    'strategy="x", max_retry_count="3"': 'ValueError: unknown enum label "x"',
    'strategy="exponential_backoff", max_retry_count="3", minimum_interval="00:00:05"': (
        "TypeError: strptime() argument 0 must be str, not <class 'NoneType'>"
    ),
}


@pytest.mark.parametrize("case", LEFT_OUT)
def test_leaves_out_one_function_and_keeps_the_others(load_app: Load, case: str) -> None:
    source, name, reason = LEFT_OUT[case]

    app = load_app(FINE + source)

    assert [function.name for function in app.catalog.functions] == ["fine"]
    assert [(dropped.name, dropped.reason) for dropped in app.dropped] == [(name, reason)]


@pytest.mark.parametrize("case", WARNED)
def test_keeps_and_warns(load_app: Load, case: str) -> None:
    source, warning = WARNED[case]

    app = load_app(source)

    assert app.catalog.by_name("f") is not None
    assert any(text.startswith(warning) for text in app.warnings), app.warnings


@pytest.mark.parametrize("name", ["my-func", "f1", "f_", "A" + "b" * 127])
def test_accepts_the_names_azure_accepts(load_app: Load, name: str) -> None:
    app = load_app(f'@app.function_name("{name}")\n{ACTIVITY}def f(n): pass')

    assert app.catalog.by_name(name.upper()) is not None


def test_accepts_one_underscore_in_a_binding(load_app: Load) -> None:
    app = load_app('@app.activity_trigger(input_name="my_n")\ndef f(my_n): pass')

    assert app.dropped == ()


@pytest.mark.parametrize("arguments", BAD_RETRIES)
def test_refuses_a_retry_policy_the_worker_cannot_read(load_app: Load, arguments: str) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app(RETRY.format(arguments))

    assert (caught.value.text, caught.value.function) == (BAD_RETRIES[arguments], "f")


def test_accepts_a_retry_policy(load_app: Load) -> None:
    app = load_app(RETRY.format('strategy="fixed_delay", max_retry_count="3", delay_interval="00:00:05"'))

    assert app.catalog.by_name("f") is not None


def test_refuses_a_builtin_as_function(load_app: Load) -> None:
    with pytest.raises(AppRefused) as caught:
        load_app('app.activity_trigger(input_name="obj")(len)')

    assert caught.value.text.endswith("got builtin_function_or_method")


def test_describes_every_part_of_a_function(load_app: Load) -> None:
    app = load_app(
        """
        @app.route(route="start/{id}", methods=["POST"])
        @app.queue_output(arg_name="out", queue_name="q", connection="C")
        @app.durable_client_input(client_name="client")
        async def start(req: func.HttpRequest, client, context, out: func.Out[str]) -> func.HttpResponse:
            return func.HttpResponse("x")
        """
    )

    start = app.catalog.by_name("START")
    assert start is not None
    assert (start.trigger.type, start.trigger.name, start.trigger.attributes["route"]) == (
        "httpTrigger",
        "req",
        "start/{id}",
    )
    assert start.trigger.attributes["methods"] == ["POST"]
    assert start.trigger.attributes["authLevel"] == "ANONYMOUS"
    assert [binding.name for binding in start.clients] == ["client"]
    assert [binding.name for binding in start.outputs] == ["out"]
    assert (start.is_async, start.wants_context, start.returns, start.durable_name) == (
        True,
        True,
        "http",
        None,
    )


def test_knows_which_name_the_extension_registers(load_app: Load) -> None:
    app = load_app(
        """
        @app.function_name("one")
        @app.orchestration_trigger(context_name="context", orchestration="Flow")
        def a(context): yield
        @app.function_name("two")
        @app.activity_trigger(input_name="n")
        def b(n): pass
        @app.entity_trigger(context_name="context", entity_name="Counter")
        def c(context): pass
        """
    )

    names = [function.durable_name for function in app.catalog.functions]
    assert names == ["Flow", "two", "Counter"]
    assert app.catalog.orchestrator("flow") is app.catalog.by_name("one")
    assert app.catalog.activity("b") is None


def test_knows_which_parameters_want_the_raw_value(load_app: Load) -> None:
    app = load_app(
        """
        @app.timer_trigger(arg_name="t", schedule="0 * * * * *")
        def timed(t: str): pass
        @app.activity_trigger(input_name="n")
        def acting(n: str): return n
        """
    )

    timed, acting = app.catalog.functions
    assert (timed.raw_parameters, timed.returns) == (frozenset({"t"}), None)
    assert (acting.raw_parameters, acting.returns) == (frozenset(), "activityTrigger")


def test_resolves_settings_in_what_a_decorator_says(load_app: Load) -> None:
    app = load_app(
        """
        @app.service_bus_topic_trigger(
            arg_name="m", topic_name="%TOPIC%-x", subscription_name="%SUB%", connection="BUS"
        )
        def f(m): pass
        """,
        values={"TOPIC": "news", "SUB": "s", "BUS": "never used as a name"},
    )

    attributes = app.catalog.functions[0].trigger.attributes
    assert (attributes["topicName"], attributes["subscriptionName"], attributes["connection"]) == (
        "news-x",
        "s",
        "BUS",
    )
