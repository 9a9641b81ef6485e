"""What is written of a message is read again, whatever it holds."""

from datetime import UTC, datetime, timedelta, timezone
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from devhost.bus.contents import read, size_of, written
from devhost.bus.messages import Sent

texts = st.text(st.characters(codec=None), max_size=20)
zones = st.sampled_from([UTC, timezone(timedelta(hours=2))])
instants = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=zones)  # noqa: DTZ001
properties = st.dictionaries(
    texts, texts | st.booleans() | st.integers() | st.floats(allow_nan=False) | instants, max_size=4
)
messages = st.builds(
    Sent,
    body=st.binary(max_size=50),
    message_id=texts,
    content_type=st.none() | texts,
    correlation_id=st.none() | texts,
    subject=st.none() | texts,
    session_id=st.none() | texts,
    reply_to=st.none() | texts,
    to=st.none() | texts,
    time_to_live=st.none() | st.timedeltas(),
    scheduled=st.none() | instants,
    properties=properties.map(MappingProxyType),
)


@given(messages)
def test_a_message_is_read_as_it_was_written(message: Sent) -> None:
    again = read(written(message), message.body)

    assert again == message
    assert [type(value) for value in again.properties.values()] == [
        type(value) for value in message.properties.values()
    ]


@given(messages)
def test_what_is_written_is_plain_text(message: Sent) -> None:
    assert written(message).isascii()


def test_the_size_counts_body_and_properties_in_bytes() -> None:
    plain = Sent(body=b"12345")
    rich = Sent(body=b"12345", message_id="ab", subject="ä", properties={"n": 10, "ü": "x"})

    assert (size_of(plain), size_of(rich)) == (5, 5 + 2 + 2 + 3 + 3)
