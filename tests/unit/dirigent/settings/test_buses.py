"""What carries events and words to people: what is read, and what is refused."""

import pytest

from dirigent.domain.catalogue import Catalogue, Workflow
from dirigent.domain.steps import ChooseStep, NotifyStep, PublishStep, SendStep, Step
from dirigent.domain.subscriptions import Subscription
from dirigent.settings import Namespace, Problem, SettingRefused, Settings

LOCAL = {"AZURE_FUNCTIONS_ENVIRONMENT": "Development"}
AWAY = {"DIRIGENT_MODEL": "scripted", "DIRIGENT_RECORDS": "sqlite", "DIRIGENT_ARTIFACTS": "files"}
HOST = "house.servicebus.windows.net"
NAMED = "ServiceBusConnection__fullyQualifiedNamespace"
KEYED = f"Endpoint=sb://{HOST}/;SharedAccessKeyName=Root;SharedAccessKey=c2VjcmV0"
CLIENT = "11111111-2222-3333-4444-55555555abcd"
SEND = SendStep(name="tell", topic="data", event="Told", output="told")
NOTIFY = NotifyStep(name="warn", channel="email", to="a@example.org", text="Look!", output="warned")
PUBLISH = PublishStep(name="publish", publish="text", output="address", filename="a.md")


def refused(environment: dict[str, str]) -> tuple[Problem, ...]:
    with pytest.raises(SettingRefused) as caught:
        Settings.read(environment)
    return caught.value.problems


def catalogue(*steps: Step, subscriptions: tuple[str, ...] = ()) -> Catalogue:
    workflow = Workflow(name="w", description="", type="w", input=(), steps=steps, result={})
    heard = {name: Subscription(name=name, topic="data", workflow="w") for name in subscriptions}
    return Catalogue(models={}, agents={}, workflows={"w": workflow}, subscriptions=heard)


def unmet(settings: Settings, declared: Catalogue) -> list[str]:
    with pytest.raises(SettingRefused) as caught:
        settings.check(declared)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize(
    ("environment", "namespace"),
    [
        ({NAMED: HOST}, Namespace(url=f"https://{HOST}", signs_in=True)),
        ({NAMED: f"{HOST.upper()}."}, Namespace(url=f"https://{HOST}", signs_in=True)),
        (
            {NAMED: HOST, "ServiceBusConnection__clientId": CLIENT.upper()},
            Namespace(url=f"https://{HOST}", signs_in=True, client_id=CLIENT),
        ),
        ({"ServiceBusConnection": KEYED}, Namespace(url=f"https://{HOST}", key_name="Root", key="c2VjcmV0")),
        (
            {"DIRIGENT_BUS_CONNECTION": "Told", "Told": KEYED, NAMED: "another.servicebus.windows.net"},
            Namespace(url=f"https://{HOST}", key_name="Root", key="c2VjcmV0"),
        ),
        (
            {
                "DIRIGENT_BUS_CONNECTION": "DIRIGENT_TOLD",
                "DIRIGENT_TOLD__fullyQualifiedNamespace": HOST,
                "DIRIGENT_TOLD__credential": "managedidentity",
                "DIRIGENT_TOLD__clientId": CLIENT,
            },
            Namespace(url=f"https://{HOST}", signs_in=True, client_id=CLIENT),
        ),
    ],
)
def test_reads_the_namespace(environment: dict[str, str], namespace: Namespace) -> None:
    settings = Settings.read(AWAY | environment | {"DIRIGENT_BUS": "service-bus"})

    assert settings.service_bus == namespace
    assert settings.bus_connection == environment.get("DIRIGENT_BUS_CONNECTION", "ServiceBusConnection")


def test_a_key_is_told_to_nobody() -> None:
    settings = Settings.read(LOCAL | {"ServiceBusConnection": KEYED})

    assert "c2VjcmV0" not in f"{settings!r} {settings.bus_told}"


@pytest.mark.parametrize(
    ("environment", "bus"),
    [
        ({}, "local"),
        ({NAMED: HOST}, "service-bus"),
        ({"ServiceBusConnection": KEYED}, "service-bus"),
        ({"DIRIGENT_BUS_CONNECTION": "Told", "Told": KEYED}, "service-bus"),
        ({"ServiceBusConnection__clientId": CLIENT}, "local"),
        ({"DIRIGENT_BUS": "local", "ServiceBusConnection": KEYED}, "local"),
        ({"DIRIGENT_BUS": "none"}, "none"),
    ],
)
def test_in_development_events_go_where_a_connection_is_set(environment: dict[str, str], bus: str) -> None:
    settings = Settings.read(LOCAL | environment)

    assert settings.bus == bus
    assert (settings.service_bus is None) == (bus != "service-bus")


def test_elsewhere_it_must_be_said_although_a_connection_is_set() -> None:
    (problem,) = refused(AWAY | {NAMED: HOST})

    assert str(problem).startswith(
        f"DIRIGENT_BUS is not set: set it to 'service-bus', with {NAMED} or a connection string in "
        "ServiceBusConnection, or to 'none'; 'local' is for local runs"
    )


@pytest.mark.parametrize("chosen", ["local", "none"])
def test_elsewhere_what_is_asked_for_by_name_will_do(chosen: str) -> None:
    assert Settings.read(AWAY | {"DIRIGENT_BUS": chosen}).bus == chosen


@pytest.mark.parametrize(
    ("environment", "variable", "told"),
    [
        ({}, NAMED, "is not set while DIRIGENT_BUS is 'service-bus': set it to the namespace's host"),
        ({NAMED: f"https://{HOST}"}, NAMED, "is no host of a namespace on Azure"),
        ({NAMED: "house"}, NAMED, "is no host of a namespace on Azure"),
        ({NAMED: "bus.example.org"}, NAMED, "nobody else may have tokens of Entra: write the host alone"),
        (
            {NAMED: HOST, "ServiceBusConnection__clientId": "me"},
            "ServiceBusConnection__clientId",
            "is no client id",
        ),
        (
            {NAMED: HOST, "ServiceBusConnection": KEYED},
            "ServiceBusConnection",
            f"is set beside {NAMED}, and nobody can say which is meant",
        ),
        (
            {"ServiceBusConnection": "@Microsoft.KeyVault(SecretUri=https://v/s)"},
            "ServiceBusConnection",
            "is a reference to Key Vault that was not followed",
        ),
        (
            {"ServiceBusConnection": f"{KEYED};UseDevelopmentEmulator=true"},
            "ServiceBusConnection",
            "names the emulator of Service Bus, which nothing can be sent to over HTTP: set DIRIGENT_BUS to",
        ),
        ({"ServiceBusConnection": "words"}, "ServiceBusConnection", "is no connection string of Service Bus"),
        (
            {"DIRIGENT_BUS_CONNECTION": KEYED},
            "DIRIGENT_BUS_CONNECTION",
            "is no name of a connection: write the name alone, such as ServiceBusConnection",
        ),
    ],
)
def test_refuses_a_bus_that_cannot_be_reached(environment: dict[str, str], variable: str, told: str) -> None:
    (problem,) = refused(AWAY | {"DIRIGENT_BUS": "service-bus"} | environment)

    assert problem.variable == variable
    assert told in str(problem)


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"DIRIGENT_BUS": "local"}, "remove it, or set DIRIGENT_BUS to 'service-bus'"),
        ({"DIRIGENT_BUS": "none"}, "remove it, or set DIRIGENT_BUS to 'service-bus'"),
        ({}, "set Told, or set DIRIGENT_BUS to 'service-bus'"),
    ],
)
def test_refuses_a_connection_that_nothing_would_read(environment: dict[str, str], told: str) -> None:
    (problem,) = refused(LOCAL | {"DIRIGENT_BUS_CONNECTION": "Told"} | environment)

    assert str(problem) == f"DIRIGENT_BUS_CONNECTION is set and nothing would read it: {told}."


@pytest.mark.parametrize("environment", [LOCAL, AWAY | {"DIRIGENT_BUS": "local"}])
def test_on_azure_there_is_no_local_bus(environment: dict[str, str]) -> None:
    (problem,) = refused(environment | {"WEBSITE_HOSTNAME": "house.azurewebsites.net"})

    assert str(problem).startswith("DIRIGENT_BUS is 'local', and WEBSITE_HOSTNAME names no local host: ")


@pytest.mark.parametrize("host", ["127.0.0.1:7071", "localhost:7071", "[::1]:7071", ""])
def test_on_a_local_host_there_is_one(host: str) -> None:
    assert Settings.read(LOCAL | {"WEBSITE_HOSTNAME": host}).bus == "local"


@pytest.mark.parametrize(
    ("declared", "needs"),
    [
        (catalogue(SEND), "the workflow 'w' of the catalogue needs it"),
        (catalogue(subscriptions=("b", "a")), "the subscription 'a' of the catalogue and 1 more need it"),
        (
            catalogue(
                ChooseStep(name="c", output="o", choose="x", branches={"y": PUBLISH}, otherwise=SEND),
                subscriptions=("a",),
            ),
            "the subscription 'a' of the catalogue and 1 more need it",
        ),
    ],
)
def test_without_a_bus_nothing_of_the_catalogue_may_need_one(declared: Catalogue, needs: str) -> None:
    (told,) = unmet(Settings.read(LOCAL | {"DIRIGENT_BUS": "none"}), declared)

    assert (
        told == f"DIRIGENT_BUS is 'none', and {needs}: set it to 'service-bus' or 'local', or take them out."
    )


def test_a_catalogue_without_events_needs_no_bus() -> None:
    settings = Settings.read(AWAY | {"DIRIGENT_BUS": "none"})

    assert settings.check(catalogue(PUBLISH)) is None  # type: ignore[func-returns-value]


def test_outside_development_it_must_be_said_how_people_are_told() -> None:
    settings = Settings.read(AWAY | {"DIRIGENT_BUS": "none"})

    (told,) = unmet(settings, catalogue(NOTIFY))

    assert settings.channels == ""
    assert told.startswith(
        "DIRIGENT_CHANNELS is not set, and the workflow 'w' of the catalogue needs it: set it to 'out"
    )


@pytest.mark.parametrize(
    "environment", [LOCAL, AWAY | {"DIRIGENT_BUS": "none", "DIRIGENT_CHANNELS": "outbox"}]
)
def test_people_are_told_by_the_outbox(environment: dict[str, str]) -> None:
    settings = Settings.read(environment)

    assert settings.channels == "outbox"
    assert settings.check(catalogue(NOTIFY)) is None  # type: ignore[func-returns-value]


def test_all_that_a_catalogue_needs_is_missed_at_once() -> None:
    settings = Settings.read(AWAY | {"DIRIGENT_BUS": "none"})

    told = unmet(settings, catalogue(SEND, NOTIFY))

    assert [line.partition(" ")[0] for line in told] == ["DIRIGENT_BUS", "DIRIGENT_CHANNELS"]


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({}, "the local host's bus"),
        ({"DIRIGENT_BUS": "none"}, "nobody"),
        ({NAMED: HOST}, f"service-bus at {HOST}"),
        ({"ServiceBusConnection": KEYED}, f"service-bus at {HOST}"),
    ],
)
def test_tells_where_events_go(environment: dict[str, str], told: str) -> None:
    assert Settings.read(LOCAL | environment).bus_told == told
