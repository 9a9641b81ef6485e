import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from devhost.engine.hub import EntityState
from devhost.functions.http_exchange import HttpReply

Ask = Callable[..., HttpReply]
JSON = {"content_type": "application/json"}


def said(reply: HttpReply) -> Any:
    return json.loads(reply.body)


def test_a_start_answers_with_the_urls_and_where_to_look(ask: Ask, hub: Any) -> None:
    reply = ask("POST", "orchestrators/chain/run-1", b'{"a": 1}')

    base = "http://localhost:7071/runtime/webhooks/durabletask/instances/run-1"
    query = "taskHub=TestHub&connection=Storage&code=devhost"
    assert reply.status == 202
    assert said(reply) == {
        "id": "run-1",
        "statusQueryGetUri": f"{base}?{query}",
        "sendEventPostUri": f"{base}/raiseEvent/{{eventName}}?{query}",
        "terminatePostUri": f"{base}/terminate?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{base}?{query}",
        "restartPostUri": f"{base}/restart?{query}",
        "suspendPostUri": f"{base}/suspend?reason={{text}}&{query}",
        "resumePostUri": f"{base}/resume?reason={{text}}&{query}",
    }
    assert reply.header("location") == f"{base}?{query}"
    assert reply.header("retry-after") == "10"
    assert hub.told == [("start", "chain", "run-1", '{"a":1}', None)]


@pytest.mark.parametrize(
    ("body", "stored"),
    [
        (b"", None),
        (b"  ", None),
        (b"null", None),
        (b'"{\\"a\\": 1}"', '"{\\"a\\": 1}"'),
        (b'\xef\xbb\xbf{ "a" : [1, 2.50] }', '{"a":[1,2.5]}'),
        ('{"a":"é"}'.encode(), '{"a":"é"}'),
        (b'{"a":"\\ud800"}', '{"a":"\\ud800"}'),
    ],
)
def test_the_input_is_the_body_as_json_text(ask: Ask, hub: Any, body: bytes, stored: str | None) -> None:
    assert ask("POST", "orchestrators/chain?version=2.0", body).status == 202
    assert hub.told[0][3:] == (stored, "2.0")


@pytest.mark.parametrize("body", [b"[1]", b"5", b"true", b'"word"'])
def test_warns_of_an_input_that_breaks_python_orchestrators(
    ask: Ask, caplog: pytest.LogCaptureFixture, body: bytes
) -> None:
    with caplog.at_level(logging.WARNING):
        ask("POST", "orchestrators/chain", body)

    assert "get_input()" in caplog.text


@pytest.mark.parametrize("body", [b'{"a":1}', b'"{\\"a\\":1}"', b'"null"', b""])
def test_is_silent_about_an_input_that_works(ask: Ask, caplog: pytest.LogCaptureFixture, body: bytes) -> None:
    with caplog.at_level(logging.WARNING):
        ask("POST", "orchestrators/chain", body)

    assert caplog.text == ""


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("orchestrators/unknown", b"", "The function 'unknown' doesn't exist"),
        ("orchestrators/chain/@x", b"", "breaks a rule"),
        ("orchestrators/chain/" + "x" * 257, b"", "breaks a rule"),
        ("orchestrators/chain", b"{", "Expecting property name"),
        ("orchestrators/chain", b"\xff", "utf-8"),
        ("orchestrators/chain", b"[" * 100_000, "nested too deeply"),
        ("orchestrators/chain", b"1" * 5000, "4,300 digits"),
    ],
)
def test_refuses_a_bad_start_with_the_words_the_sdk_shows(
    ask: Ask, hub: Any, path: str, body: bytes, message: str
) -> None:
    reply = ask("POST", path, body)

    assert reply.status == 400
    assert message in said(reply)["ExceptionMessage"]
    assert hub.told == []


def test_a_start_over_a_running_instance_is_a_server_error(ask: Ask, hub: Any) -> None:
    hub.put("run-1")

    reply = ask("POST", "orchestrators/chain/run-1")

    assert reply.status == 500
    assert "status Running already exists" in said(reply)["ExceptionMessage"]


STATUS = {
    "name": "chain",
    "instanceId": "run-1",
    "runtimeStatus": "Running",
    "input": None,
    "customStatus": None,
    "output": None,
    "createdTime": "2026-01-02T03:04:05Z",
    "lastUpdatedTime": "2026-01-02T03:04:05Z",
}


def test_the_status_has_these_members_and_no_others(ask: Ask, hub: Any) -> None:
    hub.put("run-1")

    assert said(ask("GET", "instances/run-1")) == STATUS


@pytest.mark.parametrize(
    ("runtime", "status", "retry"),
    [
        ("Pending", 202, "5"),
        ("Running", 202, "5"),
        ("Suspended", 202, "5"),
        ("ContinuedAsNew", 202, "5"),
        ("Completed", 200, None),
        ("Failed", 200, None),
        ("Terminated", 200, None),
        ("Canceled", 200, None),
    ],
)
def test_the_code_tells_whether_to_ask_again(
    ask: Ask, hub: Any, runtime: str, status: int, retry: str | None
) -> None:
    hub.put("run-1", runtime)

    reply = ask("GET", "instances/run-1?code=k")

    assert (reply.status, reply.header("retry-after")) == (status, retry)
    here = "http://localhost:7071/durabletask/instances/run-1?code=k"
    assert reply.header("location") == (here if retry else None)


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        (None, None),
        ('{"a":1}', {"a": 1}),
        ('"text"', "text"),
        ("Orchestrator function 'chain' failed: boom", "Orchestrator function 'chain' failed: boom"),
        (" ", ""),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_outputs_are_json_or_else_plain_text(ask: Ask, hub: Any, stored: str | None, told: object) -> None:
    hub.put("run-1", "Completed", output_text=stored, input_json='"{}"', custom_status_json="[1]")

    status = said(ask("GET", "instances/run-1"))

    assert (status["output"], status["input"], status["customStatus"]) == (told, "{}", [1])


def test_the_input_and_the_history_are_shown_on_demand_in_any_case_of_the_names(ask: Ask, hub: Any) -> None:
    hub.put("run-1", "Completed", input_json='"{}"')
    hub.events = [
        {"EventType": 0, "EventId": -1, "IsPlayed": False, "Timestamp": "t", "Name": "chain", "Input": "1"},
        {"EventType": 1, "EventId": 0, "Timestamp": "t", "OrchestrationStatus": "Completed", "Result": "5"},
    ]

    status = said(ask("GET", "instances/run-1?SHOWINPUT=False&ShowHistory=True&showhistoryoutput=true"))

    assert status["input"] is None
    assert status["historyEvents"] == [
        {"EventType": "ExecutionStarted", "Timestamp": "t", "FunctionName": "chain"},
        {
            "EventType": "ExecutionCompleted",
            "Timestamp": "t",
            "OrchestrationStatus": "Completed",
            "Result": 5,
        },
    ]


def test_a_pending_instance_has_no_history_yet(ask: Ask, hub: Any) -> None:
    hub.put("run-1", "Pending")

    assert "historyEvents" not in said(ask("GET", "instances/run-1?showHistory=true"))


def test_lists_with_a_filter_and_a_token_for_the_next_page(ask: Ask, hub: Any) -> None:
    for number in range(4):
        hub.put(f"run-{number}")

    reply = ask(
        "GET",
        "instances/?runtimeStatus=Running,Failed&runtimeStatus=Pending&createdTimeFrom=2026-01-01T00:00:00.000000Z"
        "&createdtimeto=2026-01-03T01:00:00%2B01:00&instanceIdPrefix=r&top=1&showInput=false",
        x_ms_continuation_token="1",
    )

    [wanted] = hub.wanted
    assert wanted.runtime_statuses == {"Running", "Failed", "Pending"}
    assert wanted.created_from.isoformat() == "2026-01-01T00:00:00+00:00"
    assert wanted.created_to.isoformat() == "2026-01-03T00:00:00+00:00"
    assert (wanted.id_prefix, wanted.top, wanted.continuation) == ("r", 1, "1")
    assert reply.status == 200
    assert said(reply) == [STATUS]
    assert reply.header("x-ms-continuation-token") == "2"


def test_a_listing_without_parameters_wants_everything(ask: Ask, hub: Any) -> None:
    reply = ask("GET", "instances")

    assert (reply.status, said(reply), reply.header("x-ms-continuation-token")) == (200, [], None)
    assert hub.wanted[0].top is None


def test_purges_one_instance(ask: Ask, hub: Any) -> None:
    hub.put("old", "Completed")
    hub.put("new")

    assert said(ask("DELETE", "instances/old")) == {"instancesDeleted": 1}
    assert said(ask("DELETE", "instances/new")) == {"instancesDeleted": 0}
    assert ask("DELETE", "instances/old") == HttpReply(status=404)


@pytest.mark.parametrize("operation", ["terminate", "suspend", "resume"])
def test_steers_an_instance(ask: Ask, hub: Any, operation: str) -> None:
    hub.put("old", "Completed")
    hub.put("run-1", "Suspended" if operation == "resume" else "Running")
    assert ask("POST", f"instances/run-1/{operation}?reason=so%20be%20it") == HttpReply(status=202)
    hub.put("run-1", "Suspended" if operation == "resume" else "Running")
    assert ask("POST", f"Instances/run-1/{operation.upper()}") == HttpReply(status=202)
    assert hub.told == [(operation, "run-1", "so be it"), (operation, "run-1", None)]
    assert ask("POST", f"instances/old/{operation}") == HttpReply(status=410)
    assert ask("POST", f"instances/none/{operation}") == HttpReply(status=404)


def test_suspending_twice_is_a_server_error(ask: Ask, hub: Any) -> None:
    hub.put("run-1", "Suspended")

    assert ask("POST", "instances/run-1/suspend").status == 500


def test_raises_an_event(ask: Ask, hub: Any) -> None:
    hub.put("run-1")

    reply = ask(
        "POST",
        "instances/run-1/raiseEvent/Go",
        b' {"ok": true} ',
        content_type="Application/JSON; charset=utf-8",
    )

    assert reply == HttpReply(status=202)
    assert hub.told == [("raise_event", "run-1", "Go", '{"ok":true}')]


@pytest.mark.parametrize(
    ("path", "body", "media", "status"),
    [
        ("instances/none/raiseEvent/Go", b"1", "application/json", 404),
        ("instances/old/raiseEvent/Go", b"1", "text/plain", 410),
        ("instances/run-1/raiseEvent/Go", b"1", "text/plain", 400),
        ("instances/run-1/raiseEvent/Go", b"1", "", 400),
        ("instances/run-1/raiseEvent/Go", b"", "application/json", 400),
        ("instances/run-1/raiseEvent/Go", b"{", "application/json", 400),
    ],
)
def test_refuses_an_event(ask: Ask, hub: Any, *, path: str, body: bytes, media: str, status: int) -> None:
    hub.put("run-1")
    hub.put("old", "Failed")

    reply = ask("POST", path, body, content_type=media)

    assert reply.status == status
    # The SDK reads every answer as JSON.
    assert reply.body == b"" if status != 400 else said(reply)["Message"]
    assert hub.told == []


@pytest.mark.parametrize(
    ("path", "body", "headers", "told"),
    [
        ("entities/Counter/k?op=add", b'"3"', JSON, ("signal", "counter", "k", "add", '"3"')),
        ("entities/counter/k?op=add", b"three", {}, ("signal", "counter", "k", "add", '"three"')),
        ("entities/counter/k?op=reset", b"", {}, ("signal", "counter", "k", "reset", None)),
        ("entities/counter", b"", {}, ("signal", "counter", "", "", None)),
    ],
)
def test_signals_an_entity(
    ask: Ask, hub: Any, *, path: str, body: bytes, headers: dict[str, str], told: tuple[Any, ...]
) -> None:
    assert ask("POST", path, body, **headers) == HttpReply(status=202)
    assert hub.told == [told]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("entities/unknown/k", b"1"),
        ("entities/counter/k", b"{"),
        ("entities/counter/a\\b", b"1"),
        ("entities", b"1"),
    ],
)
def test_refuses_a_signal_that_cannot_be(ask: Ask, hub: Any, path: str, body: bytes) -> None:
    reply = ask("POST", path, body, **JSON)

    assert reply.status == 400
    assert said(reply)["Message"]
    assert hub.told == []


def test_reads_an_entity(ask: Ask, hub: Any) -> None:
    hub.entity_states["counter", "k"] = EntityState(name="counter", key="k", state_json='{"n":5}')
    hub.entity_states["counter", ""] = EntityState(name="counter", key="", state_json=None)

    assert said(ask("GET", "entities/Counter/k")) == {"n": 5}
    assert said(ask("GET", "entities/counter/$")) is None
    assert ask("GET", "entities/counter/none") == HttpReply(status=404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "instances/none"),
        ("GET", ""),
        ("GET", "elsewhere"),
        ("GET", "orchestrators/chain"),
        ("POST", "orchestrators"),
        ("POST", "orchestrators/chain/a/b"),
        ("PUT", "instances/run-1"),
        ("POST", "instances"),
        ("POST", "instances/run-1/dance"),
        ("GET", "instances/run-1/terminate"),
        ("POST", "instances/run-1/terminate/now"),
        ("POST", "instances/run-1/raiseEvent"),
        ("POST", "instances/run-1/raiseEvent/a/b"),
        ("PUT", "entities/counter/k"),
        ("POST", "entities/counter/k/l"),
        ("GET", "instances//run-1"),
    ],
)
def test_knows_nothing_else(ask: Ask, hub: Any, method: str, path: str) -> None:
    hub.put("run-1")

    assert ask(method, path) == HttpReply(status=404)


def test_refuses_a_page_of_no_size(ask: Ask) -> None:
    assert ask("GET", "instances?top=0").status == 400
