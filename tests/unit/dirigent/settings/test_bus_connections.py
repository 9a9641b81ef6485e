"""Connection strings of Service Bus."""

import pytest

from dirigent.settings.addresses import Flaw
from dirigent.settings.bus_connections import Keyed, is_azure, is_host, read

HOST = "house.servicebus.windows.net"
KEY = "c2VjcmV0LXNlY3JldA=="
WHOLE = f"Endpoint=sb://{HOST}/;SharedAccessKeyName=Root;SharedAccessKey={KEY}"


@pytest.mark.parametrize(
    "connection",
    [
        WHOLE,
        f"{WHOLE};",
        f" Endpoint=sb://{HOST.upper()} ;\n SharedAccessKeyName = Root;SharedAccessKey={KEY}",
        f"sharedaccesskey={KEY};sharedaccesskeyname=Root;endpoint=sb://{HOST}:5671/",
        f"{WHOLE};TransportType=AmqpWebSockets;UseDevelopmentEmulator=false",
    ],
)
def test_reads_host_and_key(connection: str) -> None:
    assert read(connection) == Keyed(HOST, "Root", KEY)


@pytest.mark.parametrize(
    ("connection", "wrong"),
    [
        ("", "is no connection string of Service Bus"),
        (KEY, "is no connection string of Service Bus"),
        (f"{WHOLE};=", "is no connection string of Service Bus"),
        (f"{WHOLE};Name=two words", "is no connection string of Service Bus"),
        (f"{WHOLE};endpoint=sb://b.servicebus.windows.net", "says something twice"),
        (WHOLE.replace("sb://", "https://"), "holds no Endpoint"),
        (WHOLE.replace(f"sb://{HOST}/", HOST), "holds no Endpoint"),
        (WHOLE.replace(f"{HOST}/", f"{HOST}/orders"), "holds no Endpoint"),
        (WHOLE.replace(HOST, f"me@{HOST}"), "holds no Endpoint"),
        (WHOLE.replace(HOST, f"{HOST}:0"), "holds no Endpoint"),
        (WHOLE.replace(HOST, f"{HOST}:much"), "holds no Endpoint"),
        (WHOLE.replace(HOST, "[house"), "holds no Endpoint"),
        (WHOLE.replace(HOST, "house"), "holds no Endpoint"),
        (WHOLE.replace(";SharedAccessKeyName=Root", ""), "holds no key with its name"),
        (WHOLE.partition(";SharedAccessKey=")[0], "holds no key with its name"),
        (f"Endpoint=sb://{HOST};SharedAccessSignature=sig", "holds no key with its name"),
        (f"{WHOLE};EntityPath=orders", "is of one topic or queue alone"),
        ("Endpoint=sb://localhost;SharedAccessKeyName=R;SharedAccessKey=k", "names the emulator"),
        (f"{WHOLE};UseDevelopmentEmulator=TRUE;", "names the emulator"),
    ],
)
def test_says_what_is_wrong_and_repeats_no_word(connection: str, wrong: str) -> None:
    found = read(connection)

    assert isinstance(found, Flaw)
    assert found.wrong.startswith(wrong)
    assert KEY not in f"{found}"


def test_tells_what_stands_in_for_the_emulator() -> None:
    found = read(f"{WHOLE};UseDevelopmentEmulator=true")

    assert isinstance(found, Flaw)
    assert "set DIRIGENT_BUS to 'local'" in found.remedy


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        (HOST, True),
        ("house.servicebus.usgovcloudapi.net", True),
        ("house.servicebus.chinacloudapi.cn", True),
        ("house.servicebus.windows.net.evil.example", False),
        ("evilservicebus.windows.net", False),
    ],
)
def test_knows_hosts_of_azure(host: str, expected: bool) -> None:
    assert is_azure(host) is expected


@pytest.mark.parametrize(
    "text", ["", "house", f"https://{HOST}", f"{HOST}/", f"{HOST}:443", f"a b.{HOST}", "ü.de"]
)
def test_knows_what_is_no_host(text: str) -> None:
    assert not is_host(text)
