import logging
from datetime import UTC, datetime

import pytest

from devhost.engine.errors import InvalidRequest
from devhost.functions.http_exchange import HttpCall
from devhost.http.queries import Query, entity_filter, instance_filter, purge_filter


def query(text: str) -> Query:
    return Query(HttpCall.to("GET", f"http://h/?{text}"))


def test_names_match_in_any_case_and_repeats_are_joined() -> None:
    assert query("Reason=a&REASON=b").text("reason") == "a,b"
    assert query("").text("reason") is None
    assert query("reason=").text("reason") == ""


@pytest.mark.parametrize(
    ("text", "value"), [("x=true", True), ("x=%20TRUE", True), ("x=False", False), ("x=1", True), ("", True)]
)
def test_only_true_and_false_are_truths(text: str, value: bool) -> None:
    assert query(text).truth("x", otherwise=True) is value


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123456+00:00"),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00+00:00"),
        ("2026-01-01", "2026-01-01T00:00:00+00:00"),
    ],
)
def test_reads_instants_as_utc(text: str, told: str) -> None:
    instant = query(f"x={text}").instant("x")

    assert instant is not None
    assert instant.isoformat() == told


@pytest.mark.parametrize(
    "text",
    [
        "runtimeStatus=completed",
        "top=many",
        "top=99999999999999",
        "createdTimeFrom=soon",
        "createdTimeTo=0001-01-01T00:00:00%2B01:00",
    ],
)
def test_passes_over_what_it_cannot_read_and_says_so(text: str, caplog: pytest.LogCaptureFixture) -> None:
    call = HttpCall.to("GET", f"http://h/?{text}")

    with caplog.at_level(logging.WARNING):
        wanted = instance_filter(call, Query(call))

    assert wanted == instance_filter(HttpCall.to("GET", "http://h/"), query(""))
    assert text.partition("=")[0] in caplog.text


def test_reads_seconds() -> None:
    assert query("t=1.5").seconds("t") == 1.5
    assert query("t=x").seconds("t") is None
    assert query("").seconds("t") is None


def test_reads_the_year_one_as_the_sdk_writes_it() -> None:
    instant = query("x=1-01-01T00:00:00.000000Z").instant("x")

    assert instant is not None
    assert instant.isoformat() == "0001-01-01T00:00:00+00:00"


@pytest.mark.parametrize("text", ["0", "-1"])
def test_refuses_a_page_without_entries(text: str) -> None:
    with pytest.raises(InvalidRequest, match="'top' must be at least 1"):
        query(f"top={text}").page_size()


def test_a_purge_says_from_when_on_it_goes() -> None:
    wanted = purge_filter(query("createdTimeFrom=2026-01-01&createdTimeTo=2026-01-02&runtimeStatus=Failed"))

    assert (wanted.created_from, wanted.created_to) == (
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 2, tzinfo=UTC),
    )
    assert wanted.runtime_statuses == {"Failed"}
    for text in ("", "createdTimeFrom=", "createdTimeFrom=soon"):
        with pytest.raises(InvalidRequest, match="'createdTimeFrom' is missing or is no time"):
            purge_filter(query(text))


def test_entities_are_named_in_lower_case() -> None:
    call = HttpCall.to("GET", "http://h/?lastOperationTimeFrom=2026-01-01")

    wanted = entity_filter(call, Query(call), "Counter")

    assert (wanted.name, wanted.last_operation_from, wanted.last_operation_to, wanted.top) == (
        "counter",
        datetime(2026, 1, 1, tzinfo=UTC),
        None,
        None,
    )
