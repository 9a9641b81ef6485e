"""Mistakes that everybody makes once: the host says what is wrong, where, and what to do about it."""

import gc
import logging
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from devhost.announcement import lines
from devhost.functions.refusals import AppRefused
from devhost.testing import LocalHost, OrchestrationFailed

HOOKS = "/runtime/webhooks/durabletask"
BEGINNING = """
import time
from datetime import datetime, timedelta, timezone
import azure.functions as func
import azure.durable_functions as df

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)


class Thing:
    pass


@app.activity_trigger(input_name="n")
def greet(n):
    return n


"""


@pytest.fixture
def hosted(tmp_path: Path) -> Callable[[str], Any]:
    """Hosts an app that begins with an activity `greet` and a class `Thing`, and goes on with a mistake."""

    @contextmanager
    def host(source: str) -> Iterator[LocalHost]:
        folder = tmp_path / "app"
        folder.mkdir()
        (folder / "host.json").write_text('{"version": "2.0"}', encoding="utf-8")
        (folder / "function_app.py").write_text(BEGINNING + textwrap.dedent(source), encoding="utf-8")
        with LocalHost(folder, state=tmp_path / "state") as running:
            yield running

    return host


def orchestrator(body: str) -> str:
    """The source of an orchestrator `main`."""
    head = '@app.orchestration_trigger(context_name="context")\ndef main(context):\n'
    return head + textwrap.indent(textwrap.dedent(body), "    ")


def failure(host: LocalHost, name: str = "main", **given: Any) -> str:
    with pytest.raises(OrchestrationFailed) as failed:
        host.result(host.start(name, instance_id="i", **given))
    return str(failed.value)


def said(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> str:
    return "\n".join(record.getMessage() for record in caplog.records if record.levelno >= level)


@pytest.mark.parametrize(
    ("body", "wrong", "words"),
    [
        (
            'yield context.call_activity("gret", 1)',
            "The function 'gret' doesn't exist, is disabled, or is not an activity function.",
            ("The orchestrator 'main' (instance 'i') called the activity 'gret'", "Did you mean 'greet'?"),
        ),
        (
            'yield context.call_sub_orchestrator("mian", 1)',
            "The function 'mian' doesn't exist, is disabled, or is not an orchestrator function.",
            ("The orchestrator 'main' (instance 'i') called the orchestrator 'mian'", "Did you mean 'main'?"),
        ),
        (
            'yield context.call_entity(df.EntityId("purse", "k"), "add", 1)',
            "The function 'purse' doesn't exist, is disabled, or is not an entity function.",
            (
                "The orchestrator 'main' (instance 'i') called the entity 'purse'",
                "call it by its registered name",
            ),
        ),
        (
            'yield context.call_activity("greet", Thing())',
            "class <class 'function_app.Thing'> does not expose a `to_json` function",
            (
                """`yield context.call_activity("greet", Thing())`""",
                "Hint: only what JSON can hold passes between functions",
            ),
        ),
        (
            'yield context.call_activity("greet", 1)\nreturn Thing()',
            "Object of type Thing is not JSON serializable",
            (
                "The orchestrator 'main' (instance 'i') failed",
                "Hint: only what JSON can hold passes between functions",
            ),
        ),
        (
            'context.set_custom_status("x" * 8800)\nyield context.call_activity("greet", 1)',
            "The UTF-16 size of the JSON-serialized payload must not exceed 16 KB. The current payload size",
            ("The orchestrator 'main' (instance 'i') failed", "Hint: keep the custom status short"),
        ),
        (
            "yield context.create_timer(datetime.now() + timedelta(seconds=5))",
            "can't compare offset-naive and offset-aware datetimes",
            (
                "`yield context.create_timer(datetime.now() + timedelta(seconds=5))`",
                "write `context.current_utc_datetime + timedelta(…)`",
            ),
        ),
        (
            "yield 5",
            "AttributeError: 'int' object has no attribute '_is_scheduled'",
            ("The orchestrator 'main' (instance 'i') failed", "an orchestrator may yield tasks only"),
        ),
        (
            'yield [context.call_activity("greet", n) for n in range(2)]',
            "AttributeError: 'list' object has no attribute '_is_scheduled'",
            (
                "The orchestrator 'main' (instance 'i') failed",
                "for several at once write `yield context.task_all([…])`",
            ),
        ),
        (
            'return context.call_activity("greet", 1)',
            "Object of type AtomicTask is not JSON serializable",
            (
                "The orchestrator 'main' (instance 'i') failed",
                "a task is not its result: write `result = yield",
            ),
        ),
        (
            'x = context.call_activity("greet", 1)\nyield context.call_activity("greet", 2)\nreturn x + 1',
            "unsupported operand type(s) for +: 'AtomicTask' and 'int'",
            ("`return x + 1`", "a task is not its result: write `result = yield"),
        ),
    ],
    ids=[
        "unknown_activity",
        "unknown_orchestrator",
        "unknown_entity",
        "activity_input",
        "orchestrator_output",
        "custom_status",
        "naive_timer",
        "yields_a_number",
        "yields_a_list",
        "returns_a_task",
        "forgets_yield",
    ],
)
def test_a_failing_orchestrator_is_explained(
    hosted: Any, caplog: pytest.LogCaptureFixture, body: str, wrong: str, words: tuple[str, str]
) -> None:
    with hosted(orchestrator(body)) as host:
        output = failure(host)

    assert output.startswith(f"Orchestrator function 'main' failed: {wrong}")
    assert [text for text in words if text not in said(caplog)] == []


def test_a_custom_status_of_16_kb_is_taken(hosted: Any) -> None:
    # What counts is the text in UTF-16, where ü is one character and not the six of its escape.
    with hosted(orchestrator('context.set_custom_status("ü" * 8190)\nreturn 1')) as host:
        assert host.result(host.start("main")) == 1


def test_an_activity_that_returns_an_object_is_explained(
    hosted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
    @app.activity_trigger(input_name="n")
    def things(n):
        return Thing()


    """
    with hosted(textwrap.dedent(source) + orchestrator('yield context.call_activity("things", 1)')) as host:
        output = failure(host)

    assert "Activity function 'things' failed:  ValueError: activity trigger output must be json" in output
    assert "The activity 'things' (instance 'i') failed: ValueError: activity trigger output" in said(caplog)
    assert "Hint: only what JSON can hold passes between functions" in said(caplog)


def test_an_activity_that_raises_is_told_with_its_line(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    source = """
    @app.activity_trigger(input_name="n")
    def divide(n):
        return 1 / n


    """
    with hosted(textwrap.dedent(source) + orchestrator('yield context.call_activity("divide", 0)')) as host:
        failure(host)

    assert "The activity 'divide' (instance 'i') failed in function_app.py, line " in said(caplog)
    assert "`return 1 / n`: ZeroDivisionError: division by zero" in said(caplog)


@pytest.mark.parametrize("decorator", ['@app.activity_trigger(input_name="n", activity="Shout")', None])
def test_a_renamed_function_is_called_by_its_registered_name(
    hosted: Any, caplog: pytest.LogCaptureFixture, decorator: str | None
) -> None:
    named = decorator or '@app.function_name("Shout")\n@app.activity_trigger(input_name="n")'
    source = f"{named}\ndef loudly(n):\n    return n\n\n\n"
    with hosted(source + orchestrator("yield context.call_activity(loudly, 1)")) as host:
        output = failure(host)

    assert "The function 'loudly' doesn't exist, is disabled, or is not an activity function." in output
    assert "The Python function 'loudly' is registered as 'Shout': call it by that name, 'Shout'" in output
    assert "The orchestrator 'main' (instance 'i') called the activity 'loudly'" in said(caplog)


@pytest.mark.filterwarnings("ignore:coroutine 'main' was never awaited:RuntimeWarning")
def test_an_async_orchestrator_is_told_at_the_start_and_when_it_fails(
    hosted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    source = '@app.orchestration_trigger(context_name="context")\nasync def main(context):\n    return 1\n'
    with hosted(source) as host:
        announced = "\n".join(lines(host.host, 0))
        output = failure(host)
    # Python complains when it throws the coroutine away: that is to happen here and not in another test.
    del host
    gc.collect()

    assert (
        "Warning: The orchestrator 'main' is async: every run of it fails. Write def, and yield" in announced
    )
    assert output.endswith("Object of type coroutine is not JSON serializable")
    assert "Hint: the orchestrator is async: write def, and yield where you would await." in said(caplog)


def test_a_sync_function_with_a_client_is_told_at_the_start_and_when_it_fails(
    hosted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    source = """
    @app.route(route="begin")
    @app.durable_client_input(client_name="client")
    def begin(req: func.HttpRequest, client):
        return func.HttpResponse("x")
    """
    with hosted(source) as host:
        announced = "\n".join(lines(host.host, 0))
        assert host.request("GET", "/api/begin").status == 500

    assert "The function 'begin' has a durable client and is not async: calls fail. Write async" in announced
    assert "begin failed: TypeError: object HttpResponse can't be used in 'await' expression" in said(caplog)
    assert "write async def, and await the client's methods" in said(caplog)


def test_a_wrong_context_name_is_refused(hosted: Any) -> None:
    source = '@app.orchestration_trigger(context_name="ctx")\ndef main(ctx):\n    return 1\n'

    with pytest.raises(AppRefused) as refused, hosted(source):
        pass

    assert refused.value.function == "main"
    assert "context" in str(refused.value)
    assert "Remedy: " in str(refused.value)


def test_input_that_is_no_json_is_refused(hosted: Any) -> None:
    with hosted(orchestrator("return 1")) as host:
        headers = {"Content-Type": "application/json"}
        reply = host.request("POST", f"{HOOKS}/orchestrators/main", body=b"{a: 1}", headers=headers)

    assert reply.status == 400
    assert reply.json()["Message"] == "Invalid JSON content"
    assert "line 1 column 2" in reply.json()["ExceptionMessage"]


def test_input_that_is_a_bare_number_is_warned_of(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    with hosted(orchestrator("return context.get_input()")) as host:
        assert host.request("POST", f"{HOOKS}/orchestrators/main", json=5).status == 202
        host.settle()

    assert "main was started with a bare int: get_input() of a Python orchestrator fails" in said(caplog)
    assert "Post a JSON object, or a JSON string whose content is JSON text." in said(caplog)


def test_an_unknown_orchestrator_is_not_started(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    source = """
    @app.route(route="begin")
    @app.durable_client_input(client_name="client")
    async def begin(req: func.HttpRequest, client):
        return func.HttpResponse(await client.start_new("mian"))


    """
    with hosted(textwrap.dedent(source) + orchestrator("return 1")) as host:
        assert host.request("GET", "/api/begin").status == 500

    assert "begin failed: Exception: The function 'mian' doesn't exist" in said(caplog)
    assert "Did you mean 'main'?" in said(caplog)
    assert 'await client.start_new("mian")' in said(caplog)


def test_a_signal_with_a_falsy_input_is_explained(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    source = """
    @app.entity_trigger(context_name="context")
    def counter(context):
        context.set_state(context.get_state(lambda: 0) + context.get_input())


    @app.route(route="reset")
    @app.durable_client_input(client_name="client")
    async def reset(req: func.HttpRequest, client):
        await client.signal_entity(df.EntityId("counter", "k"), "set", 0)
        return func.HttpResponse("x")
    """
    with hosted(source) as host:
        assert host.request("GET", "/api/reset").status == 200
        host.settle()

    assert "The operation 'set' of entity @counter@k failed: " in said(caplog)
    assert "The SDK's client drops the inputs 0, False, '' and [] of signal_entity" in said(caplog)


@pytest.mark.parametrize(
    ("opened", "what"),
    [
        ("context.create_timer(context.current_utc_datetime + timedelta(days=1))", "timer for 20"),
        ('context.call_sub_orchestrator("waiter", 1, instance_id="slow")', "sub-orchestration 'slow'"),
    ],
)
def test_what_keeps_an_instance_running_is_named(
    hosted: Any, caplog: pytest.LogCaptureFixture, opened: str, what: str
) -> None:
    waiter = orchestrator('yield context.wait_for_external_event("never")').replace("main", "waiter") + "\n\n"
    body = f'first = {opened}\nyield context.task_any([first, context.call_activity("greet", 1)])'
    with hosted(waiter + orchestrator(body)) as host:
        host.start("main", instance_id="i")
        host.settle()
        assert host.status("i").runtime_status == "Running"

    assert "Instance 'i' (main) has returned but stays Running until what it left open is done" in said(
        caplog
    )
    assert what in said(caplog)
    assert "Cancel timers that are no longer needed, and wait for the rest." in said(caplog)


def test_an_event_in_the_wrong_case_is_named(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    with hosted(orchestrator('yield context.wait_for_external_event("Go")')) as host:
        host.start("main", instance_id="i")
        host.settle()
        host.raise_event("i", "go", 1)
        host.settle()

    assert "Instance 'i' waits for the event 'Go' and was sent 'go': the SDK compares names" in said(caplog)


def test_an_event_that_brings_text_is_mentioned_when_asked(
    hosted: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "devhost.http.management")
    source = """
    @app.route(route="tell")
    @app.durable_client_input(client_name="client")
    async def tell(req: func.HttpRequest, client):
        await client.raise_event("i", "Go", {"a": 1})
        return func.HttpResponse("x")


    """
    waiting = orchestrator('heard = yield context.wait_for_external_event("Go")\nreturn heard')
    with hosted(textwrap.dedent(source) + waiting) as host:
        host.start("main", instance_id="i")
        assert host.request("GET", "/api/tell").status == 200
        assert host.result("i") == '{"a": 1}'

    assert """The event 'Go' brings instance 'i' the text '{"a": 1}', not a value""" in said(
        caplog, logging.DEBUG
    )
    assert "Read it with json.loads in the orchestrator" in said(caplog, logging.DEBUG)


def test_a_timer_in_another_zone_is_warned_of(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    body = """
    zone = timezone(timedelta(hours=2))
    yield context.create_timer((context.current_utc_datetime + timedelta(seconds=5)).astimezone(zone))
    """
    with hosted(orchestrator(body)) as host:
        host.result(host.start("main", instance_id="i"))

    assert said(caplog).count("Instance 'i' created a timer for ") == 1
    assert "so it fires 2:00:00 off. Pass fire_at.astimezone(timezone.utc)" in said(caplog)


def test_an_orchestrator_that_sleeps_is_named(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    with hosted(orchestrator('time.sleep(1.8)\nyield context.call_activity("greet", 1)')) as host:
        host.result(host.start("main", instance_id="i"))

    assert "The orchestrator 'main' (instance 'i') has held its thread for more than a second" in said(caplog)
    assert "more than a second, in function_app.py, line " in said(caplog)
    assert "blocked the loop" not in said(caplog)
    assert "`time.sleep(1.8)`" in said(caplog)
    assert "wait with context.create_timer, and put sleeping, I/O and computing into an activity" in said(
        caplog
    )


def test_an_async_function_that_blocks_is_named(hosted: Any, caplog: pytest.LogCaptureFixture) -> None:
    source = """
    @app.route(route="block")
    async def block(req: func.HttpRequest):
        time.sleep(1.9)
        return func.HttpResponse("x")
    """
    with hosted(source) as host:
        assert host.request("GET", "/api/block").status == 200

    assert "The async function 'block' has blocked the loop of all async functions for over" in said(caplog)
    assert "`time.sleep(1.9)`" in said(caplog)
    assert "Await asyncio.sleep or an async client" in said(caplog)


def test_clashes_of_routes_and_names_are_announced(hosted: Any) -> None:
    source = """
    @app.route(route="items")
    def first(req: func.HttpRequest):
        return func.HttpResponse("first")


    @app.route(route="items")
    def second(req: func.HttpRequest):
        return func.HttpResponse("second")


    @app.activity_trigger(input_name="n", activity="greet")
    def other(n):
        return n
    """
    with hosted(source) as host:
        announced = "\n".join(lines(host.host, 0))

    assert "  second: left out, " in announced
    assert "'greet' and 'other' are both registered as 'greet': the first is run." in announced


def test_two_functions_of_one_name_are_refused(hosted: Any) -> None:
    source = '@app.activity_trigger(input_name="n")\ndef greet(n):\n    return n\n'

    with pytest.raises(AppRefused, match="does not have a unique function name") as refused, hosted(source):
        pass

    assert "Remedy: give each function a name of its own" in str(refused.value)
