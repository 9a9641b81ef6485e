"""The host joins app, engine and HTTP, and leaves the process as it found it."""

import asyncio
import os
import sys
import urllib.request
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from devhost.engine.clock import RealClock
from devhost.engine.hub import InstanceStatus
from devhost.functions.http_exchange import HttpCall
from devhost.functions.refusals import AppRefused, MissingSetting, SettingsRefused
from devhost.host import SWITCH_INTERVAL, Host
from devhost.http.server import AddressInUse
from devhost.options import HostOptions
from devhost.storage.errors import StateInUse
from devhost.testing import VirtualClock

MakeApp = Callable[..., Path]

APP = """
import os, sys, threading
SEEN = (os.environ.get("MINE"), os.getcwd(), sys.path[0])
BEGUN, GATE = threading.Event(), threading.Event()

@app.orchestration_trigger(context_name="context")
def chain(context):
    return (yield context.call_activity("work", context.get_input()))

@app.orchestration_trigger(context_name="context")
def wait(context):
    return (yield context.wait_for_external_event("E"))

@app.activity_trigger(input_name="n")
def work(n):
    BEGUN.set()
    return "nobody came" if n == "gate" and not GATE.wait(5) else n

@app.route(route="hello")
def hello(req): return "hello"
"""
VALUES = '{"Values": {"MINE": "from the file"}}'


def within(scene: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    return asyncio.run(scene())


async def hosting(app: Path, use: Callable[[Host], Coroutine[Any, Any, Any]], **options: Any) -> Any:
    """What `use` makes of a host of the app."""
    host = await Host.open(HostOptions(app=app, port=0, **options))
    try:
        return await use(host)
    finally:
        await host.close()


async def seen(host: Host) -> Any:
    return host.module.SEEN


async def ended(host: Host, name: str, given: str) -> InstanceStatus:
    return await host.hub.ended(await host.hub.start(name, input_json=given))


def of_the_process() -> dict[str, Any]:
    return {
        "environment": dict(os.environ),
        "folder": Path.cwd(),
        "path": list(sys.path),
        "interval": sys.getswitchinterval(),
        "module": sys.modules.get("function_app"),
    }


def test_leaves_the_process_as_it_found_it(make_app: MakeApp) -> None:
    app, before = make_app(APP, settings=VALUES), of_the_process()

    async def look(host: Host) -> dict[str, Any]:
        return of_the_process()

    during = within(lambda: hosting(app, look, extra_settings={"EXTRA": "1"}))

    assert during["interval"] == pytest.approx(SWITCH_INTERVAL)
    assert {"MINE", "EXTRA", "AzureWebJobsScriptRoot"} <= during["environment"].keys()
    assert during["module"] is not None
    assert of_the_process() == before


def test_abandons_the_process_as_it_found_it(make_app: MakeApp) -> None:
    app, before = make_app(APP, settings=VALUES), of_the_process()

    async def scene() -> None:
        host = await Host.open(HostOptions(app=app, port=0))
        await host.abandon()

    within(scene)

    assert of_the_process() == before


@pytest.mark.parametrize(
    "source",
    ["raise KeyError('at import')", "raise SystemExit", "import nowhere", "app2 = func.FunctionApp()"],
)
def test_a_refused_app_leaves_nothing_behind(make_app: MakeApp, source: str) -> None:
    app, before = make_app(source, settings=VALUES), of_the_process()

    for _ in range(2):  # the second time, state and modules are free again
        with pytest.raises(AppRefused):
            within(lambda: hosting(app, seen))

    assert of_the_process() == before


def test_loads_the_app_in_its_folder_with_its_settings(make_app: MakeApp) -> None:
    app = make_app(APP, settings=VALUES)

    mine, folder, first = within(lambda: hosting(app, seen))

    assert (mine, folder, first) == ("from the file", str(app), str(app))


def test_extra_settings_go_before_the_files(make_app: MakeApp) -> None:
    app = make_app(APP, settings=VALUES)

    assert within(lambda: hosting(app, seen, extra_settings={"MINE": "extra"}))[0] == "extra"


def test_another_settings_file_may_stand_in(make_app: MakeApp, tmp_path: Path) -> None:
    app, other = make_app(APP, settings=VALUES), tmp_path / "other.json"
    other.write_text('{"Values": {"MINE": "from the other"}}', encoding="utf-8")

    assert within(lambda: hosting(app, seen, settings=other))[0] == "from the other"


def test_refuses_a_settings_file_that_is_not_there(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(APP)

    with pytest.raises(SettingsRefused, match=r"nowhere\.json: there is no such file"):
        within(lambda: hosting(app, seen, settings=tmp_path / "nowhere.json"))


def test_tells_the_app_its_own_address_and_takes_it_back(make_app: MakeApp) -> None:
    source = "import os\nHERE = os.environ['WEBSITE_HOSTNAME']"

    async def look(host: Host) -> tuple[str, str]:
        return host.module.HERE, host.url

    here, url = within(lambda: hosting(make_app(source), look))

    assert url == f"http://{here}"
    assert "WEBSITE_HOSTNAME" not in os.environ


def test_leaves_an_address_that_the_settings_give(make_app: MakeApp) -> None:
    app = make_app("", settings='{"Values": {"WEBSITE_HOSTNAME": "app.example"}}')

    async def look(_: Host) -> str:
        return os.environ["WEBSITE_HOSTNAME"]

    assert within(lambda: hosting(app, look)) == "app.example"


def test_a_bad_bus_file_refuses_the_start(make_app: MakeApp) -> None:
    app = make_app(APP)
    (app / "servicebus.json").write_text('{"UserConfig": []}', encoding="utf-8")

    with pytest.raises(SettingsRefused, match=r"servicebus\.json: UserConfig must be a JSON object"):
        within(lambda: hosting(app, seen))


def test_resolves_settings_in_decorators(make_app: MakeApp) -> None:
    source = "@app.route(route='%WHERE%/f')\ndef f(req): return 'here'"
    app = make_app(source, settings='{"Values": {"WHERE": "there"}}')

    async def ask(host: Host) -> int:
        return (await host.answer(HttpCall.to("GET", host.url + "/api/there/f"))).status

    assert within(lambda: hosting(app, ask)) == 200


def test_resolves_extra_settings_in_host_json(make_app: MakeApp) -> None:
    hub = '{"version": "2.0", "extensions": {"durableTask": {"hubName": "%HUB%"}}}'
    app = make_app(APP, host_json=hub)

    async def name(host: Host) -> str:
        return host.settings.hub_name

    assert within(lambda: hosting(app, name, extra_settings={"HUB": "Mine"})) == "Mine"


def test_refuses_a_hub_whose_name_has_no_value(make_app: MakeApp) -> None:
    hub = '{"version": "2.0", "extensions": {"durableTask": {"hubName": "%HUB%"}}}'
    app, before = make_app(APP, host_json=hub), of_the_process()

    with pytest.raises(MissingSetting, match="set HUB in local"):
        within(lambda: hosting(app, seen))

    assert of_the_process() == before


def test_answers_over_http(make_app: MakeApp) -> None:
    def get(url: str) -> tuple[int, bytes]:
        with urllib.request.urlopen(url, timeout=20) as reply:  # noqa: S310 - the host's own address
            return reply.status, reply.read()

    async def ask(host: Host) -> tuple[int, bytes]:
        return await asyncio.to_thread(get, host.url + "/api/hello")

    app = make_app(APP)

    assert within(lambda: hosting(app, ask)) == (200, b"hello")


def test_listens_where_the_settings_say_unless_the_options_do(make_app: MakeApp) -> None:
    async def free_port(host: Host) -> int:
        return int(host.url.rpartition(":")[2])

    bare = make_app(APP)
    port = within(lambda: hosting(bare, free_port))
    app = make_app(APP, name="settled", settings=f'{{"Host": {{"LocalHttpPort": {port}}}}}')

    async def scene() -> list[str]:
        host = await Host.open(HostOptions(app=app))
        urls = [host.url]
        await host.close()
        return [*urls, await hosting(app, url)]

    async def url(host: Host) -> str:
        return host.url

    first, second = within(scene)
    assert first.endswith(f":{port}")
    assert not second.endswith(":0")


def test_refuses_an_address_in_use_before_it_touches_the_state(make_app: MakeApp) -> None:
    app = make_app(APP)

    async def scene(host: Host) -> None:
        port = int(host.url.rpartition(":")[2])
        with pytest.raises(AddressInUse, match=f"Cannot listen on 127.0.0.1:{port}"):
            await Host.open(HostOptions(app=app, port=port, state=app / "other"))

    within(lambda: hosting(app, scene))

    assert not (app / "other").exists()


def test_refuses_a_state_in_use_and_frees_the_port(make_app: MakeApp) -> None:
    app = make_app(APP)

    async def scene(host: Host) -> None:
        with pytest.raises(StateInUse, match=f"process {os.getpid()}"):
            await Host.open(HostOptions(app=app, port=0))
        assert (await host.answer(HttpCall.to("GET", host.url + "/api/hello"))).status == 200

    within(lambda: hosting(app, scene))


def test_asks_for_patience_until_it_is_ready(make_app: MakeApp) -> None:
    options = HostOptions(app=make_app(APP))

    async def scene() -> tuple[int, tuple[tuple[str, str], ...]]:
        host = Host(options, RealClock(asyncio.get_running_loop()))
        reply = await host.answer(HttpCall.to("GET", "http://localhost/api/hello"))
        return reply.status, reply.headers

    assert within(scene) == (503, (("Retry-After", "1"),))


def test_goes_on_where_the_last_host_stopped(make_app: MakeApp) -> None:
    app = make_app(APP)

    async def begin(host: Host) -> str:
        return await host.hub.start("wait")

    async def go_on(host: Host) -> str | None:
        assert host.hub.live_instances == 1
        await host.hub.raise_event(instance_id, "E", "7")
        return (await host.ended(instance_id)).output_text

    instance_id = within(lambda: hosting(app, begin))

    assert within(lambda: hosting(app, go_on)) == "7"


def test_hosts_one_app_after_another(make_app: MakeApp) -> None:
    other = make_app("SEEN = 'other'", name="other")
    app = make_app(APP)

    assert within(lambda: hosting(other, seen)) == "other"
    assert within(lambda: hosting(app, seen))[1] == str(app)
    assert within(lambda: hosting(other, seen)) == "other"


def test_lets_running_calls_end_before_it_closes(make_app: MakeApp) -> None:
    app = make_app(APP)

    async def scene() -> str:
        host = await Host.open(HostOptions(app=app, port=0))
        instance_id = await host.hub.start("chain", input_json='"\\"gate\\""')
        while not host.module.BEGUN.is_set():  # noqa: ASYNC110 - it is set by a thread
            await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, host.module.GATE.set)
        await host.close(patience=20)
        return instance_id

    async def look(host: Host) -> str | None:
        return (await host.ended(instance_id)).output_text

    instance_id = within(scene)

    assert within(lambda: hosting(app, look)) == '"gate"'


def test_writes_nothing_more_once_abandoned(make_app: MakeApp) -> None:
    app = make_app(APP)

    async def scene() -> list[str]:
        host = await Host.open(HostOptions(app=app, port=0))
        kept = await host.hub.start("wait")
        lost = asyncio.ensure_future(host.hub.start("wait", instance_id="lost"))
        await asyncio.sleep(0)
        await host.abandon()
        await asyncio.gather(lost, return_exceptions=True)
        return [kept, "lost"]

    async def look(host: Host) -> list[bool]:
        return [name in host.hub._live for name in names]

    names = within(scene)

    assert within(lambda: hosting(app, look)) == [True, False]


def test_says_when_it_can_go_on_no_longer(make_app: MakeApp) -> None:
    app, full = make_app(APP), OSError("disk full")

    def fail(commits: int) -> None:
        raise full

    async def scene() -> BaseException:
        host = await Host.open(HostOptions(app=app, port=0), on_commit=fail)
        with pytest.raises(OSError, match="disk full"):
            await host.hub.start("wait")
        reason = await host.broken
        await host.abandon()
        return reason

    assert within(scene) is full


def test_runs_on_the_clock_it_is_given(make_app: MakeApp) -> None:
    app = make_app(APP)

    async def scene() -> bool:
        clock = VirtualClock(asyncio.get_running_loop())
        host = await Host.open(HostOptions(app=app, port=0), clock=clock)
        status = await ended(host, "chain", '"1"')
        await host.close()
        return status.created == clock.now()

    assert within(scene)


@pytest.mark.parametrize("replay", ["sticky", "always"])
def test_runs_orchestrations(make_app: MakeApp, replay: str) -> None:
    app = make_app(APP)

    async def use(host: Host) -> tuple[str, str | None, bool]:
        status = await ended(host, "chain", '"{\\"a\\": 1}"')
        return status.runtime_status, status.output_text, host.has_ended(status.instance_id)

    assert within(lambda: hosting(app, use, replay=replay)) == ("Completed", '{"a": 1}', True)
