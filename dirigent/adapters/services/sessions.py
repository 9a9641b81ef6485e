"""Connections to a service."""

import aiohttp

from dirigent.settings.addresses import host_of, is_loopback

#: So many requests are under way at once; each has a connection, which is kept for the next.
CONNECTIONS = 100
#: Seconds for which a connection that nobody uses is kept.
KEPT = 45.0


def session(url: str) -> aiohttp.ClientSession:
    """As the service's own client would make it, but for the number of connections and for proxies.

    The environment's proxies lead elsewhere: what is on this machine is reached without them.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=CONNECTIONS, keepalive_timeout=KEPT),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=not is_loopback(host_of(url)),
    )
