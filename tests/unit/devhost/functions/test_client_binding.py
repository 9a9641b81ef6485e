"""The SDK's client reads the binding's text and makes of it what it makes on Azure."""

import json

import azure.durable_functions as df
import azure.functions as func

from devhost.functions.catalog import CLIENT, Binding
from devhost.functions.client_binding import ClientBinding

BINDING = ClientBinding(
    base_url="http://localhost:7071/runtime/webhooks/durabletask",
    rpc_base_url="http://127.0.0.1:7071/durabletask",
    hub_name="Mine",
)


def text(**attributes: str) -> str:
    return BINDING.json_for(Binding(type=CLIENT, name="client", attributes=attributes))


def test_the_sdk_makes_its_management_urls_of_it() -> None:
    payload = df.DurableOrchestrationClient(text()).create_http_management_payload("abc")

    assert payload == BINDING.management_urls("abc")
    assert payload["statusQueryGetUri"] == (
        "http://localhost:7071/runtime/webhooks/durabletask/instances/abc"
        "?taskHub=Mine&connection=Storage&code=devhost"
    )


def test_the_sdk_answers_a_start_with_the_callers_origin() -> None:
    request = func.HttpRequest(method="GET", url="http://box:9/api/x", body=b"")

    response = df.DurableOrchestrationClient(text()).create_check_status_response(request, "abc")

    assert response.headers["Location"].startswith("http://box:9/runtime/webhooks/durabletask/instances/abc?")
    assert set(json.loads(response.get_body())) == set(BINDING.management_urls("abc"))


def test_the_rpc_address_ends_with_a_slash() -> None:
    assert json.loads(text())["rpcBaseUrl"] == "http://127.0.0.1:7071/durabletask/"


def test_takes_hub_and_connection_from_the_decorator() -> None:
    content = json.loads(text(taskHub="Other", connectionName="Elsewhere"))

    assert content["taskHubName"] == "Other"
    assert "taskHub=Other&connection=Elsewhere&" in content["managementUrls"]["purgeHistoryDeleteUri"]
