"""What answers of Azure Tables mean."""

from datetime import UTC, datetime

import pytest

from dirigent.adapters.services.patience import Patience
from dirigent.adapters.tables.answers import Verdict, pause, verdict

PATIENCE = Patience(pause=0.2)
NOW = datetime(2026, 10, 21, 7, 28, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "code", "meaning"),
    [
        (409, "EntityAlreadyExists", Verdict.TAKEN),
        (409, "TableAlreadyExists", Verdict.TAKEN),
        (409, "TableBeingDeleted", Verdict.PASSING),
        (412, "UpdateConditionNotSatisfied", Verdict.CHANGED),
        (404, "ResourceNotFound", Verdict.NO_ROW),
        (404, "TableNotFound", Verdict.NO_TABLE),
        (400, "EntityTooLarge", Verdict.TOO_LARGE),
        (413, "RequestBodyTooLarge", Verdict.TOO_LARGE),
        (401, "", Verdict.DENIED),
        (403, "AuthorizationPermissionMismatch", Verdict.DENIED),
        (400, "InvalidInput", Verdict.BROKEN),
        (409, "", Verdict.BROKEN),
        (501, "NotImplemented", Verdict.PASSING),
    ],
)
def test_understands_the_service(status: int, code: str, meaning: Verdict) -> None:
    assert verdict(status, code) is meaning


@pytest.mark.parametrize("status", [None, 200, 302, 404, 408, 429, 500, 502, 503, 504])
def test_what_somebody_else_answers_passes(status: int | None) -> None:
    assert verdict(status, "") is Verdict.PASSING


def test_no_row_is_missing_only_because_a_page_is() -> None:
    assert verdict(404, "") is not verdict(404, "ResourceNotFound")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "3"}, 3.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"x-ms-retry-after-ms": "250", "retry-after": "3"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:04 GMT"}, 4.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:04 GMT", "date": "Wed, 21 Oct 2026 07:28:01 GMT"}, 3.0),
    ],
)
def test_waits_as_long_as_the_service_asks_for(headers: dict[str, str], seconds: float) -> None:
    assert pause(headers, 1, PATIENCE, 0.5, NOW) == seconds


@pytest.mark.parametrize("wish", ["", "soon", "0", "-1", "inf", "nan", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_wish_it_does_not_understand_is_none(wish: str) -> None:
    assert pause({"retry-after": wish}, 1, PATIENCE, 1.0, NOW) == pytest.approx(0.2)


def test_waits_longer_each_time_and_never_quite_as_long_as_others() -> None:
    least, most = (
        [pause({}, attempt, PATIENCE, chance, NOW) for attempt in (1, 2, 3)] for chance in (0.0, 1.0)
    )

    assert least == pytest.approx([0.1, 0.2, 0.4])
    assert most == pytest.approx([0.2, 0.4, 0.8])
