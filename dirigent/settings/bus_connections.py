"""Connection strings of Azure Service Bus, and its hosts: whether events can be sent there."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from dirigent.settings.addresses import Flaw, is_loopback
from dirigent.settings.connections import is_plain, pairs

#: Namespaces of Azure, and of its clouds for one country: tokens of Entra are for these and nobody else.
AZURE = (
    ".servicebus.windows.net",
    ".servicebus.chinacloudapi.cn",
    ".servicebus.usgovcloudapi.net",
    ".servicebus.cloudapi.de",
)
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_WORD = re.compile(r"[A-Za-z]+")
_WHOLE = (
    "copy the one of the namespace's shared access policy, "
    "`Endpoint=sb://NAME.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…`"
)
_EMULATOR = Flaw(
    "names the emulator of Service Bus, which nothing can be sent to over HTTP",
    "set DIRIGENT_BUS to 'local' for the bus of the local host, or name a namespace of Azure",
)


class Keyed(NamedTuple):
    """What a connection string says."""

    host: str
    key_name: str
    key: str


def read(connection: str) -> Keyed | Flaw:
    """What it says, or why it will not do; no word of it is repeated."""
    found = pairs(connection)
    if not found or not all(_WORD.fullmatch(name) and is_plain(value) for name, value in found):
        return Flaw("is no connection string of Service Bus", _WHOLE)
    parts = {name.lower(): value for name, value in found}
    if len(parts) < len(found):
        return Flaw("says something twice, and clients would not agree on what", _WHOLE)
    if parts.get("usedevelopmentemulator", "").lower() == "true":
        return _EMULATOR
    return _keyed(parts)


def _keyed(parts: dict[str, str]) -> Keyed | Flaw:
    host = _host(parts.get("endpoint", ""))
    if host is None:
        return Flaw("holds no Endpoint that begins with sb:// and a namespace's host", _WHOLE)
    if is_loopback(host):
        return _EMULATOR
    if "sharedaccesskeyname" not in parts or "sharedaccesskey" not in parts:
        return Flaw("holds no key with its name", _WHOLE)
    if "entitypath" in parts:
        remedy = "copy the one of the namespace, which events of every topic are sent through"
        return Flaw("is of one topic or queue alone", remedy)
    return Keyed(host, parts["sharedaccesskeyname"], parts["sharedaccesskey"])


def is_host(text: str) -> bool:
    """Whether a namespace could be reached there."""
    return _HOST.fullmatch(text) is not None


def is_azure(host: str) -> bool:
    """Whether Azure answers there, as Service Bus."""
    return host.endswith(AZURE)


def _host(endpoint: str) -> str | None:
    try:
        parts = urlsplit(endpoint)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    # Ports are those of AMQP; what is sent over HTTP goes to the usual one.
    is_whole = (
        parts.scheme == "sb" and parts.path in ("", "/") and not parts.query and "@" not in parts.netloc
    )
    is_fit = is_host(host) or is_loopback(host)
    return host if is_whole and is_fit and port != 0 else None
