"""Connection strings: which will do for a service, without a word of them in what is told."""

import pytest

from dirigent.settings.connections import EMULATOR, faults, plain

KEYED = "AccountName=house;AccountKey=c2VjcmV0"
WHOLE = f"DefaultEndpointsProtocol=https;{KEYED};EndpointSuffix=core.windows.net"
EMULATED = (
    f"DefaultEndpointsProtocol=http;{KEYED};BlobEndpoint=http://127.0.0.1:10000/house;"
    "TableEndpoint=http://127.0.0.1:10002/house"
)


@pytest.mark.parametrize(
    "connection",
    [
        WHOLE,
        f"{WHOLE};",
        KEYED,
        "TableEndpoint=https://a.example/;BlobEndpoint=https://b.example/;SharedAccessSignature=sv=1&sig=c2Vj",
    ],
)
def test_takes_what_names_an_account_and_its_key(connection: str) -> None:
    assert faults(connection, ("table", "blob"), is_development=False) == ()


@pytest.mark.parametrize("connection", [EMULATED, EMULATOR, f"{EMULATOR};", EMULATOR.lower()])
def test_takes_storage_on_one_machine_in_development_only(connection: str) -> None:
    assert faults(connection, ("table", "blob"), is_development=True) == ()
    found = faults(connection, ("table", "blob"), is_development=False)
    assert "names storage on one machine, which is for local runs" in [wrong for wrong, _ in found]


@pytest.mark.parametrize(
    ("connection", "wrong"),
    [
        ("secret", "is no connection string"),
        (";", "is no connection string"),
        (f"{WHOLE};AccountName=other", "says something twice"),
        (f"{WHOLE};accountkey=c2VjcmV0", "says something twice"),
        ("AccountName=My House!;AccountKey=c2VjcmV0", "is no connection string"),
        ("AccountName=My-House;AccountKey=c2VjcmV0", "holds an AccountName that no account has"),
        ("AccountName=secret.example/;AccountKey=c2VjcmV0", "holds an AccountName that no account has"),
        (f'"{WHOLE}"', "is no connection string"),
        (f"{WHOLE}; export", "is no connection string"),
        (f"{KEYED};EndpointSuffix=secret/x?", "holds an EndpointSuffix that no host's name ends in"),
        (f"{KEYED};EndpointSuffix=localhost", "names storage on one machine"),
        (f"{KEYED};EndpointSuffix=a.localhost.", "names storage on one machine"),
        (f"{KEYED};EndpointSuffix=127.1", "names storage on one machine"),
        (f"DefaultEndpointsProtocol=ftp;{KEYED}", "asks for another protocol than https"),
        ("AccountName=;AccountKey=c2VjcmV0", "is no connection string"),
        ("AccountName=secret", "holds no key"),
        ("AccountKey=c2VjcmV0;TableEndpoint=https://secret", "names no account"),
        ("AccountName=house;AccountKey=secret!", "holds a key that is cut off or misspelt"),
        ("AccountName=house;AccountKey=c2VjcmV", "holds a key that is cut off or misspelt"),
        (f"DefaultEndpointsProtocol=http;{KEYED}", "asks for another protocol than https"),
        (f"{EMULATOR};DevelopmentStorageProxyUri=http://secret", f"says more than {EMULATOR}"),
        ("BlobEndpoint=https://secret/;SharedAccessSignature=c2VjcmV0", "says nothing of tables"),
        (f"{KEYED};TableEndpoint=http://secret", "holds a TableEndpoint that begins with http://"),
        (f"{KEYED};TableEndpoint=https://a/?sig=secret", "holds a TableEndpoint that goes on after its path"),
    ],
)
def test_refuses_a_connection_without_repeating_it(connection: str, wrong: str) -> None:
    [found] = faults(connection, ("table",), is_development=False)

    assert found.wrong.startswith(wrong)
    assert "secret" not in " ".join(found)
    assert "c2VjcmV" not in " ".join(found)


def test_asks_nothing_of_a_service_that_is_not_used() -> None:
    connection = f"{KEYED};TableEndpoint=http://elsewhere"

    assert faults(connection, ("blob",), is_development=False) == ()


def test_writes_the_emulators_name_as_every_client_reads_it() -> None:
    assert plain(f"{EMULATOR.lower()};") == EMULATOR
    assert plain(f"{WHOLE};") == WHOLE


@pytest.mark.parametrize(
    "host",
    [
        *("127.1", "localhost.", "x.localhost.", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "0", "2130706433"),
        *("0x7f000001", "0177.0.0.1", "127.0.0.1.", "ip6-localhost"),
    ],
)
def test_knows_storage_on_one_machine_however_it_is_spelt(host: str) -> None:
    connection = f"{KEYED};TableEndpoint=https://{host}:10002/house"

    [found] = faults(connection, ("table",), is_development=False)

    assert found.wrong.startswith("names storage on one machine")


@pytest.mark.parametrize(
    "connection",
    [WHOLE.replace(";", "; "), WHOLE.replace(";", ";\r\n"), f" {WHOLE}; \n", WHOLE.replace("=", " = ", 3)],
    ids=["blanks", "lines", "ends", "equals"],
)
def test_takes_blanks_out_that_clients_would_trip_over(connection: str) -> None:
    assert faults(connection, ("table", "blob"), is_development=False) == ()
    assert plain(connection) == WHOLE
