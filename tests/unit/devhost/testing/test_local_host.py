"""A test drives an app by plain calls, and its time is the test's."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from devhost.engine.clock import RealClock
from devhost.engine.errors import InstanceConflict, InstanceEnded, InstanceNotFound, UnknownFunction
from devhost.engine.history import EventType
from devhost.functions.refusals import AppRefused
from devhost.testing import HostDied, LocalHost, OrchestrationFailed, VirtualClock
from devhost.testing.virtual_clock import START

MakeApp = Callable[..., Path]

APP = """
import json, os
from datetime import timedelta

MINE = os.environ.get("MINE")
ASKED = []

@app.orchestration_trigger(context_name="context")
def echo(context):
    return (yield context.call_activity("ask", context.get_input()))

@app.orchestration_trigger(context_name="context")
def plain(context):
    return [context.get_input(), context.version]

@app.orchestration_trigger(context_name="context")
def refuse(context):
    yield context.call_activity("ask", "no")
    raise ValueError("refused")

@app.orchestration_trigger(context_name="context")
def approval(context):
    bell = context.create_timer(context.current_utc_datetime + timedelta(hours=24))
    approved = context.wait_for_external_event("approved")
    winner = yield context.task_any([bell, approved])
    if winner == bell:
        return "too late"
    bell.cancel()
    return winner.result

@app.orchestration_trigger(context_name="context")
def relay(context):
    runs = []
    for number in range(3):
        runs.append((yield context.call_activity("ask", number)))
    return runs

@app.orchestration_trigger(context_name="context")
def two_steps(context):
    yield context.call_activity("ask", 1)
    yield context.wait_for_external_event("go on")
    return (yield context.call_activity("ask", 2))

@app.activity_trigger(input_name="n")
def ask(n):
    ASKED.append(n)
    return n

@app.entity_trigger(context_name="context")
def counter(context):
    count = context.get_input() if context.operation_name == "add" else 1
    context.set_state((context.get_state() or 0) + count)

@app.route(route="start/{name}", methods=["POST"])
@app.durable_client_input(client_name="client")
async def start(req, client):
    instance_id = await client.start_new(req.route_params["name"], client_input=req.get_json())
    return client.create_check_status_response(req, instance_id)

@app.route(route="shout", methods=["PUT"])
def shout(req):
    headers = {"X-Seen": req.headers.get("x-mine", "")}
    return func.HttpResponse(req.get_body().upper(), status_code=201, headers=headers)
"""


@pytest.fixture
def app(make_app: MakeApp) -> Path:
    versions = '{"defaultVersion": "3.0"}'
    return make_app(APP, host_json=f'{{"version": "2.0", "extensions": {{"durableTask": {versions}}}}}')


@pytest.mark.parametrize("replay", ["sticky", "always"])
@pytest.mark.parametrize("value", [None, 0, "text", {"a": [1, None]}])
def test_returns_what_the_orchestration_returns(app: Path, replay: Any, value: Any) -> None:
    with LocalHost(app, replay=replay) as host:
        assert host.result(host.start("echo", input=value)) == value


def test_starts_as_it_is_told(app: Path) -> None:
    with LocalHost(str(app)) as host:
        instance = host.start("plain", input={"n": 1}, instance_id="mine", version="2.0")

        assert instance == "mine"
        assert host.result("mine") == [{"n": 1}, "2.0"]
        assert host.status("mine").version == "2.0"
        assert [status.instance_id for status in host.statuses()] == ["mine"]


def test_an_instance_that_did_not_complete_raises_what_became_of_it(app: Path) -> None:
    with LocalHost(app) as host:
        instance = host.start("refuse")
        with pytest.raises(OrchestrationFailed) as failed:
            host.result(instance)

        assert (failed.value.instance_id, failed.value.status) == (instance, "Failed")
        assert str(failed.value) == "Orchestrator function 'refuse' failed: refused"


@pytest.mark.parametrize(("reason", "text"), [("enough", "enough"), ("", "Instance 'mine' is Terminated.")])
def test_a_terminated_instance_has_no_result(app: Path, reason: str, text: str) -> None:
    with LocalHost(app) as host:
        instance = host.start("approval", instance_id="mine")
        host.terminate(instance, reason)
        with pytest.raises(OrchestrationFailed, match=text) as failed:
            host.result(instance)

        assert failed.value.status == "Terminated"


def test_waits_a_day_in_a_moment(app: Path) -> None:
    with LocalHost(app) as host:
        assert isinstance(host.clock, VirtualClock)
        assert host.result(host.start("approval")) == "too late"
        assert host.clock.now() - START == timedelta(hours=24)


def test_approves_on_the_way(app: Path) -> None:
    with LocalHost(app) as host:
        instance = host.start("approval")
        host.advance(23 * 3600)
        host.raise_event(instance, "approved", {"by": "a person"})

        assert host.result(instance) == {"by": "a person"}
        assert host.clock.now() - START == timedelta(hours=23)


def test_settles_without_moving_the_time(app: Path) -> None:
    with LocalHost(app) as host:
        instance = host.start("two_steps")
        host.settle()

        assert host.module.ASKED == [1]
        assert host.host.waits_of(instance) == ["the event 'go on'"]
        assert host.clock.now() == START


def test_a_wait_in_vain_says_for_what(app: Path) -> None:
    with LocalHost(app) as host:
        instance = host.start("two_steps")

        with pytest.raises(TimeoutError, match=r"nothing will ever happen.*waits for the event 'go on'"):
            host.result(instance)


def test_holds_an_instance_up_while_it_is_suspended(app: Path) -> None:
    with LocalHost(app) as host:
        instance = host.start("approval")
        host.suspend(instance, "a moment")
        host.raise_event(instance, "approved", 1)
        host.settle()
        assert host.status(instance).runtime_status == "Suspended"

        with pytest.raises(InstanceConflict):
            host.suspend(instance)
        host.resume(instance)
        assert host.result(instance) == 1


def test_tells_the_history_as_it_is_stored(app: Path) -> None:
    with LocalHost(app) as host:
        instance = host.start("echo", input=1)
        host.result(instance)
        kinds = [EventType(event["EventType"]) for event in host.history(instance)]

    assert kinds[:3] == [
        EventType.ORCHESTRATOR_STARTED,
        EventType.EXECUTION_STARTED,
        EventType.TASK_SCHEDULED,
    ]
    assert EventType.EXECUTION_COMPLETED in kinds


def test_forgets_what_is_purged(app: Path) -> None:
    with LocalHost(app) as host:
        instance = host.start("plain")
        host.result(instance)

        assert (host.purge(instance), host.purge(instance)) == (1, 0)
        with pytest.raises(InstanceNotFound):
            host.status(instance)


def test_signals_entities(app: Path) -> None:
    with LocalHost(app) as host:
        assert host.entity("counter", "k") is None
        host.signal("counter", "k", "add", 5)
        host.signal("counter", "k", "count")
        host.settle()

        assert host.entity("counter", "k") == 6
        assert host.entity("counter", "other") is None


def test_refuses_what_is_not_there(app: Path) -> None:
    with LocalHost(app) as host:
        with pytest.raises(UnknownFunction, match="echo"):
            host.start("nothing")
        with pytest.raises(InstanceNotFound):
            host.raise_event("nobody", "E")
        instance = host.start("plain")
        host.result(instance)
        with pytest.raises(InstanceEnded):
            host.raise_event(instance, "E")


def test_answers_requests_without_a_socket(app: Path) -> None:
    with LocalHost(app) as host:
        reply = host.request("PUT", "/api/shout", body=b"hello", headers={"X-Mine": "seen"})

        assert (reply.status, reply.headers["x-seen"], reply.body) == (201, "seen", b"HELLO")
        assert host.request("GET", "/admin/host/status").json()["state"] == "Running"
        assert host.request("GET", "/api/nothing").status == 404


def test_lets_the_apps_client_start_and_ask(app: Path) -> None:
    with LocalHost(app) as host:
        accepted = host.request("POST", "/api/start/echo", json={"n": 1})
        assert accepted.status == 202
        urls = accepted.json()
        assert host.result(urls["id"]) == {"n": 1}

        status = host.request("GET", urls["statusQueryGetUri"].removeprefix(host.url))
        assert (status.status, status.json()["output"]) == (200, {"n": 1})


def test_gives_the_app_its_settings(app: Path) -> None:
    with LocalHost(app, settings={"MINE": "extra"}) as host:
        assert host.module.MINE == "extra"
    with LocalHost(app) as host:
        assert host.module.MINE is None


def test_hosts_one_app_after_another(app: Path, make_app: MakeApp) -> None:
    other = make_app(
        "@app.orchestration_trigger(context_name='context')\ndef echo(context): return 'other'", name="o"
    )

    for _ in range(2):
        with LocalHost(app) as host:
            assert host.result(host.start("echo", input="first")) == "first"
        with LocalHost(other) as host:
            assert host.result(host.start("echo")) == "other"


def test_refuses_a_second_app_at_a_time(app: Path) -> None:
    with LocalHost(app), pytest.raises(RuntimeError, match="leave the other LocalHost first"), LocalHost(app):
        pass
    with LocalHost(app) as host:
        assert host.result(host.start("plain"))[0] is None


def test_a_refused_app_is_refused_here_as_well(make_app: MakeApp) -> None:
    with pytest.raises(AppRefused, match="SystemExit"), LocalHost(make_app("raise SystemExit")):
        pass


def test_keeps_its_state_where_it_is_told(app: Path, tmp_path: Path) -> None:
    with LocalHost(app, state=tmp_path / "state") as host:
        instance = host.start("approval")
        host.advance(3600)
    with LocalHost(app, state=tmp_path / "state") as host:
        assert host.result(instance) == "too late"
        assert host.clock.now() - START == timedelta(hours=24)


def test_leaves_no_state_behind_unless_told(app: Path) -> None:
    with LocalHost(app) as host:
        host.start("approval")
        file = host.host.state_file
        assert file.is_file()

    assert not file.parent.exists()
    assert not (app / ".devhost").exists()


def test_a_crash_loses_only_what_was_not_on_disk(app: Path, tmp_path: Path) -> None:
    with LocalHost(app, state=tmp_path / "state") as host:
        instance = host.start("two_steps")
        host.settle()
        host.crash()
    with LocalHost(app, state=tmp_path / "state") as host:
        host.settle()
        assert host.module.ASKED == []
        host.raise_event(instance, "go on")

        assert host.result(instance) == 2
        assert host.module.ASKED == [2]


def test_dies_after_a_commit_and_goes_on_from_there(app: Path, tmp_path: Path) -> None:
    state, lives = tmp_path / "state", 0
    with LocalHost(app, state=state, die_after_commits=1) as host:
        with pytest.raises(HostDied, match="died after commit 1, as asked"):
            host.start("relay", instance_id="mine")
        with pytest.raises(HostDied):
            host.status("mine")
    while (output := _led(LocalHost(app, state=state, die_after_commits=1))) is None and lives < 50:
        lives += 1

    assert output == [0, 1, 2]
    assert 3 <= lives <= 10  # a step or two for each commit: what is on disk is not done again


def _led(host: LocalHost) -> Any:
    with suppress(HostDied), host:
        return host.result("mine")
    return None


def test_runs_in_real_time(app: Path) -> None:
    with LocalHost(app, clock="real") as host:
        assert isinstance(host.clock, RealClock)
        assert host.result(host.start("echo", input=json.dumps([1]))) == "[1]"
        with pytest.raises(TimeoutError, match=r"has not ended within 0\.05 s"):
            host.result(host.start("approval"), timeout=0.05)
        with pytest.raises(TypeError, match="clock='virtual'"):
            host.advance(1)


USES: dict[str, Callable[[LocalHost], object]] = {
    "host": lambda host: host.host,
    "clock": lambda host: host.clock,
    "url": lambda host: host.url,
    "module": lambda host: host.module,
    "start": lambda host: host.start("echo"),
    "result": lambda host: host.result("mine"),
    "status": lambda host: host.status("mine"),
    "advance": lambda host: host.advance(1),
    "settle": lambda host: host.settle(),
    "entity": lambda host: host.entity("counter", "k"),
    "request": lambda host: host.request("GET", "/api/shout"),
    "crash": lambda host: host.crash(),
}


@pytest.mark.parametrize("use", USES)
def test_refuses_to_be_used_outside_of_its_block(app: Path, use: str) -> None:
    host = LocalHost(app)

    with pytest.raises(RuntimeError, match="This LocalHost is not running"):
        USES[use](host)
    with host:
        pass
    with pytest.raises(RuntimeError, match="This LocalHost is not running"):
        USES[use](host)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"clock": "fast"}, "LocalHost takes clock='virtual' or 'real', not 'fast'"),
        ({"replay": True}, "LocalHost takes replay='sticky' or 'always', not True"),
    ],
)
def test_refuses_choices_it_does_not_offer(app: Path, given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        LocalHost(app, **given)


def test_refuses_settings_that_are_no_text(app: Path) -> None:
    settings: Any = {"MINE": 5}

    with pytest.raises(TypeError, match="The setting 'MINE' is 5: settings are text, write '5'"):
        LocalHost(app, settings=settings)


def test_takes_its_state_folder_as_text(app: Path, tmp_path: Path) -> None:
    with LocalHost(str(app), state=str(tmp_path / "state")) as host:
        assert host.host.state_file.parent == tmp_path / "state"


def test_refuses_to_turn_time_back(app: Path) -> None:
    with LocalHost(app) as host, pytest.raises(ValueError, match="Time does not go back"):
        host.advance(-1)


def test_refuses_a_misspelt_entity(app: Path) -> None:
    with LocalHost(app) as host, pytest.raises(UnknownFunction, match="Did you mean 'counter'"):
        host.entity("countr", "k")


def test_refuses_a_path_without_its_slash(app: Path) -> None:
    with LocalHost(app) as host:
        with pytest.raises(ValueError, match="write '/api/shout'"):
            host.request("GET", "api/shout")
        with pytest.raises(ValueError, match="write '/api/shout'"):
            host.request("GET", f"{host.url}/api/shout")


def test_rewinds_what_failed_and_only_that(make_app: MakeApp) -> None:
    with LocalHost(make_app(APP)) as host:
        failed, ended = host.start("refuse"), host.start("echo", input=1)
        with pytest.raises(OrchestrationFailed):
            host.result(failed)
        host.result(ended)
        host.rewind(failed, "once more")

        with pytest.raises(OrchestrationFailed, match="refused"):
            host.result(failed)
        with pytest.raises(InstanceEnded):
            host.rewind(ended)
