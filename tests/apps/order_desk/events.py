"""What clients send to waiting orchestrations."""

import json
from typing import Any


def payload(sent: Any) -> Any:
    """An event's data, whichever way it came.

    The SDK's `raise_event` hands it over as JSON text; posted to `sendEventPostUri` it arrives as it is.
    """
    return json.loads(sent) if isinstance(sent, str) else sent
