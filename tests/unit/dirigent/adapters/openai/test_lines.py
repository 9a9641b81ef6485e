import asyncio
from collections.abc import Mapping
from types import MappingProxyType

import pytest
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ClientAuthenticationError

from dirigent.adapters.openai.calls import Call
from dirigent.adapters.openai.lines import OpenAILines
from dirigent.adapters.openai.tokens import EntraTokens
from dirigent.domain.outcomes import Category
from dirigent.ports.model import ModelFailed
from dirigent.settings.endpoints import Endpoint

PLACE = "https://nobody.invalid/v1"


def nobody() -> AsyncTokenCredential:
    raise ClientAuthenticationError("nobody is signed in")


class Pondering(EntraTokens):
    """Never comes to an end."""

    async def token(self, url: str) -> str:
        await asyncio.get_running_loop().create_future()
        return ""


def failed(
    endpoint: Endpoint | None,
    tokens: EntraTokens | None = None,
    seconds: float = 20.0,
    body: Mapping[str, object] = MappingProxyType({}),
) -> ModelFailed:
    """How a call ends that is never sent."""

    async def post() -> None:
        lines = OpenAILines({"there": endpoint} if endpoint else {}, tokens or EntraTokens(nobody))
        call = Call(
            path="/x", body=body, headers={}, deployment="large", endpoint="there", seconds=seconds, most=9
        )
        try:
            await lines.post(call)
        finally:
            await lines.close()

    with pytest.raises(ModelFailed) as caught:
        asyncio.run(post())
    return caught.value


@pytest.mark.parametrize(
    ("endpoint", "category", "reason", "says"),
    [
        (None, Category.PERMANENT, "no_endpoint", "DIRIGENT_ENDPOINT_THERE_URL"),
        (Endpoint(url=PLACE), Category.AUTHENTICATION, "no_token", "nobody is signed in"),
        (Endpoint(url="http://nobody.invalid"), Category.AUTHENTICATION, "no_token", "https"),
        (Endpoint(url=PLACE, key="line\nbreak"), Category.AUTHENTICATION, "wrong_key", "THERE_KEY"),
        (Endpoint(url=PLACE, key="schlüssel"), Category.AUTHENTICATION, "wrong_key", "THERE_KEY"),
        (Endpoint(url="nobody.invalid", key="k"), Category.PERMANENT, "no_endpoint", "THERE_URL"),
        (Endpoint(url="ftp://nobody.invalid", key="k"), Category.PERMANENT, "no_endpoint", "THERE_URL"),
        (Endpoint(url="http://[nobody", key="k"), Category.PERMANENT, "no_endpoint", "THERE_URL"),
        (Endpoint(url="http:///v1", key="k"), Category.PERMANENT, "no_endpoint", "THERE_URL"),
        (
            Endpoint(url="https://nobody.invalid:port", key="k"),
            Category.PERMANENT,
            "no_endpoint",
            "THERE_URL",
        ),
        (Endpoint(url="http://[nobody"), Category.AUTHENTICATION, "no_token", "https"),
    ],
    ids=range(11),
)
def test_what_is_wrong_with_the_settings_is_ours(
    endpoint: Endpoint | None, category: Category, reason: str, says: str
) -> None:
    error = failed(endpoint)

    assert (error.failure.category, error.failure.reason) == (category, reason)
    assert not error.is_theirs
    assert says in error.failure.message
    assert (
        not endpoint or not endpoint.key or endpoint.key == "k" or endpoint.key not in error.failure.message
    )


def test_a_token_that_does_not_come_in_time_is_not_waited_for() -> None:
    error = failed(Endpoint(url=PLACE), Pondering(), seconds=0.01)

    assert (error.failure.category, error.failure.reason) == (Category.TIMEOUT, "no_token")
    assert not error.is_theirs


@pytest.mark.parametrize(
    "body", [{"temperature": float("nan")}, {"model": "\ud800"}, {"max_tokens": 10**5_000}], ids=range(3)
)
def test_what_no_json_can_say_is_not_sent(body: Mapping[str, object]) -> None:
    error = failed(Endpoint(url=PLACE, key="k"), body=body)

    assert (error.failure.category, error.failure.reason) == (Category.PERMANENT, "unsent")
    assert not error.is_theirs
