import asyncio

import httpx2
import pytest

from dirigent.adapters.openai.exchanges import Exchange, SpokeUnasked, exchange_of, watch

CONNECTED = ("connection.connect_tcp.started", "connection.connect_tcp.complete")
BEGUN, HEARD = "http11.receive_response_headers.started", "http11.receive_response_headers.complete"


async def passed(exchange: Exchange, *steps: str, waits: bool = True) -> None:
    for step in steps:
        await exchange(step, {})
        if waits:
            await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("steps", "is_stale"),
    [
        ((), True),
        ((BEGUN,), True),
        ((BEGUN, HEARD), False),
        (CONNECTED, False),
        (("socks.connect_tcp.started",), False),
        ((*CONNECTED, BEGUN, HEARD), False),
    ],
)
def test_a_connection_that_is_neither_new_nor_answers_is_stale(
    steps: tuple[str, ...], is_stale: bool
) -> None:
    exchange = Exchange()

    asyncio.run(passed(exchange, *steps))

    assert exchange.is_stale is is_stale


def test_an_answer_that_nobody_had_to_wait_for_is_nobodys() -> None:
    with pytest.raises(SpokeUnasked):
        asyncio.run(passed(Exchange(), BEGUN, HEARD, waits=False))


def test_each_answer_over_a_connection_is_waited_for() -> None:
    async def twice() -> None:
        exchange = Exchange()
        await passed(exchange, BEGUN, HEARD)
        await passed(exchange, BEGUN, HEARD, waits=False)

    with pytest.raises(SpokeUnasked):
        asyncio.run(twice())


def test_a_request_knows_its_way() -> None:
    request = httpx2.Request("POST", "https://nobody.invalid")
    before = exchange_of(request)

    asyncio.run(watch(request))

    assert before is None
    assert exchange_of(request) is request.extensions["trace"]
