from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from devhost.functions.http_exchange import HttpCall
from devhost.http.statuses import status_object, status_reply, to_the_second

CALL = HttpCall.to("GET", "http://h/x?code=k")


def test_times_are_told_to_the_second_in_utc() -> None:
    instant = datetime(2026, 1, 2, 3, 4, 5, 999_999, tzinfo=timezone(timedelta(hours=2)))

    assert to_the_second(instant) == "2026-01-02T01:04:05Z"


@pytest.mark.parametrize(
    ("runtime", "failure_is_error", "status"),
    [("Failed", True, 500), ("Failed", False, 200), ("Terminated", True, 200), ("Running", True, 202)],
)
def test_only_a_failure_may_be_an_error(hub: Any, runtime: str, failure_is_error: bool, status: int) -> None:
    hub.put("run-1", runtime, input_json='{"a":1}')
    found = hub.instances_by_id["run-1"]
    told = status_object(found, show_input=True)

    reply = status_reply(CALL, found, told, failure_is_error=failure_is_error)

    assert reply.status == status
    assert reply.header("location") == (CALL.url if status == 202 else None)
    assert (told["input"], status_object(found, show_input=False)["input"]) == ({"a": 1}, None)
