"""Telling who calls."""

from typing import Any

from triggers.identity import Caller, caller


def test_takes_no_account_from_headers_or_body(bench: Any) -> None:
    request = bench.request("tasks", headers={"x-account": "other"}, body=b'{"account": "other"}')

    assert caller(request, bench.settings) == Caller(account="default")
