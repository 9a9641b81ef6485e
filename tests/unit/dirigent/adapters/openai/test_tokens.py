import asyncio
from typing import Self

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError

from dirigent.adapters.openai.tokens import SCOPE, EntraTokens, NoToken

ADDRESS = "https://me.example.com/openai/v1"


class Credential:
    """Somebody who is signed in, or is not."""

    def __init__(self, *, is_known: bool = True) -> None:
        self.is_known, self.is_closed = is_known, False
        self.asked: list[tuple[str, ...]] = []

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.asked.append(scopes)
        if not self.is_known:
            raise ClientAuthenticationError("nobody is signed in")
        return AccessToken("theirs", 4_000_000_000)

    async def close(self) -> None:
        self.is_closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def test_signs_in_once_and_tells_a_good_token_again() -> None:
    credential, signed = Credential(), []

    def sign_in() -> Credential:
        signed.append(1)
        return credential

    async def many() -> list[str]:
        tokens = EntraTokens(sign_in)
        return list(await asyncio.gather(*(tokens.token(ADDRESS) for _ in range(5))))

    assert asyncio.run(many()) == ["theirs"] * 5
    assert (signed, credential.asked) == ([1], [(SCOPE,)])


def test_says_why_there_is_none() -> None:
    with pytest.raises(NoToken, match="nobody is signed in"):
        asyncio.run(EntraTokens(lambda: Credential(is_known=False)).token(ADDRESS))


@pytest.mark.parametrize("address", ["http://me.example.com/v1", "http://127.0.0.1.example.com", "ftp://x"])
def test_no_token_goes_where_others_can_read_it(address: str) -> None:
    credential = Credential()

    with pytest.raises(NoToken, match="https"):
        asyncio.run(EntraTokens(lambda: credential).token(address))

    assert credential.asked == []


@pytest.mark.parametrize("address", ["http://localhost:1/v1", "http://127.0.0.1:1/v1", "http://[::1]:1/v1"])
def test_this_machine_may_see_it(address: str) -> None:
    assert asyncio.run(EntraTokens(Credential).token(address)) == "theirs"


def test_signs_in_anew_after_it_was_closed() -> None:
    made = [Credential(), Credential()]
    waiting = iter(made)

    async def twice() -> None:
        tokens = EntraTokens(lambda: next(waiting))
        await tokens.close()
        for _ in range(2):
            await tokens.token(ADDRESS)
            await tokens.close()

    asyncio.run(twice())

    assert [(one.is_closed, len(one.asked)) for one in made] == [(True, 1)] * 2
