"""A bus behind Service Bus's REST interface, read from its documentation: a second opinion on requests."""

import hmac
import json
import re
from base64 import b64encode
from collections import defaultdict
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, quote_plus, unquote

from hostile_server import Guest, Heard, answer

from dirigent.domain.events import BusMessage, Property

LARGEST = 256 * 1024
BATCH = "application/vnd.microsoft.servicebus.json"
#: What requests are made of; every other header is a property of the message.
OF_REQUESTS = frozenset(
    {
        "accept",
        "accept-encoding",
        "authorization",
        "brokerproperties",
        "content-length",
        "content-type",
        "host",
        "user-agent",
    }
)
BROKER = frozenset({"MessageId", "CorrelationId", "Label", "TimeToLive"})
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")


class Wrong(Exception):
    """The answer that a request gets which it does not like."""

    def __init__(self, status: int, detail: str) -> None:
        self.status, self.detail = status, detail
        super().__init__(detail)


@dataclass(kw_only=True)
class RestBus:
    """Keeps what is sent to its topics, in the order in which it came."""

    topics: tuple[str, ...] = ("data",)
    #: Of shared access policies, by their names; without any everybody may send.
    keys: dict[str, str] = field(default_factory=dict)
    #: Of Entra.
    tokens: tuple[str, ...] = ()
    now: float = 0.0
    laid: dict[str, list[BusMessage]] = field(default_factory=lambda: defaultdict(list))
    #: How many messages came in each request.
    requests: list[int] = field(default_factory=list)

    async def play(self, guest: Guest) -> None:
        """Answer one request."""
        assert guest.heard is not None
        try:
            self.take(guest.heard)
        except Wrong as wrong:
            text = f"<Error><Code>{wrong.status}</Code><Detail>{wrong.detail}</Detail></Error>"
            await guest.say(answer(wrong.status, text.encode(), kind="application/xml; charset=utf-8"))
        else:
            # As the service does: no body, in no pieces.
            head = (
                b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\nContent-Type: application/xml\r\n\r\n"
            )
            await guest.say(head, b"0\r\n\r\n")

    def take(self, heard: Heard) -> None:
        """Keep what the request sends; `Wrong` tells what is wrong with it."""
        self._let_in(heard)
        path = re.fullmatch(r"/v1/(.+)/messages", heard.path)
        if path is None or (topic := unquote(path[1])) not in self.topics:
            raise Wrong(404, "40400: Endpoint not found.")
        if len(heard.body) > LARGEST:
            raise Wrong(403, "The request is too large.")
        if heard.headers["content-type"] == BATCH:
            messages = [_of_batch(one) for one in json.loads(heard.body)]
        else:
            messages = [_alone(heard)]
        self.requests.append(len(messages))
        self.laid[topic] += messages

    def _let_in(self, heard: Heard) -> None:
        if not self.keys and not self.tokens:
            return
        kind, _, given = heard.headers.get("authorization", "").partition(" ")
        if not (given in self.tokens if kind == "Bearer" else self._signed(heard, kind, given)):
            raise Wrong(401, "40103: Invalid authorization token signature.")

    def _signed(self, heard: Heard, kind: str, given: str) -> bool:
        said = {name: values[0] for name, values in parse_qs(given).items()}
        key = self.keys.get(said.get("skn", ""))
        if kind != "SharedAccessSignature" or key is None or float(said["se"]) <= self.now:
            return False
        # A signature holds for the address and for all below it.
        address = f"http://{heard.headers['host']}{heard.path}".lower()
        text = f"{quote_plus(said['sr'])}\n{said['se']}".encode()
        signed = b64encode(hmac.new(key.encode(), text, sha256).digest()).decode()
        return address.startswith(said["sr"]) and hmac.compare_digest(signed, said["sig"])


def _of_batch(one: dict[str, Any]) -> BusMessage:
    assert set(one) == {"Body", "BrokerProperties", "UserProperties"}
    broker = dict(one["BrokerProperties"])
    span = broker.pop("TimeToLiveTimeSpan", None)
    if (found := _seconds(span)) != broker.get("TimeToLive"):
        raise Wrong(400, f"It is to live {found} s or {broker.get('TimeToLive')} s.")
    # The service reads no content type here; what it was sent with is the usual one, or lost.
    broker.pop("ContentType", None)
    return _message(broker, one["Body"].encode(), "application/json", one["UserProperties"])


def _seconds(span: str | None) -> float | None:
    if span is None:
        return None
    days, hours, minutes, seconds = re.fullmatch(r"(\d+)\.(\d\d):(\d\d):(\d\d(?:\.\d{7})?)", span).groups()  # type: ignore[union-attr]
    return round(int(days) * 86_400 + int(hours) * 3_600 + int(minutes) * 60 + float(seconds), 6)


def _alone(heard: Heard) -> BusMessage:
    properties = {
        name: _value(text) for name, text in heard.headers.items() if name.lower() not in OF_REQUESTS
    }
    broker = json.loads(heard.headers["brokerproperties"])
    return _message(broker, heard.body, heard.headers["content-type"], properties)


def _value(text: str) -> Property:
    if len(text) > 1 and text[0] == text[-1] == '"':
        if re.search(r'["\\]', text[1:-1]) or re.search(r"\d.*GMT", text):
            raise Wrong(400, f"Nobody knows what is meant by {text}.")
        return text[1:-1]
    if text in ("true", "false"):
        return text == "true"
    if not NUMBER.fullmatch(text):
        raise Wrong(400, f"{text} is neither a text in quotation marks nor a number nor a truth.")
    return float(text) if "." in text else int(text)


def _message(broker: dict[str, Any], body: bytes, kind: str, properties: dict[str, Property]) -> BusMessage:
    if strangers := set(broker) - BROKER:
        raise Wrong(400, f"The bus would pass over {sorted(strangers)}.")
    return BusMessage(
        id=broker["MessageId"],
        body=body,
        subject=broker["Label"],
        correlation_id=broker["CorrelationId"],
        content_type=kind,
        time_to_live=broker.get("TimeToLive"),
        properties=properties,
    )
