"""Addresses of services: which may be called, and which of them are Azure's."""

import socket
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple
from urllib.parse import SplitResult, urlsplit

#: Where Azure answers as a model: tokens of Entra are for these and nobody else.
AZURE = (".openai.azure.com", ".services.ai.azure.com", ".cognitiveservices.azure.com")
#: What systems call themselves by beside `localhost`.
OWN_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


class Flaw(NamedTuple):
    """What is wrong with a value, and what to do; neither repeats the value, which may hold a secret."""

    wrong: str
    remedy: str


def flaw(text: str, *, is_development: bool) -> Flaw | None:
    """Why the app would not call that address, None where it would."""
    if (parts := _split(text)) is None:
        return Flaw("is no address", "write it as https://host, with the path where there is one")
    if "@" in parts.netloc:
        return Flaw("holds a user or a password", "leave them out: a key has a variable of its own")
    if parts.query or parts.fragment:
        return Flaw("goes on after its path", "leave out what begins with '?' or '#'")
    host = parts.hostname or ""
    may_be_plain = is_loopback(host) or (is_development and not is_azure(host))
    if parts.scheme == "http" and not may_be_plain:
        return Flaw("begins with http://, and what is sent could be read on the way", "write https://")
    return None


def host_of(url: str) -> str:
    """The host of an address, in lower case and without port; empty where there is none."""
    parts = _split(url)
    return "" if parts is None else parts.hostname or ""


def place_of(url: str) -> str:
    """Host and port of an address as people are told of it: without anything secret."""
    parts = _split(url)
    return "" if parts is None else parts.netloc.rpartition("@")[2]


def is_loopback(host: str) -> bool:
    """Whether that host is this machine, however it is spelt."""
    name = host.lower().removesuffix(".")
    number = _number(name)
    if isinstance(number, IPv6Address):
        number = number.ipv4_mapped or number
    if number is None:
        return name in OWN_NAMES or name.endswith(".localhost")
    # Whoever connects to no address in particular, connects to this machine.
    return number.is_loopback or number.is_unspecified


def is_azure(host: str) -> bool:
    """Whether Azure answers there, as a model."""
    return host.endswith(AZURE)


def _number(host: str) -> IPv4Address | IPv6Address | None:
    """The address that the host is rather than has."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        # What else resolvers take for an address: 127.1, 2130706433, 0x7f.1, 0177.0.0.1.
        return IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def _split(text: str) -> SplitResult | None:
    # urlsplit() takes line breaks out in silence, and lets a host be what no resolver takes.
    if not text.isascii() or not text.isprintable() or " " in text or "\\" in text:
        return None
    try:
        parts = urlsplit(text)
        host = parts.hostname or ""
        # Some clients decode hosts, and then call another than the one that was looked at.
        is_host = bool(host) and ("%" not in host or ":" in host)
        is_whole = parts.scheme in ("http", "https") and is_host and parts.port != 0
    except ValueError:
        return None
    return parts if is_whole else None
