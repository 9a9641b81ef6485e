"""An endpoint tells people where it is, and nobody its key."""

import pytest

from dirigent.settings import Endpoint


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://api.openai.com/v1", "api.openai.com"),
        ("http://127.0.0.1:8080/v1", "127.0.0.1:8080"),
        ("https://me:secret@host/v1", "host"),
    ],
)
def test_tells_its_host(url: str, host: str) -> None:
    assert Endpoint(url=url).host == host


def test_keeps_its_key_to_itself() -> None:
    assert "sk-secret" not in repr(Endpoint(url="https://host/v1", key="sk-secret"))
