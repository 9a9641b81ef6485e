import logging

import pytest

from devhost.functions.http_exchange import HttpCall
from devhost.http.queries import Query, instance_filter


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
