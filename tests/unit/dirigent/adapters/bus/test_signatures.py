"""What vouches for a request."""

import hmac
from base64 import b64encode
from hashlib import sha256
from urllib.parse import parse_qs, quote

import pytest

from dirigent.adapters.bus.signatures import GOOD_FOR, scope_of, signature

ADDRESS = "https://House.servicebus.windows.net/Data"


def parts(token: str) -> dict[str, str]:
    kind, _, rest = token.partition(" ")
    assert kind == "SharedAccessSignature"
    return {name: values[0] for name, values in parse_qs(rest, strict_parsing=True).items()}


def test_signs_address_and_end_with_the_key() -> None:
    found = parts(signature(ADDRESS, key_name="Root Manage", key="a2V5+/=", now=1_700_000_000.9))

    target = quote("https://house.servicebus.windows.net/data", safe="")
    proof = hmac.new(b"a2V5+/=", f"{target}\n1700001200".encode(), sha256).digest()
    assert found == {
        "sr": "https://house.servicebus.windows.net/data",
        "sig": b64encode(proof).decode(),
        "se": "1700001200",
        "skn": "Root Manage",
    }
    assert GOOD_FOR == 1_200


def test_is_one_line_without_the_key() -> None:
    token = signature(ADDRESS, key_name="räum\r\nHost: evil", key="secret", now=0.0)

    assert token.isascii()
    assert token.isprintable()
    assert "secret" not in token


def test_another_key_or_address_has_another_signature() -> None:
    signed = {
        parts(signature(address, key_name="n", key=key, now=0.0))["sig"]
        for address in (ADDRESS, f"{ADDRESS}2")
        for key in ("one", "two")
    }

    assert len(signed) == 4


@pytest.mark.parametrize(
    ("host", "scope"),
    [
        ("house.servicebus.windows.net", "https://servicebus.azure.net/.default"),
        ("house.servicebus.usgovcloudapi.net", "https://servicebus.azure.net/.default"),
        ("house.servicebus.chinacloudapi.cn", "https://servicebus.chinacloudapi.cn/.default"),
    ],
)
def test_asks_for_tokens_in_the_words_of_the_cloud(host: str, scope: str) -> None:
    assert scope_of(host) == scope
