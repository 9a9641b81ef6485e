"""Vectors from their request to what is sent back."""

import asyncio
import base64
import json
from array import array
from typing import Any

import pytest

from dirigent.adapters.model_script import Answered, Rule, Script
from dirigent.adapters.ngram_embedder import NgramEmbedder
from dirigent.adapters.scripted_model import ScriptedModel
from dirigent.adapters.system_clock import SystemClock
from dirigent.modelserver.counts import Counter, Tally
from dirigent.modelserver.desks import Desk
from dirigent.modelserver.embeddings import LONGEST, Embedding
from dirigent.modelserver.errors import ApiError

TEXTS = ("green tea", "black coffee")


def sent(counter: Counter | None = None, script: Script | None = None, **fields: Any) -> dict[str, Any]:
    body = json.dumps({"model": "vectors", "input": TEXTS, **fields}).encode()
    asked = Embedding(body, {"x-dirigent-agent": "scout"})
    with (counter or Counter()).call(asked.request.agent, asked.request.deployment) as call:
        reply = asyncio.run(asked.reply(ScriptedModel(SystemClock(), script), Desk(), call))
    found: dict[str, Any] = json.loads(reply.body[0])
    return found


def test_gives_the_vectors_of_the_embedder_in_order() -> None:
    expected = asyncio.run(NgramEmbedder().embed(TEXTS))

    body = sent()

    assert [tuple(item["embedding"]) for item in body["data"]] == list(expected.vectors)
    assert [item["index"] for item in body["data"]] == [0, 1]
    assert body["model"] == expected.model


def test_takes_a_lone_text() -> None:
    assert sent(input=TEXTS[0])["data"] == sent()["data"][:1]


def test_packs_them_where_it_is_wished() -> None:
    plain = array("f", sent()["data"][0]["embedding"])

    packed = array("f", base64.b64decode(sent(encoding_format="base64")["data"][0]["embedding"]))

    assert packed == plain


def test_counts_what_it_tells() -> None:
    counter = Counter()

    usage = sent(counter)["usage"]

    assert usage == {"prompt_tokens": 6, "total_tokens": 6}
    assert counter.counts().agents == {"scout": Tally(calls=1, answered=1, input_tokens=6)}


def test_meets_the_faults_of_the_script() -> None:
    script = Script(faults=(Rule(deployment="vectors", contains="coffee", fault=Answered(status=503)),))

    with pytest.raises(ApiError) as caught:
        sent(script=script)

    assert caught.value.status == 503


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": [1, 2]}, "input[0]"),
        ({"input": ["a", ""]}, "input[1]"),
        ({"encoding_format": "hex"}, "encoding_format"),
        ({"dimensions": 8}, "dimensions"),
    ],
)
def test_names_what_it_cannot_use(fields: dict[str, Any], param: str) -> None:
    with pytest.raises(ApiError) as caught:
        sent(**fields)

    assert (caught.value.status, caught.value.param) == (400, param)


def test_refuses_more_text_than_one_request_may_hold() -> None:
    body = json.dumps({"model": "vectors", "input": ["a" * LONGEST, "b"]}).encode()

    with pytest.raises(ApiError) as caught:
        Embedding(body, {})

    assert (caught.value.status, caught.value.param) == (400, "input")
