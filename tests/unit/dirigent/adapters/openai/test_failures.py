import json
from datetime import UTC, datetime

import pytest

from dirigent.adapters.openai import failures
from dirigent.adapters.openai.failures import Callee
from dirigent.domain.outcomes import Category, Failure
from dirigent.settings.endpoints import Endpoint

NOW = datetime(2031, 5, 6, tzinfo=UTC)
KEY = "sk-abcdefgh"
OPENAI = Callee(deployment="large", name=None, endpoint=Endpoint(url="https://api.example.com/v1", key=KEY))
ENTRA = Callee(
    deployment="large",
    name=None,
    endpoint=Endpoint(url="https://me.example.com/openai/v1/", provider="azure.ai.openai"),
)
AZURE = Callee(
    deployment="large",
    name=None,
    endpoint=Endpoint(url="https://me.example.com/openai/v1/", key="k", provider="azure.ai.openai"),
)
NAMED = Callee(deployment="large", name="in-house", endpoint=Endpoint(url="http://10.0.0.1/v1", key="k"))


def refused(status: int, callee: Callee = OPENAI, /, **error: object) -> Failure:
    body = json.dumps({"error": error}).encode() if error else b""
    return failures.refused(callee, status, {"retry-after": "7", "x-request-id": "req_1"}, body, NOW)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, None, (Category.PERMANENT, "bad_request", None)),
        (400, "content_filter", (Category.PERMANENT, "content_filter", None)),
        (401, None, (Category.AUTHENTICATION, "wrong_key", None)),
        (403, None, (Category.AUTHENTICATION, "forbidden", None)),
        (404, None, (Category.PERMANENT, "unknown_model", None)),
        (408, None, (Category.TIMEOUT, "timeout", None)),
        (409, None, (Category.TRANSIENT, "conflict", 7.0)),
        (413, None, (Category.PERMANENT, "bad_request", None)),
        (429, None, (Category.RATE_LIMIT, "rate_limit", 7.0)),
        (429, "insufficient_quota", (Category.PERMANENT, "quota", None)),
        (500, None, (Category.TRANSIENT, "server_error", 7.0)),
        (503, "content_filter", (Category.TRANSIENT, "server_error", 7.0)),
        (599, None, (Category.TRANSIENT, "server_error", 7.0)),
        (302, None, (Category.PERMANENT, "redirect", None)),
    ],
)
def test_a_status_is_a_category_and_a_reason(
    status: int, code: str | None, expected: tuple[Category, str, float | None]
) -> None:
    failure = refused(status, message="No.", code=code)

    assert (failure.category, failure.reason, failure.retry_after) == expected


def test_the_sentence_names_the_model_its_place_and_the_remedy_and_their_words_stand_apart() -> None:
    failure = refused(404, message=f"No such model for {KEY}.")

    assert failure.message == (
        "The model 'large' answered 404 to its request 'req_1', at https://api.example.com/v1: "
        "name a deployment that exists in models.yaml, or look whether the address is right."
    )
    assert failure.said == "No such model for […]."


@pytest.mark.parametrize(
    ("callee", "status", "remedy"),
    [
        (OPENAI, 401, "set OPENAI_API_KEY"),
        (OPENAI, 403, "let the key in OPENAI_API_KEY use this model"),
        (AZURE, 401, "set AZURE_OPENAI_API_KEY to a key that is valid there"),
        (AZURE, 403, "network rules"),
        (AZURE, 403, "(disableLocalAuth), remove AZURE_OPENAI_API_KEY"),
        (NAMED, 401, "set DIRIGENT_ENDPOINT_IN_HOUSE_KEY"),
        (ENTRA, 401, "Cognitive Services OpenAI User"),
        (ENTRA, 401, "'Cognitive Services User' or 'Foundry User'"),
        (ENTRA, 401, "the resource's own tenant"),
        (ENTRA, 403, "let the app in by the resource's network rules, and see that the resource is not"),
        (ENTRA, 307, "AZURE_OPENAI_ENDPOINT"),
        (NAMED, 307, "DIRIGENT_ENDPOINT_IN_HOUSE_URL"),
    ],
)
def test_the_remedy_names_the_setting(callee: Callee, status: int, remedy: str) -> None:
    assert remedy in refused(status, callee).message


@pytest.mark.parametrize("callee", [ENTRA, AZURE], ids=["Entra", "key"])
def test_a_door_that_is_shut_is_opened_by_no_role(callee: Callee) -> None:
    assert "role" not in refused(403, callee).message


@pytest.mark.parametrize(
    ("said", "param", "hint"),
    [
        ("Unsupported parameter: 'response_format'.", "response_format", "{structure: none}"),
        ("'response_format' of type 'json_schema' is not supported", None, "{structure: none}"),
        ("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens'.", None, "max_completion_tokens"),
        ("Unrecognized request argument supplied: max_completion_tokens", None, "tokens: max_tokens"),
        ("Unsupported value: 'temperature' does not support 0.2.", "temperature", "temperature: false"),
        ("max_tokens is too large: 9000000.", "max_tokens", "change the request"),
        ("The context is too long.", None, "change the request"),
    ],
)
def test_a_request_that_is_not_understood_says_how_to_word_it(
    said: str, param: str | None, hint: str
) -> None:
    failure = refused(400, message=said, param=param)

    assert failure.reason == "bad_request"
    assert hint in failure.message


@pytest.mark.parametrize("name", [None, "in-house"])
def test_an_endpoint_that_is_not_there_names_its_setting(name: str | None) -> None:
    failure = failures.no_endpoint("large", name)

    assert (failure.category, failure.reason) == (Category.PERMANENT, "no_endpoint")
    assert ("OPENAI_BASE_URL" if name is None else "DIRIGENT_ENDPOINT_IN_HOUSE_URL") in failure.message


@pytest.mark.parametrize(
    ("failure", "category", "reason"),
    [
        (failures.unreadable(OPENAI, "sent an odd thing"), Category.TRANSIENT, "unreadable"),
        (failures.oversized(OPENAI), Category.TRANSIENT, "oversized"),
        (failures.late(OPENAI, 2.5), Category.TIMEOUT, "timeout"),
        (failures.dropped(OPENAI, f"with {KEY}"), Category.TRANSIENT, "dropped"),
        (failures.unreachable(OPENAI, f"with {KEY}"), Category.TRANSIENT, "unreachable"),
        (failures.no_token(ENTRA, "nobody"), Category.AUTHENTICATION, "no_token"),
        (failures.odd_key(OPENAI), Category.AUTHENTICATION, "wrong_key"),
        (failures.odd_address(OPENAI), Category.PERMANENT, "no_endpoint"),
        (failures.unsent(OPENAI), Category.PERMANENT, "unsent"),
        (failures.no_client(OPENAI, "ALL_PROXY"), Category.PERMANENT, "no_client"),
        (failures.closed("large"), Category.TRANSIENT, "closed"),
    ],
)
def test_each_trouble_has_its_name(failure: Failure, category: Category, reason: str) -> None:
    assert (failure.category, failure.reason) == (category, reason)
    assert "'large'" in failure.message
    assert KEY not in failure.message


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"x-request-id": ""}, None),
        ({"apim-request-id": "a"}, "a"),
        ({"x-request-id": "req_0123456789abcdef0123456789abcdef"}, "req_0123456789abcdef0123456789abcdef"),
        ({"x-request-id": "r\t" + "9" * 300}, "r " + "9" * 197 + "…"),
        ({"apim-request-id": "a", "x-request-id": "x"}, "x"),
    ],
)
def test_knows_a_request_by_the_providers_id(headers: dict[str, str], expected: str | None) -> None:
    assert failures.request_id(headers) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:abcdefgh@example.com/v1?key=abcdefgh", "https://example.com/v1"),
        ("https://example.com/v1#abcdefgh", "https://example.com/v1"),
        ("http://10.0.0.1:8080/openai/v1/", "http://10.0.0.1:8080/openai/v1/"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(url: str, expected: str) -> None:
    assert Callee(deployment="large", name=None, endpoint=Endpoint(url=url)).address == expected


def test_a_deployment_is_named_as_it_is() -> None:
    name = "meta_llama/Llama_3_70B_Instruct_Turbo_0123456789"
    callee = Callee(deployment=name, name=None, endpoint=Endpoint(url="https://example.com"))

    assert f"'{name}'" in failures.late(callee, 1.0).message


@pytest.mark.parametrize(
    ("url", "name", "expected"),
    [
        ("https://api.openai.com/v1", None, True),
        ("https://eu.api.openai.com/v1", None, True),
        ("https://api.openai.com/v1", "other", False),
        ("https://api.openai.com.example.com/v1", None, False),
        ("http://localhost:8080/v1", None, False),
    ],
)
def test_knows_whether_openai_itself_is_asked(url: str, name: str | None, expected: bool) -> None:
    callee = Callee(deployment="large", name=name, endpoint=Endpoint(url=url, key="k"))

    assert callee.is_openais is expected
    assert ("OPENAI_CUSTOM_HEADERS" in failures.unsent(callee).message) is expected
