import asyncio

import pytest

from dirigent.adapters.openai_model import OpenAIModel
from dirigent.domain.outcomes import Category
from dirigent.ports.model import ModelFailed, Request
from dirigent.settings.endpoints import Endpoint


@pytest.mark.parametrize("endpoint", [None, "in-house"])
def test_a_model_at_an_endpoint_that_nobody_described_is_asked_nothing(endpoint: str | None) -> None:
    model = OpenAIModel({"other": Endpoint(url="https://nobody.invalid/v1", key="k")})
    request = Request(
        deployment="large",
        endpoint=endpoint,
        agent="scout",
        instructions="",
        prompt="Tea?",
        temperature=0.0,
        token_limit=9,
    )

    with pytest.raises(ModelFailed) as caught:
        asyncio.run(model.complete(request))
    model.close()

    assert (caught.value.failure.category, caught.value.failure.reason) == (
        Category.PERMANENT,
        "no_endpoint",
    )
    assert not caught.value.is_theirs
