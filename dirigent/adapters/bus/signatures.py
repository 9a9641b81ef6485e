"""What vouches for a request: a signature by a key, or a token of Entra."""

import hmac
from base64 import b64encode
from hashlib import sha256
from urllib.parse import quote

#: What a token is asked for; China's cloud calls the service otherwise.
_SCOPE, _OF_CHINA = "https://servicebus.azure.net/.default", "https://servicebus.chinacloudapi.cn/.default"
#: Seconds for which one is good: longer than clocks differ, and than a request takes.
GOOD_FOR = 1_200


def signature(resource: str, *, key_name: str, key: str, now: float) -> str:
    """What the header `Authorization` holds for that address, from now on for some time."""
    target = quote(resource.lower(), safe="")
    end = int(now) + GOOD_FOR
    signed = hmac.digest(key.encode(), f"{target}\n{end}".encode(), sha256)
    proof = quote(b64encode(signed).decode(), safe="")
    return f"SharedAccessSignature sr={target}&sig={proof}&se={end}&skn={quote(key_name, safe='')}"


def scope_of(host: str) -> str:
    """What a token for a namespace at that host is asked for."""
    return _OF_CHINA if host.endswith(".chinacloudapi.cn") else _SCOPE
