"""The announcement names every function, how it is reached, what was left out and where the host listens."""

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from devhost.announcement import announce, lines
from devhost.host import Host
from devhost.options import HostOptions

APP = """
@app.route(route="orders/{id}", methods=["GET", "POST"])
def order(req): return "x"

@app.route()
def anything(req): return "x"

@app.orchestration_trigger(context_name="context")
def chain(context): yield context.wait_for_external_event("E")

@app.orchestration_trigger(context_name="context", orchestration="Renamed")
def named(context): return 1

@app.activity_trigger(input_name="n")
def work(n): return n

@app.entity_trigger(context_name="context", entity_name="Counter")
def count(context): ...

@app.timer_trigger(arg_name="timer", schedule="0 * * * * *")
def nightly(timer): ...

@app.service_bus_queue_trigger(arg_name="msg", queue_name="q", connection="C")
def queue(msg): ...
"""


def told(app: Path, start: Mapping[str, str] | None = None) -> list[str]:
    """What a host of the app would announce; `start` leaves instances for a second host to take up."""

    async def scene() -> list[str]:
        host = await Host.open(HostOptions(app=app, port=0))
        try:
            told = [line.replace(host.url, "URL") for line in lines(host, 0.1234)]
            for instance_id, name in (start or {}).items():
                await host.hub.start(name, instance_id=instance_id)
            return [re.sub(r"next at [\d-]+ \d\d:\d\d:00$", "next at SOON", line) for line in told]
        finally:
            await host.close()

    return asyncio.run(scene())


def test_names_every_function_and_how_it_is_reached(make_app: Callable[..., Path]) -> None:
    app = make_app(APP)

    said = told(app)

    assert said[:4] == [
        f"App        {app}",
        f"State      {app / '.devhost' / 'devhost.db'} (synchronous=FULL)",
        "",
        "Functions (8):",
    ]
    assert sorted(said[4:12]) == [
        "  anything  http: [ALL] URL/api/anything",
        "  chain     orchestration",
        "  count     entity 'counter'",
        "  named     orchestration 'Renamed'",
        "  nightly   timer: 0 * * * * * (UTC), next at SOON",
        "  order     http: [GET,POST] URL/api/orders/{id}",
        "  queue     serviceBus: queue 'q'",
        "  work      activity",
    ]
    assert said[12:] == [
        "Service Bus URL/servicebus holds 0 messages and 0 dead letters; look at URL/admin/servicebus",
        "",
        "Ready in 0.12 s.",
        "Listening on URL",
    ]


def test_tells_of_an_app_without_functions(make_app: Callable[..., Path]) -> None:
    said = told(make_app(""))

    assert "Functions (0):" in said
    assert any(line.startswith("Warning: ") and "registers no functions" in line for line in said)


def test_warns_of_a_bus_that_the_app_sends_to_and_nobody_hears_here(make_app: Callable[..., Path]) -> None:
    said = told(make_app(APP, settings='{"Values": {"C__fullyQualifiedNamespace": "house.example"}}'))

    assert any(
        line.startswith("Warning: The connection 'C' is set (C__fullyQualifiedNamespace), but")
        for line in said
    )


def test_tells_what_was_left_out(make_app: Callable[..., Path]) -> None:
    off = '{"Values": {"AzureWebJobs.work.Disabled": "true"}}'
    lost = "@app.route(route='%NOWHERE%')\ndef lost(req): ..."

    said = told(make_app(APP + lost, settings=off))

    [disabled] = [line for line in said if line.startswith("  work")]
    assert disabled.startswith("  work: left out, ")
    assert "AzureWebJobs.work.Disabled" in disabled
    [unresolved] = [line for line in said if line.startswith("  lost")]
    assert "set NOWHERE in local.settings.json under Values" in unresolved


def test_tells_of_a_timer_that_is_never_rung(make_app: Callable[..., Path]) -> None:
    said = told(make_app(APP.replace("0 * * * * *", "hourly")))

    assert "  nightly   timer: never" in said
    assert any(line.startswith("  nightly: left out, its schedule 'hourly' is refused") for line in said)


def test_tells_what_it_took_up(make_app: Callable[..., Path]) -> None:
    app = make_app(APP)
    told(app, start={"run-1": "chain"})
    one = told(app, start={"run-2": "chain", "run-3": "chain", "run-4": "chain"})
    four = told(app)

    anew = f"To begin anew, stop the host and delete the folder {app / '.devhost'}."
    assert f"Took up 1 instance that had not ended: 'run-1'. {anew}" in one
    assert f"Took up 4 instances that had not ended: 'run-1', 'run-2', 'run-3' and 1 more. {anew}" in four


def test_speaks_line_by_line(make_app: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    async def scene() -> str:
        host = await Host.open(HostOptions(app=make_app(APP), port=0))
        announce(host, 1.0)
        await host.close()
        return host.url

    url = asyncio.run(scene())

    assert capsys.readouterr().out.splitlines()[-2:] == ["Ready in 1.00 s.", f"Listening on {url}"]
