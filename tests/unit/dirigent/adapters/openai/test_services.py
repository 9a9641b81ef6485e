import json
import os
import subprocess
import sys
from typing import Any

import pytest

from dirigent.adapters.openai.failures import Callee
from dirigent.adapters.openai.services import service
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint

FAR, NEAR, OPENAI = "https://nobody.invalid/v1", "https://localhost:1/v1", "https://api.openai.com/v1"
#: The environment of a process is its own.
MADE = """
import json, sys
from dirigent.adapters.openai.failures import Callee
from dirigent.adapters.openai.services import service
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint

callee = Callee(deployment="large", name=None, endpoint=Endpoint(url=sys.argv[1], key="k"))
try:
    found = {"headers": {name: str(value) for name, value in service(callee).default_headers.items()}}
except ModelFailed as error:
    failure = error.failure
    found = {"fails": [failure.category, failure.reason, error.is_theirs], "message": failure.message}
print(json.dumps(found))
"""


def made(url: str, **environment: str) -> dict[str, Any]:
    """What comes of an endpoint's client in that environment."""
    around = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment}
    told = subprocess.run(
        [sys.executable, "-c", MADE, url], env=around, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(told.stdout)
    return found


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("SSL_CERT_FILE", "/nowhere/at-all.pem"),
        ("ALL_PROXY", "socks5://me:hidden-word@127.0.0.1:9"),
        ("HTTPS_PROXY", "http://me:hidden-word@[::1"),
        ("HTTPS_PROXY", "ftp://me:hidden-word@127.0.0.1:9"),
    ],
)
def test_an_environment_that_will_not_do_is_named_and_not_shown(variable: str, value: str) -> None:
    found = made(FAR, **{variable: value})

    assert found["fails"] == ["PERMANENT", "no_client", False]
    assert variable in found["message"]
    assert "hidden-word" not in found["message"]


def test_no_proxy_is_looked_at_for_this_machine_itself() -> None:
    assert "headers" in made(NEAR, HTTPS_PROXY="ftp://127.0.0.1:9")


@pytest.mark.parametrize(("url", "is_told"), [(OPENAI, True), (FAR, False), (NEAR, False)])
def test_what_the_environment_says_of_openais_customers_is_told_to_openai_alone(
    url: str, is_told: bool
) -> None:
    told = {
        "OPENAI_CUSTOM_HEADERS": "X-Mine: 1\nUser-Agent: me",
        "OPENAI_ORG_ID": "o",
        "OPENAI_PROJECT_ID": "p",
    }

    headers = made(url, **told)["headers"]

    assert ("X-Mine" in headers) is is_told
    assert (headers["User-Agent"] == "me") is is_told
    assert is_told or headers["User-Agent"].startswith("AsyncOpenAI/Python ")
    assert (headers.get("OpenAI-Organization") == "o") is is_told
    assert (headers.get("OpenAI-Project") == "p") is is_told


@pytest.mark.parametrize("url", ["", "nobody.invalid", "ftp://a", "http://[a", "http:///v1", "https://a:0"])
def test_what_is_no_address_is_said_to_be_none(url: str) -> None:
    with pytest.raises(ModelFailed) as caught:
        service(Callee(deployment="large", name=None, endpoint=Endpoint(url=url, key="k")))

    assert caught.value.failure.reason == "no_endpoint"
    assert not caught.value.is_theirs
