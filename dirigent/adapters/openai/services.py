"""Clients of services, as an endpoint and the environment want them."""

import ssl
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import urlsplit

import httpx2
import openai

from dirigent.adapters.openai import failures
from dirigent.adapters.openai.bodies import PACKING, bound
from dirigent.adapters.openai.exchanges import watch
from dirigent.adapters.openai.failures import Callee
from dirigent.ports.model import ModelFailed
from dirigent.settings.addresses import host_of, is_loopback

#: Seconds to get a connection; all else a call may take is its own.
CONNECT = 5.0
#: A worker has hundreds of calls under way, all of which may be of one endpoint.
LIMITS = httpx2.Limits(max_connections=1_000, max_keepalive_connections=200, keepalive_expiry=30.0)

_TIMEOUT = httpx2.Timeout(None, connect=CONNECT)


class _Stranger(openai.AsyncOpenAI):
    """Asks who is not OpenAI, and tells them nothing of what the environment tells OpenAI."""

    @property
    def default_headers(self) -> dict[str, str | openai.Omit]:
        """What each request has in any case."""
        return {
            "Accept": "application/json",
            "Content-Type": "application/json",
            # The package would name this class.
            "User-Agent": f"AsyncOpenAI/Python {openai.__version__}",
            **self.platform_headers(),
        }


def service(callee: Callee) -> openai.AsyncOpenAI:
    """A client for the endpoint; `ModelFailed` where its address or the environment will not do."""
    if not _is_address(callee.endpoint.url):
        raise ModelFailed(failures.odd_address(callee), is_theirs=False)
    kind = openai.AsyncOpenAI if callee.is_openais else _Stranger
    try:
        # Each call brings its own authorization; without any here the package would look for one around it.
        return kind(
            api_key="none",
            base_url=callee.endpoint.url,
            max_retries=0,
            timeout=_TIMEOUT,
            http_client=_http(callee.endpoint.url),
        )
    except OSError as error:
        raise ModelFailed(failures.no_client(callee, failures.CERTIFICATES), is_theirs=False) from error
    except (httpx2.InvalidURL, ImportError, ValueError, openai.OpenAIError) as error:
        raise ModelFailed(failures.no_client(callee, failures.PROXIES), is_theirs=False) from error


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        httpx2.URL(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except (httpx2.InvalidURL, ValueError):
        return False


def _http(url: str) -> httpx2.AsyncClient:
    # Reading the authorities that vouch for certificates takes longer than a call where nobody shows one.
    verify = url.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    # To this machine itself no proxy leads; what is given a transport looks for none.
    direct = httpx2.AsyncHTTPTransport(verify=verify, limits=LIMITS) if is_loopback(host_of(url)) else None
    return httpx2.AsyncClient(
        headers={"Accept-Encoding": PACKING},
        # What one answer leaves behind goes with no other request.
        cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        timeout=_TIMEOUT,
        limits=LIMITS,
        follow_redirects=False,
        event_hooks={"request": [watch], "response": [bound]},
        verify=verify,
        transport=direct,
    )
