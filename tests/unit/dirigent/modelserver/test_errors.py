"""A refusal in the form in which OpenAI tells it."""

import json

import pytest

from dirigent.domain.outcomes import Category, Failure
from dirigent.modelserver import errors


def test_an_error_has_all_four_parts() -> None:
    body = json.loads(errors.ApiError(400, "Odd.", param="n", code="odd").body())

    assert body == {
        "error": {"message": "Odd.", "type": "invalid_request_error", "param": "n", "code": "odd"}
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (errors.unknown_model("large"), 404, "model_not_found"),
        (errors.unknown_url("GET", "/v2"), 404, "unknown_url"),
        (errors.wrong_key(), 401, "invalid_api_key"),
        (errors.no_key(), 401, None),
        (errors.own(Failure(category=Category.PERMANENT, message="The journal …")), 500, None),
    ],
)
def test_each_has_its_status_and_its_code(error: errors.ApiError, status: int, code: str | None) -> None:
    assert (error.status, error.code) == (status, code)
    assert error.message
