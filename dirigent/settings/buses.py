"""What carries events, and what carries words to people."""

import re

from dirigent.domain.catalogue import Catalogue, plain
from dirigent.domain.steps import NotifyStep, SendStep, Step
from dirigent.settings import bus_connections
from dirigent.settings.addresses import Flaw, host_of, is_loopback
from dirigent.settings.callers import OBJECT_ID
from dirigent.settings.namespace import Namespace
from dirigent.settings.problems import Problem
from dirigent.settings.reader import UNRESOLVED, Reader
from dirigent.settings.values import may_be_secret

#: Where the app is reached; the platform sets it.
HOST = "WEBSITE_HOSTNAME"
SERVICE_BUS, LOCAL, NONE = "service-bus", "local", "none"
OUTBOX = "outbox"

#: What examples of Azure Functions call it.
USUAL = "ServiceBusConnection"
#: Messages a second.
FASTEST_REPLAY = 100
_CONNECTION = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}")
#: What the platform's own connections are called without a key.
_HOST, _CLIENT_ID = "__fullyQualifiedNamespace", "__clientId"
#: Read by the platform alone, for the triggers.
_OTHERS = ("__credential", "__tenantId")


def bus(reader: Reader) -> str | None:
    """What events are sent through; None where nobody can say."""
    name = connection(reader)
    is_connected = bool(reader.text(name) or reader.text(f"{name}{_HOST}"))
    return reader.opt_in(
        "DIRIGENT_BUS",
        real=SERVICE_BUS,
        needs=f"{name}{_HOST} or a connection string in {name}",
        local=LOCAL,
        default=SERVICE_BUS if is_connected else LOCAL,
        none=NONE,
    )


def connection(reader: Reader) -> str:
    """The name that triggers know the connection by."""
    name = reader.text("DIRIGENT_BUS_CONNECTION", USUAL)
    return name if _is_connection(reader, name) else USUAL


def service_bus(reader: Reader, bus: str | None) -> Namespace | None:
    """The namespace, None where events go nowhere or to the local host."""
    name = reader.text("DIRIGENT_BUS_CONNECTION", USUAL)
    if not _is_connection(reader, name):
        # Not repeated: it may well be the connection string itself, or a key.
        remedy = f"write the name alone, such as {USUAL}, and set that variable to the connection string"
        reader.refuse("DIRIGENT_BUS_CONNECTION", "is no name of a connection", remedy)
        return None
    for part in _OTHERS:
        reader.text(f"{name}{part}")
    if bus != SERVICE_BUS:
        return None
    if given := reader.text(name):
        return _keyed(reader, name, given)
    return _keyless(reader, name)


def channels(reader: Reader) -> str:
    """What carries words to people; empty where nobody said."""
    if not reader.text("DIRIGENT_CHANNELS"):
        return OUTBOX if reader.is_development else ""
    return reader.choice("DIRIGENT_CHANNELS", (OUTBOX,))


def refuse_idle(reader: Reader, bus: str | None) -> None:
    """Refuse what nothing would read; where it is not known what is wanted, nothing is idle."""
    if bus == LOCAL and (host := reader.text(HOST)) and not is_loopback(host_of(f"http://{host}")):
        wrong = f"is {LOCAL!r}, and {HOST} names no local host"
        reader.refuse("DIRIGENT_BUS", wrong, f"set it to {SERVICE_BUS!r}, or to {NONE!r}")
    if bus in (LOCAL, NONE):
        name = reader.text("DIRIGENT_BUS_CONNECTION")
        # Development takes the local host's where the connection that is named is not set.
        hint = f"set {name}, " if name and not reader.text("DIRIGENT_BUS") else "remove it, "
        remedy = f"{hint}or set DIRIGENT_BUS to {SERVICE_BUS!r}"
        reader.refuse_set("DIRIGENT_BUS_CONNECTION", remedy)


def unheard(bus: str, catalogue: Catalogue) -> tuple[Problem, ...]:
    """What of the catalogue needs a bus where there is none."""
    if bus != NONE:
        return ()
    needs = [f"the subscription {name!r}" for name in sorted(catalogue.subscriptions)]
    needs += _with(catalogue, SendStep)
    return _problems("DIRIGENT_BUS", f"is {NONE!r}", needs, f"set it to {SERVICE_BUS!r} or {LOCAL!r}")


def untold(channels: str, catalogue: Catalogue) -> tuple[Problem, ...]:
    """What of the catalogue tells people something where nobody said how."""
    if channels:
        return ()
    remedy = f"set it to {OUTBOX!r}, which writes down what would be sent and reaches nobody"
    return _problems("DIRIGENT_CHANNELS", "is not set", _with(catalogue, NotifyStep), remedy)


def _with(catalogue: Catalogue, kind: type[Step]) -> list[str]:
    return [
        f"the workflow {name!r}"
        for name, workflow in sorted(catalogue.workflows.items())
        if any(isinstance(step, kind) for step in plain(workflow))
    ]


def _problems(variable: str, wrong: str, needs: list[str], remedy: str) -> tuple[Problem, ...]:
    if not needs:
        return ()
    first, *others = needs
    named = f"{first} of the catalogue" + (f" and {len(others)} more" if others else "")
    verb = "need" if others else "needs"
    wrong = f"{wrong}, and {named} {verb} it"
    return (Problem(variable=variable, wrong=wrong, remedy=f"{remedy}, or take them out"),)


def _is_connection(reader: Reader, name: str) -> bool:
    return _CONNECTION.fullmatch(name) is not None and (not may_be_secret(name) or bool(reader.named(name)))


def _keyed(reader: Reader, name: str, given: str) -> Namespace | None:
    if reader.text(f"{name}{_HOST}"):
        wrong = f"is set beside {name}{_HOST}, and nobody can say which is meant"
        reader.refuse(name, wrong, f"remove it to do without a key, or remove {name}{_HOST}")
        return None
    if given.lower().startswith(UNRESOLVED):
        reader.refuse_unresolved(name)
        return None
    found = bus_connections.read(given)
    if isinstance(found, Flaw):
        reader.refuse(name, *found)
        return None
    return Namespace(url=f"https://{found.host}", key_name=found.key_name, key=found.key)


def _keyless(reader: Reader, name: str) -> Namespace | None:
    before = len(reader.problems)
    host = reader.text(f"{name}{_HOST}").lower().removesuffix(".")
    if not host:
        remedy = f"set it to the namespace's host, or {name} to a connection string"
        reader.refuse(f"{name}{_HOST}", f"is not set while DIRIGENT_BUS is {SERVICE_BUS!r}", remedy)
    elif not (bus_connections.is_host(host) and bus_connections.is_azure(host)):
        wrong = "is no host of a namespace on Azure, and nobody else may have tokens of Entra"
        reader.refuse(f"{name}{_HOST}", wrong, "write the host alone, such as NAME.servicebus.windows.net")
    client = reader.text(f"{name}{_CLIENT_ID}").lower()
    if client and not OBJECT_ID.fullmatch(client):
        remedy = "set it to the client id of the user-assigned identity, or remove it"
        reader.refuse(f"{name}{_CLIENT_ID}", "is no client id", remedy)
    return (
        Namespace(url=f"https://{host}", signs_in=True, client_id=client or None)
        if len(reader.problems) == before
        else None
    )
