"""What a durable client is told: the JSON text of the durableClient binding."""

import json
from dataclasses import dataclass, field

from devhost.functions.catalog import Binding

#: The SDK replaces this text in every URL by the instance's id.
PLACEHOLDER = "INSTANCEID"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientBinding:
    """Makes the binding's text from the addresses this host listens on."""

    #: Where the management API is, such as http://localhost:7071/runtime/webhooks/durabletask
    base_url: str
    #: Where the SDK itself calls, such as http://127.0.0.1:7071/durabletask
    rpc_base_url: str
    hub_name: str
    #: Nothing checks it here; clients that look for `code` in a URL find one.
    key: str = "devhost"
    connection: str = "Storage"
    _texts: dict[tuple[str, str], str] = field(default_factory=dict, compare=False, repr=False)

    def json_for(self, binding: Binding) -> str:
        """The value of one durableClient binding."""
        hub = str(binding.attributes.get("taskHub") or self.hub_name)
        connection = str(binding.attributes.get("connectionName") or self.connection)
        if (hub, connection) not in self._texts:
            self._texts[hub, connection] = json.dumps(self._content(hub, connection))
        return self._texts[hub, connection]

    def management_urls(self, instance_id: str, *, hub: str = "", connection: str = "") -> dict[str, str]:
        """The URLs by which one instance is watched and steered."""
        query = f"taskHub={hub or self.hub_name}&connection={connection or self.connection}&code={self.key}"
        instance = f"{self.base_url.rstrip('/')}/instances/{instance_id}"
        return {
            "id": instance_id,
            "statusQueryGetUri": f"{instance}?{query}",
            "sendEventPostUri": f"{instance}/raiseEvent/{{eventName}}?{query}",
            "terminatePostUri": f"{instance}/terminate?reason={{text}}&{query}",
            "rewindPostUri": f"{instance}/rewind?reason={{text}}&{query}",
            "purgeHistoryDeleteUri": f"{instance}?{query}",
            "restartPostUri": f"{instance}/restart?{query}",
            "suspendPostUri": f"{instance}/suspend?reason={{text}}&{query}",
            "resumePostUri": f"{instance}/resume?reason={{text}}&{query}",
        }

    def _content(self, hub: str, connection: str) -> dict[str, object]:
        base, code = self.base_url.rstrip("/"), f"code={self.key}"
        start = f"{base}/orchestrators/{{functionName}}[/{{instanceId}}]"
        wait = "timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}"
        return {
            "taskHubName": hub,
            "creationUrls": {
                "createNewInstancePostUri": f"{start}?{code}",
                "createAndWaitOnNewInstancePostUri": f"{start}?{wait}&{code}",
            },
            "managementUrls": self.management_urls(PLACEHOLDER, hub=hub, connection=connection),
            "baseUrl": base,
            "requiredQueryStringParameters": code,
            # The SDK appends paths without a slash of its own.
            "rpcBaseUrl": self.rpc_base_url.rstrip("/") + "/",
        }
