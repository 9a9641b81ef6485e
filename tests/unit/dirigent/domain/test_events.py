"""Events, as the bus carries them."""

from msgspec.structs import replace

from dirigent.domain.events import Event, Replay, message_of

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVENT = Event(
    topic="orders", type="Sold", id="e-1", data='{"n":"ü"}', correlation_id="order-7", account="acme"
)


def test_a_message_says_what_the_event_says() -> None:
    message = message_of(replace(EVENT, time_to_live=60.0))

    assert (message.id, message.body, message.subject) == ("e-1", '{"n":"ü"}'.encode(), "Sold")
    assert (message.correlation_id, message.time_to_live) == ("order-7", 60.0)
    assert message.content_type == "application/json"


def test_what_is_not_known_is_no_property() -> None:
    assert message_of(EVENT).properties == {"type": "Sold", "account": "acme"}


def test_whoever_passes_an_event_on_tells_by_whom_and_how_often() -> None:
    passed = replace(EVENT, user="ann", run="run-1", hops=2, traceparent=TRACE)

    assert message_of(passed).properties == {
        "type": "Sold",
        "account": "acme",
        "user": "ann",
        "run": "run-1",
        "hops": 2,
        "traceparent": TRACE,
        "Diagnostic-Id": TRACE,
    }


def test_a_replay_names_whom_it_is_for_and_whence_it_comes() -> None:
    replay = Replay(dead_letter="d", number=3, subscription="archive")

    told = message_of(replace(EVENT, replay=replay)).properties
    assert (told["replay_for"], told["dead_letter"], told["replay"]) == ("archive", "d", 3)


def test_nobody_speaks_for_the_app_by_a_property_of_their_own() -> None:
    told = message_of(replace(EVENT, properties={"account": "other", "kind": "tea"})).properties

    assert told == {"type": "Sold", "account": "acme", "kind": "tea"}
