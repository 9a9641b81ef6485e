"""Which addresses the app would call, and which of them are Azure's."""

import pytest

from dirigent.settings.addresses import flaw, host_of, is_azure, is_loopback, place_of


@pytest.mark.parametrize(
    "url",
    [
        "https://api.openai.com/v1",
        "HTTPS://Host.example:8443/v1/",
        "http://localhost:8080/v1",
        "http://127.0.0.1",
        "http://[::1]:9/v1",
        "http://model.localhost",
    ],
)
def test_calls_what_is_encrypted_or_on_this_machine(url: str) -> None:
    assert flaw(url, is_development=False) is None


def test_calls_a_neighbour_without_encryption_in_development_only() -> None:
    assert flaw("http://models.lan/v1", is_development=True) is None
    assert flaw("http://models.lan/v1", is_development=False) is not None


def test_never_sends_what_is_azures_without_encryption() -> None:
    assert flaw("http://house.openai.azure.com", is_development=True) is not None


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("api.openai.com/v1", "is no address"),
        ("sk-secret", "is no address"),
        ("ftp://host/secret", "is no address"),
        ("https://", "is no address"),
        ("https://host:port/secret", "is no address"),
        ("https://host:99999/secret", "is no address"),
        ("https://host:0/secret", "is no address"),
        ("https://[secret/v1", "is no address"),
        ("https://ho st/secret", "is no address"),
        ("https://host/se\ncret", "is no address"),
        ("https://höst/secret", "is no address"),
        ("https://%31%32%37.0.0.1/secret", "is no address"),
        ("https://host\\secret", "is no address"),
        ("https://me:secret@host/v1", "holds a user or a password"),
        ("https://secret@host/v1", "holds a user or a password"),
        ("https://host/v1?sig=secret", "goes on after its path"),
        ("https://host/v1#secret", "goes on after its path"),
        ("http://host/secret", "begins with http://"),
    ],
)
def test_refuses_an_address_without_repeating_it(url: str, wrong: str) -> None:
    found = flaw(url, is_development=False)

    assert found is not None
    assert found.wrong.startswith(wrong)
    assert "secret" not in f"{found.wrong} {found.remedy}"


def test_tells_hosts_without_what_is_secret() -> None:
    assert (host_of("https://me:secret@Host:81/v1"), place_of("https://me:secret@Host:81/v1")) == (
        "host",
        "Host:81",
    )
    assert (host_of("no address"), place_of("no address")) == ("", "")


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "a.localhost", "localhost.", "a.localhost.", "LOCALHOST", "localhost.localdomain"),
        *(
            "127.0.0.1",
            "127.8.8.8",
            "127.1",
            "127.0.0.1.",
            "2130706433",
            "0x7f000001",
            "0x7F.1",
            "0177.0.0.1",
        ),
        *(
            "0.0.0.0",
            "0",
            "::1",
            "0:0:0:0:0:0:0:1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:0.0.0.0",
            "ip6-localhost",
        ),
    ],
)
def test_knows_this_machine(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        *("", ".", "notlocalhost", "localhost.example", "127.0.0.1.example", "localhost..", "127"),
        *("10.0.0.1", "10.1", "126.255.255.255", "0x80000001", "::2", "::ffff:10.0.0.1", "fe80::1%lo"),
    ],
)
def test_knows_that_others_are_elsewhere(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["a.openai.azure.com", "a.services.ai.azure.com"])
def test_knows_azure(host: str) -> None:
    assert is_azure(host)


@pytest.mark.parametrize(
    "host", ["openai.azure.com.evil.example", "evilopenai.azure.com", "a.openai.azure.com.", "azure.com"]
)
def test_takes_nobody_else_for_azure(host: str) -> None:
    assert not is_azure(host)
