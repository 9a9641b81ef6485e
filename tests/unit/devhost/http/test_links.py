from devhost.functions.client_binding import ClientBinding
from devhost.http.links import check_status_payload, client_binding


def test_the_binding_points_at_both_roots() -> None:
    made = client_binding("http://127.0.0.1:7071", "Hub")

    assert made.base_url == "http://127.0.0.1:7071/runtime/webhooks/durabletask"
    assert made.rpc_base_url == "http://127.0.0.1:7071/durabletask"
    assert made.hub_name == "Hub"


def test_the_payload_has_the_callers_origin_and_an_id_that_fits_a_url(clients: ClientBinding) -> None:
    payload = check_status_payload(clients, "https://host:8443", "a b:1@é")

    base = "https://host:8443/runtime/webhooks/durabletask/instances/a%20b%3A1%40%C3%A9"
    assert payload["id"] == "a b:1@é"
    assert payload["statusQueryGetUri"] == f"{base}?taskHub=TestHub&connection=Storage&code=devhost"
    assert payload["resumePostUri"].startswith(f"{base}/resume?reason={{text}}&")
    assert "rewindPostUri" not in payload
