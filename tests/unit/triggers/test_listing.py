"""Reading what a list is asked for."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.runs import Status
from dirigent.records.runs import Filter
from triggers.identity import Caller
from triggers.listing import KNOWN, wanted_runs
from triggers.problems import Refused

CALLER = Caller(account="default")


def test_asks_for_fifty_of_the_callers_own() -> None:
    assert wanted_runs({}, CALLER) == Filter(account="default", limit=50)


def test_reads_every_parameter() -> None:
    params = {
        "status": "failed",
        "workflow": "w",
        "account": "default",
        "correlation_id": "order-7",
        "from": "2030-01-01",
        "to": "2030-01-01T12:00:00+02:00",
        "children": "true",
        "limit": "200",
        "continuation_token": "t",
        "code": "key",
    }

    assert wanted_runs(params, CALLER) == Filter(
        account="default",
        status=Status.FAILED,
        workflow="w",
        earliest=datetime(2030, 1, 1, tzinfo=UTC),
        latest=datetime(2030, 1, 1, 10, tzinfo=UTC),
        correlation_id="order-7",
        children=True,
        limit=200,
        token="t",
    )


@pytest.mark.parametrize(
    ("name", "value", "remedy"),
    [
        ("status", "complete", "did you mean 'completed'"),
        ("status", "", "'pending'"),
        ("workflow", "", "1 to 200"),
        ("correlation_id", "", "1 to 200"),
        ("from", "yesterday", "2026-01-31T08:00:00Z"),
        ("from", "2030-01-01T00:00:00 02:00", "%2B"),
        ("to", "0001-01-01T00:00:00+14:00", "2026-01-31"),
        ("children", "yes", "`true`"),
        ("limit", "0", "1 to 200"),
        ("limit", "201", "1 to 200"),
        ("limit", "٣", "1 to 200"),
        ("limit", "9" * 5000, "1 to 200"),
        ("continuation_token", "a\nb", "printable"),
        ("state", "failed", "did you mean 'status'"),
    ],
)
def test_names_a_parameter_that_will_not_do(name: str, value: str, remedy: str) -> None:
    with pytest.raises(Refused) as refused:
        wanted_runs({name: value}, CALLER)

    [problem] = refused.value.fields
    assert (refused.value.status, problem.field) == (400, name)
    assert name in refused.value.sentence
    assert remedy in refused.value.sentence


def test_names_all_of_them_at_once() -> None:
    with pytest.raises(Refused) as refused:
        wanted_runs({"limit": "x", "status": "x", "from": "2031-01-01", "to": "2030-01-01"}, CALLER)

    assert [problem.field for problem in refused.value.fields] == ["from", "status", "limit"]


def test_keeps_other_accounts_to_themselves() -> None:
    with pytest.raises(Refused) as refused:
        wanted_runs({"account": "other"}, CALLER)

    assert refused.value.status == 403


@given(st.dictionaries(st.sampled_from([*KNOWN, "x"]), st.text(alphabet=st.characters(), max_size=20)))
def test_reads_or_refuses_whatever_comes(params: dict[str, str]) -> None:
    account, status = "default", 400
    try:
        account = wanted_runs(params, CALLER).account
    except Refused as refused:
        status = refused.status

    assert (account, status in (400, 403)) == ("default", True)
