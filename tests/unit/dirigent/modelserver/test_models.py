"""The deployments there are."""

import json

import pytest

from dirigent.modelserver.errors import ApiError
from dirigent.modelserver.models import Models


def test_lists_those_of_the_script_and_knows_no_other() -> None:
    models = Models(("large", "small"))

    assert [model["id"] for model in json.loads(models.listed())["data"]] == ["large", "small"]
    assert json.loads(models.shown("small"))["object"] == "model"
    with pytest.raises(ApiError) as caught:
        models.shown("tiny")
    assert (caught.value.status, caught.value.code) == (404, "model_not_found")


def test_knows_every_name_where_none_is_listed() -> None:
    models = Models(())

    assert json.loads(models.shown("anything"))["id"] == "anything"
    assert len(json.loads(models.listed())["data"]) == 1
