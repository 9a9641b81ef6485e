"""The URLs by which a client watches and steers an instance."""

from urllib.parse import quote

from devhost.functions.client_binding import ClientBinding

#: Where the management API lies for the outside, and for the SDK.
WEBHOOK_ROOT = "/runtime/webhooks/durabletask"
RPC_ROOT = "/durabletask"


def client_binding(origin: str, hub_name: str) -> ClientBinding:
    """What durable clients are told when the host listens at `origin`, as in http://127.0.0.1:7071."""
    return ClientBinding(base_url=origin + WEBHOOK_ROOT, rpc_base_url=origin + RPC_ROOT, hub_name=hub_name)


def check_status_payload(clients: ClientBinding, origin: str, instance_id: str) -> dict[str, str]:
    """What a start over HTTP answers: the URLs under the origin the caller used."""
    seen_from_there = ClientBinding(
        base_url=origin + WEBHOOK_ROOT,
        rpc_base_url=clients.rpc_base_url,
        hub_name=clients.hub_name,
        key=clients.key,
        connection=clients.connection,
    )
    urls = seen_from_there.management_urls(quote(instance_id, safe=""))
    # Azure leaves this one out here, and only here.
    del urls["rewindPostUri"]
    return urls | {"id": instance_id}
