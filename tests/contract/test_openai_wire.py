"""What goes over the wire to a service, and what is read of its answers."""

import asyncio
import base64
import gzip
import json
import math
import os
import subprocess
import sys
import threading
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from urllib.parse import unquote

import pytest
from azure.core.credentials import AccessToken
from hostile_server import FINE, HostileServer, Play, answer, completion, error, hostile, saying, silence
from msgspec.structs import replace
from opentelemetry import baggage, context, trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags

from dirigent.adapters.openai.calls import Answer, Call
from dirigent.adapters.openai.client import OpenAIClient
from dirigent.adapters.openai.tokens import SCOPE, EntraTokens
from dirigent.adapters.openai_embedder import OpenAIEmbedder
from dirigent.adapters.openai_model import OpenAIModel
from dirigent.domain.dialects import Dialect
from dirigent.domain.outcomes import Category, Usage
from dirigent.domain.steps import AnswerField
from dirigent.ports.embedder import Embeddings
from dirigent.ports.model import ModelFailed, Reply, Request
from dirigent.settings.endpoints import Endpoint

KEY = "sk-test-0123456789abcdefghij"

QUESTION = Request(
    deployment="large",
    agent="scöut: 1",
    instructions="You are a researcher.",
    prompt="What of tea?",
    temperature=0.25,
    token_limit=100,
    run="a/b",
    step="find",
    seconds=20.0,
)


@contextmanager
def asking(
    play: Play, *, key: str | None = KEY, attribution: bool = True, tokens: EntraTokens | None = None
) -> Iterator[tuple[OpenAIModel, HostileServer]]:
    with hostile(play) as server:
        endpoint = Endpoint(url=server.url, key=key)
        model = OpenAIModel({None: endpoint}, attribution=attribution, tokens=tokens)
        try:
            yield model, server
        finally:
            model.close()


def reply_to(said: bytes) -> Reply:
    with asking(saying(said)) as (model, _):
        return asyncio.run(model.complete(QUESTION))


def test_a_request_is_one_post_in_the_words_of_the_protocol() -> None:
    with asking(saying(FINE)) as (model, server):
        asyncio.run(model.complete(QUESTION))

    (heard,) = server.heard
    assert heard.path == "/v1/chat/completions"
    assert heard.headers["authorization"] == f"Bearer {KEY}"
    assert json.loads(heard.body) == {
        "model": "large",
        "messages": [
            {"role": "system", "content": "You are a researcher."},
            {"role": "user", "content": "What of tea?"},
        ],
        "temperature": 0.25,
        "max_completion_tokens": 100,
    }


def test_a_dialect_changes_the_words() -> None:
    dialect = Dialect(temperature=False, tokens="max_tokens", structure="json_object")
    asked = replace(QUESTION, dialect=dialect, answers=(AnswerField(name="title"),))

    with asking(saying(FINE)) as (model, server):
        asyncio.run(model.complete(asked))

    body = json.loads(server.heard[0].body)
    assert sorted(body) == ["max_tokens", "messages", "model", "response_format"]
    assert body["response_format"] == {"type": "json_object"}


def test_headers_say_who_asks_for_which_run_and_step() -> None:
    with asking(saying(FINE)) as (model, server):
        for _ in range(2):
            asyncio.run(model.complete(QUESTION))

    first, second = (heard.headers for heard in server.heard)
    told = {name: unquote(first[f"x-dirigent-{name}"]) for name in ("agent", "run", "step")}
    assert told == {"agent": "scöut: 1", "run": "a/b", "step": "find"}
    assert first["x-client-request-id"] != second["x-client-request-id"]


def test_who_asks_is_told_to_nobody_where_that_is_not_wanted() -> None:
    with asking(saying(FINE), attribution=False) as (model, server):
        asyncio.run(model.complete(QUESTION))

    headers = server.heard[0].headers
    assert not [name for name in headers if name.startswith("x-dirigent")]
    assert headers["x-client-request-id"]


def test_the_trace_goes_along_and_baggage_does_not() -> None:
    span = SpanContext(trace_id=0xABC, span_id=0xDEF, is_remote=False, trace_flags=TraceFlags(1))

    async def ask(model: OpenAIModel) -> Reply:
        token = context.attach(
            baggage.set_baggage("secret", "1", trace.set_span_in_context(NonRecordingSpan(span)))
        )
        try:
            return await model.complete(QUESTION)
        finally:
            context.detach(token)

    with asking(saying(FINE)) as (model, server):
        asyncio.run(ask(model))

    headers = server.heard[0].headers
    assert headers["traceparent"] == f"00-{0xABC:032x}-{0xDEF:016x}-01"
    assert "baggage" not in headers


def test_a_service_that_asks_for_no_key_is_sent_none() -> None:
    with asking(saying(FINE), key="") as (model, server):
        asyncio.run(model.complete(QUESTION))

    assert "authorization" not in server.heard[0].headers


def test_every_endpoint_has_its_own_key() -> None:
    with hostile(saying(FINE)) as one, hostile(saying(FINE)) as other:
        endpoints = {
            None: Endpoint(url=one.url, key="k-one"),
            "other": Endpoint(url=other.url, key="k-other"),
        }
        model = OpenAIModel(endpoints)
        for name in (None, "other"):
            asyncio.run(model.complete(replace(QUESTION, endpoint=name)))
        model.close()

    told = [[heard.headers["authorization"] for heard in server.heard] for server in (one, other)]
    assert told == [["Bearer k-one"], ["Bearer k-other"]]


class Credential:
    """Somebody who is signed in."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, ...]] = []
        self.is_closed = False

    async def get_token(self, *scopes: str, **_: object) -> AccessToken:
        self.asked.append(scopes)
        return AccessToken("token-of-theirs", 4_000_000_000)

    async def close(self) -> None:
        self.is_closed = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def test_without_a_key_whoever_runs_the_app_signs_in_once() -> None:
    credential = Credential()

    with asking(saying(FINE), key=None, tokens=EntraTokens(lambda: credential)) as (model, server):
        for _ in range(2):
            asyncio.run(model.complete(QUESTION))

    assert [heard.headers["authorization"] for heard in server.heard] == ["Bearer token-of-theirs"] * 2
    assert credential.asked == [(SCOPE,)]
    assert credential.is_closed


def test_a_reply_tells_what_the_provider_tells_beside_it() -> None:
    reply = reply_to(answer(200, completion(), "x-request-id: req_1", "apim-request-id: other"))

    assert reply == Reply(
        text="Tea is old.",
        model="large-7",
        usage=Usage(input_tokens=11, output_tokens=7),
        finish="stop",
        request_id="req_1",
        response_id="c1",
    )


def test_azures_id_of_a_request_is_one_as_well() -> None:
    assert reply_to(answer(200, completion(), "apim-request-id: 4711")).request_id == "4711"


PACKED_TWICE = gzip.compress(completion()[:20]) + gzip.compress(completion()[20:])


def test_an_answer_that_is_packed_in_pieces_is_read_to_its_end() -> None:
    assert reply_to(answer(200, PACKED_TWICE, "Content-Encoding: gzip")).text == "Tea is old."


@pytest.mark.parametrize(
    "said",
    [
        answer(200, completion(), f"x-request-id: {KEY}"),
        answer(200, completion(finish=KEY)),
        answer(200, completion().replace(b"large-7", f"{KEY[:9]}\\n{KEY[9:]}".encode())),
    ],
    ids=["request", "finish", "model"],
)
def test_no_key_is_told_as_a_name(said: bytes) -> None:
    told = repr(reply_to(said))

    assert "[…]" in told
    assert KEY not in told
    assert KEY[9:] not in told


@pytest.mark.parametrize("odd", [{"temperature": float("nan")}, {"temperature": float("-inf")}])
def test_what_cannot_be_said_is_not_sent(odd: dict[str, float]) -> None:
    with asking(saying(FINE)) as (model, server), pytest.raises(ModelFailed) as caught:
        asyncio.run(model.complete(replace(QUESTION, **odd)))

    assert (caught.value.failure.category, caught.value.failure.reason) == (Category.PERMANENT, "unsent")
    assert not caught.value.is_theirs
    assert server.heard == []


def test_half_a_character_in_a_deployments_name_becomes_a_question_mark() -> None:
    with asking(saying(FINE)) as (model, server):
        asyncio.run(model.complete(replace(QUESTION, deployment="large\ud800")))

    assert json.loads(server.heard[0].body)["model"] == "large?"


def test_an_answer_is_read_where_the_connections_are() -> None:
    def reader(answer: Answer) -> str:
        return threading.current_thread().name

    call = Call(path="/x", body={}, headers={}, deployment="large", endpoint=None, seconds=20.0, most=999)
    with hostile(saying(FINE)) as server:
        client = OpenAIClient("reading", {None: Endpoint(url=server.url, key=KEY)})
        found = asyncio.run(client.post(call, reader))
        client.close()

    assert found == "reading"


ASK = """
import asyncio, sys
from dirigent.adapters.openai_model import OpenAIModel
from dirigent.ports.model import ModelFailed, Request
from dirigent.settings.endpoints import Endpoint

request = Request(deployment="m", agent="a", instructions="", prompt="?", temperature=0.0, token_limit=9)
model = OpenAIModel({None: Endpoint(url=sys.argv[1], key="k")})
try:
    print(asyncio.run(model.complete(request)).text)
except ModelFailed as error:
    print(error.failure.reason)
model.close()
"""


def asked_within(url: str, **environment: str) -> str:
    """What a process of that environment is answered."""
    around = {"PATH": os.environ["PATH"], "PYTHONUTF8": "1", **environment}
    ask = [sys.executable, "-c", ASK, url]
    return subprocess.run(ask, env=around, capture_output=True, text=True, check=True).stdout


def test_neither_a_proxy_nor_openais_headers_come_between_us_and_this_machine() -> None:
    custom = "X-Mine: 1\nX-Odd: é"
    with hostile(saying(FINE)) as proxy, hostile(saying(FINE)) as server:
        told = asked_within(
            server.url, HTTP_PROXY=proxy.url[:-3], OPENAI_CUSTOM_HEADERS=custom, OPENAI_ORG_ID="o"
        )

    assert told == "Tea is old.\n"
    assert proxy.heard == []
    assert not {"x-mine", "x-odd", "openai-organization"} & set(server.heard[0].headers)


@pytest.mark.parametrize("variable", ["OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_CUSTOM_HEADERS"])
def test_customers_whom_no_header_can_name_are_told_to_nobody(variable: str) -> None:
    assert asked_within("https://api.openai.com/v1", **{variable: "X: é"}) == "unsent\n"


def test_a_proxy_at_a_port_that_no_machine_has_is_ours_to_mend() -> None:
    proxy = "http://127.0.0.1:99999999"

    assert asked_within("https://nobody.invalid/v1", HTTPS_PROXY=proxy) == "no_client\n"


def vector_item(index: int, *numbers: float, packed: bool = False) -> dict[str, object]:
    embedding = base64.b64encode(array("f", numbers).tobytes()).decode() if packed else list(numbers)
    return {"object": "embedding", "index": index, "embedding": embedding}


def vectors(*items: dict[str, object]) -> bytes:
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    return answer(200, json.dumps({"model": "v-3", "data": items, "usage": usage}).encode())


def embedded(play: Play, *texts: str, seconds: float = 20.0) -> tuple[Embeddings, HostileServer]:
    with hostile(play) as server:
        embedder = OpenAIEmbedder(
            {"near": Endpoint(url=server.url, key=KEY)}, deployment="v", endpoint="near"
        )
        try:
            return asyncio.run(embedder.embed(texts, seconds=seconds)), server
        finally:
            embedder.close()


def test_vectors_come_in_the_order_of_their_texts_however_they_are_written() -> None:
    items = [vector_item(1, 0.0, 2.0, packed=True), vector_item(0, 3.0, 4.0)]

    found, server = embedded(saying(vectors(*items)), "one", "two")

    assert found == Embeddings(vectors=((0.6, 0.8), (0.0, 1.0)), model="v-3", usage=Usage(input_tokens=5))
    assert server.heard[0].path == "/v1/embeddings"
    assert json.loads(server.heard[0].body)["input"] == ["one", "two"]


@pytest.mark.parametrize(
    "said",
    [
        vectors(vector_item(0, 1.0)),
        vectors(vector_item(0, 1.0), vector_item(0, 1.0)),
        vectors(vector_item(0, 1.0), vector_item(1, 1.0, 2.0)),
        vectors(vector_item(0, 0.0), vector_item(1, 1.0)),
        answer(200, b"{}"),
        answer(200, b"<html>"),
    ],
)
def test_what_are_no_vectors_may_be_asked_for_again(said: bytes) -> None:
    with pytest.raises(ModelFailed) as caught:
        embedded(saying(said), "one", "two")

    assert (caught.value.failure.category, caught.value.failure.reason) == (Category.TRANSIENT, "unreadable")


def test_an_embedding_model_fails_as_others_do() -> None:
    with pytest.raises(ModelFailed) as caught:
        embedded(saying(answer(429, error("Slow down."), "Retry-After: 7")), "one")
    with pytest.raises(ModelFailed) as late:
        embedded(silence, "one", seconds=0.2)

    assert (caught.value.failure.category, caught.value.failure.retry_after) == (Category.RATE_LIMIT, 7.0)
    assert late.value.failure.category is Category.TIMEOUT


def test_vectors_have_length_one() -> None:
    found, _ = embedded(saying(vectors(vector_item(0, 1e300, 1e300, 7.0))), "one")

    assert math.hypot(*found.vectors[0]) == pytest.approx(1.0)
