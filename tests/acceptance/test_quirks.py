"""What the SDK does unexpectedly it does here too, and the host stays upright.

The numbers are those of docs/decisions/0008-quirks-and-choices.md, which tells where the others are tested.
"""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from driver import APPS

from devhost.testing import LocalHost, OrchestrationFailed
from devhost.testing.reply import Reply

APP = APPS / "quirks"
STRICT = {"AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1"}
ROOTS = ("/durabletask", "/runtime/webhooks/durabletask")


@pytest.fixture
def host(tmp_path: Path) -> Iterator[LocalHost]:
    with LocalHost(APP, state=tmp_path) as host:
        yield host


def call(host: LocalHost, method: str, *args: Any, entity: tuple[str, str] | None = None) -> Reply:
    """Have the app's durable client call a method; 200 with what it returned, or 409 with what it raised."""
    given = {"args": args} | ({} if entity is None else {"entity": entity})
    return host.request("POST", f"/api/client/{method}", json=given)


def listening(host: LocalHost) -> str:
    instance = host.start("listen")
    host.settle()
    return instance


def failure(host: LocalHost, name: str, given: Any = None) -> str:
    with pytest.raises(OrchestrationFailed) as caught:
        host.result(host.start(name, input=given))
    return str(caught.value)


@pytest.mark.parametrize(
    ("how", "python", "registered"),
    [("function", "shout_it", "Shout"), ("other function", "whisper_it", "Whisper")],
)
def test_fails_to_call_a_renamed_function_by_its_python_name_and_says_how(
    host: LocalHost, how: str, python: str, registered: str
) -> None:
    """1: `call_activity(fn)` ignores both ways of renaming."""
    told = failure(host, "call_shout", how)

    assert f"The function '{python}' doesn't exist, is disabled, or is not an activity function" in told
    assert f"call it by that name, '{registered}', as text" in told
    assert host.result(host.start("call_shout", input="name")) == "HELLO"


def test_gives_an_event_to_a_wait_that_was_given_up(host: LocalHost) -> None:
    """2: a wait that lost a race stays open and takes an event nobody else waits for."""
    instance = host.start("give_up_a_wait")
    for name, data in (("Go", 1), ("Word", "heard"), ("Word", "swallowed"), ("Go", 2), ("Word", "last")):
        host.settle()
        host.raise_event(instance, name, data)

    assert host.result(instance) == ["heard", "last"]


@pytest.mark.parametrize(("data", "text"), [({"a": 1}, '{"a": 1}'), (False, "false"), (0, "0"), ("a", '"a"')])
def test_hands_over_the_clients_data_as_json_text_that_is_always_true(
    host: LocalHost, data: Any, text: str
) -> None:
    """3: the SDK encodes an event's data twice."""
    instance = listening(host)
    assert call(host, "raise_event", instance, "Word", data).status == 200

    assert host.result(instance) == [text, True]


@pytest.mark.parametrize("data", [{"a": 1}, False, 0, ""])
def test_hands_over_real_values_from_clients_outside(host: LocalHost, data: Any) -> None:
    """3: what is posted to the management API is encoded once."""
    instance = listening(host)
    posted = host.request("POST", f"{ROOTS[1]}/instances/{instance}/raiseEvent/Word", json=data)

    assert posted.status == 202
    assert host.result(instance) == [data, bool(data)]


@pytest.mark.parametrize("data", [0, False, "", []])
def test_drops_a_falsy_input_of_a_signal(
    host: LocalHost, data: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """4: so the entity fails as soon as it asks for its input, and its state stays."""
    for given in (5, data):
        assert call(host, "signal_entity", "put", given, entity=("drawer", "top")).status == 200
        host.settle()

    assert host.entity("drawer", "top") == 5
    assert "get_input() found nothing it can read" in caplog.text


def test_shows_the_history_under_the_servers_name_and_the_input_always(host: LocalHost) -> None:
    """5: `.history` stays None, and `show_input=False` asks for nothing else than True does."""
    instance = host.start("echo", input={"a": 1})
    host.result(instance)

    seen = host.request("GET", f"/api/status/{instance}").json()
    assert seen["history"] is None
    assert [event["EventType"] for event in seen["historyEvents"]] == [
        "ExecutionStarted",
        "ExecutionCompleted",
    ]
    assert json.loads(seen["input"]) == {"a": 1}


def test_lists_every_instance_on_one_page(host: LocalHost) -> None:
    """6: the SDK reads one page, which has 100 instances on Azure and all of them here."""
    for number in range(101):
        host.start("echo", input=number)
    listening(host)

    assert host.request("GET", "/api/count").json() == [102, 101]


def test_pages_only_when_asked_to(host: LocalHost) -> None:
    """6: `top` cuts a page, and the token leads on."""
    for number in range(3):
        host.result(host.start("echo", input=number))

    first = host.request("GET", f"{ROOTS[0]}/instances/?top=2")
    token = {"x-ms-continuation-token": first.headers["x-ms-continuation-token"]}
    rest = host.request("GET", f"{ROOTS[0]}/instances/?top=2", headers=token)
    assert [len(page.json()) for page in (first, rest)] == [2, 1]
    assert not rest.headers.get("x-ms-continuation-token")


def test_answers_a_waiting_caller_with_a_text_that_is_no_json(host: LocalHost) -> None:
    """8: the SDK says application/json and leaves a text's quotes out."""
    instance = host.start("echo", input="plain")
    host.result(instance)

    reply = host.request("GET", f"/api/wait/{instance}")
    assert (reply.status, reply.body) == (200, b"plain")
    assert reply.headers["content-type"].startswith("application/json")


def test_types_no_result_of_an_entity(host: LocalHost) -> None:
    """9: the SDK holds the type against the envelope, only when typing is strict."""
    assert host.result(host.start("ask_for_a_number", input="typed")) == 7


@pytest.mark.parametrize(
    ("name", "typed", "told"),
    [
        ("ask_for_a_number", "typed", "value (dict) is not compatible with expected type <class 'int'>"),
        ("order_a_parcel", "with retries", "strict mode requires expected_type"),
    ],
)
def test_fails_with_strict_typing_as_the_sdk_does(tmp_path: Path, name: str, typed: str, told: str) -> None:
    """9: neither entities' results nor retried calls are given the type."""
    with LocalHost(APP, state=tmp_path, settings=STRICT) as host:
        assert told in failure(host, name, typed)
        assert host.result(host.start(name, input="plain")) in (3, 7)


def test_takes_the_clock_face_of_another_zone_as_utc(host: LocalHost) -> None:
    """10: a minute from now in Athens is two hours and a minute from now."""
    instance = host.start("sleep_in_athens")
    host.result(instance)

    status = host.status(instance)
    assert status.updated - status.created == timedelta(hours=2, minutes=1)


def test_fails_to_compare_its_time_with_one_without_a_zone(host: LocalHost) -> None:
    """10: `current_utc_datetime` has a zone."""
    assert "can't compare offset-naive and offset-aware datetimes" in failure(host, "compare_with_no_zone")


def test_fails_to_cancel_a_timer_that_has_fired(host: LocalHost) -> None:
    """11: `cancel()` raises."""
    assert "Cannot cancel a completed task." in failure(host, "cancel_too_late")


def test_keeps_a_status_through_falsy_ones(host: LocalHost) -> None:
    """11: `set_custom_status` of a falsy value changes nothing."""
    instance = host.start("show_status", input=["working", 0, "", {}, False, "done"])
    seen = []
    for _ in range(6):
        host.settle()
        seen.append(host.status(instance).custom_status_json)
        host.advance(60)

    assert seen == ['"working"'] * 5 + ['"done"']


def test_fails_for_a_status_of_more_than_16_kb(host: LocalHost) -> None:
    """11: counted in UTF-16, two bytes a letter."""
    assert "must not exceed 16 KB" in failure(host, "show_status", ["x" * 9000])
    host.result(host.start("show_status", input=["x" * 8000]))


def test_hears_a_name_up_to_its_question_mark(host: LocalHost) -> None:
    """12: the SDK quotes neither names nor reasons."""
    instance = listening(host)
    assert call(host, "raise_event", instance, "Word?really", 1).status == 200

    assert host.result(instance) == ["1", True]


def test_does_not_find_an_event_with_a_slash(host: LocalHost) -> None:
    """12: its name is two pieces of a path."""
    reply = call(host, "raise_event", listening(host), "Wo/rd", 1)

    assert reply.status == 409
    assert b"No instance with ID" in reply.body


def test_takes_any_hub_and_connection(host: LocalHost) -> None:
    """12: there is one hub, whatever the client calls it and its connection."""
    instance = listening(host)
    assert call(host, "raise_event", instance, "Word", 1, "OtherHub", "OtherConnection").status == 200

    assert host.result(instance) == ["1", True]


@pytest.mark.parametrize(
    ("method", "args"),
    [("terminate", ("why",)), ("suspend", ("why",)), ("resume", ("why",)), ("raise_event", ("Word", 1))],
)
def test_tells_the_client_in_words_that_an_instance_is_unknown(
    host: LocalHost, method: str, args: tuple[Any, ...]
) -> None:
    """13: an answer that were neither empty nor JSON would break the client while it reads."""
    reply = call(host, method, "nobody", *args)

    assert reply.status == 409
    assert re.fullmatch(rb"Exception: No instance with ID '?nobody'? found\.", reply.body)


@pytest.mark.parametrize("root", ROOTS)
@pytest.mark.parametrize(
    "path",
    [
        "instances/nobody",
        "instances/nobody/terminate",
        "instances/nobody/rewind",
        "instances/nobody/restart",
        "instances?createdTimeFrom=2100-01-01",
        "entities",
        "instances/nobody/nonsense",
        "entities/nothing/k",
        "orchestrators/nothing",
        "nonsense",
    ],
)
def test_refuses_with_json_or_nothing(host: LocalHost, root: str, path: str) -> None:
    """13: under both roots."""
    for method in ("GET", "POST", "DELETE"):
        reply = host.request(method, f"{root}/{path}")
        assert not reply.body or isinstance(reply.json(), dict | list)


def test_tells_utc_by_its_own_name(host: LocalHost) -> None:
    """15: on Azure the zone may read tzlocal(); it is the same time."""
    assert host.result(host.start("tell_the_zone")) == "datetime.timezone.utc"


@pytest.mark.parametrize(
    "code", ["", "?code=devhost", "?code=anything", "?taskHub=any&connection=any&code=x"]
)
def test_checks_no_key(host: LocalHost, code: str) -> None:
    """Keys: links carry a `code` for clients that look for one."""
    instance = host.start("echo", input=1)
    host.result(instance)

    assert host.request("GET", f"{ROOTS[1]}/instances/{instance}{code}").json()["output"] == 1
    started = host.request("POST", f"{ROOTS[1]}/orchestrators/echo", json="1").json()
    assert all("code=devhost" in link for kind, link in started.items() if kind != "id")


def test_returns_the_links_of_a_restarted_instance(host: LocalHost) -> None:
    """7: the SDK says it returns an id."""
    instance = host.start("echo", input={"a": 1})
    host.result(instance)

    anew = call(host, "restart", instance).json()
    again = call(host, "restart", instance, False).json()
    assert {"id", "statusQueryGetUri"} <= anew.keys() & again.keys()
    assert anew["id"] != instance == again["id"]
    assert [host.result(anew["id"]), host.result(instance)] == [{"a": 1}, {"a": 1}]


def test_refuses_to_restart_the_unknown_to_each_as_it_understands(host: LocalHost) -> None:
    """e: 404 is what the SDK reads, 400 is what Azure answers to others."""
    inside, outside = (host.request("POST", f"{root}/instances/nobody/restart") for root in ROOTS)

    assert (inside.status, outside.status) == (404, 400)
    assert b"No instance with ID 'nobody' found." in call(host, "restart", "nobody").body


def test_rewinds_for_a_reason_with_an_ampersand(host: LocalHost) -> None:
    """12: the reason ends there, and nothing else comes of it."""
    instance = host.start("cancel_too_late")
    with pytest.raises(OrchestrationFailed):
        host.result(instance)

    assert call(host, "rewind", instance, "rest & recreation").status == 200
    assert b"No instance with ID nobody found." in call(host, "rewind", "nobody", "why").body
