"""What an answer of Service Bus means."""

from datetime import UTC, datetime

import pytest

from dirigent.adapters.bus.verdicts import Answer, Refusal, verdict
from dirigent.adapters.services.attempts import Trouble

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
PAGE = "<html><body>Who are you?</body></html>"
HTML = {"content-type": "text/html; charset=utf-8"}


def answer(status: int, detail: str = "", **headers: str) -> Answer:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=said, text=f"<Error><Detail>{detail}</Detail></Error>")


def found(said: Answer) -> Trouble | Refusal | None:
    return verdict(said, NOW)


def test_messages_that_were_taken_need_no_verdict() -> None:
    assert found(answer(201)) is None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_passes_is_tried_again(status: int) -> None:
    assert found(answer(status)) == Trouble(reason=f"it answered {status}", passes=True)


def test_waits_as_long_as_it_is_asked_to() -> None:
    assert found(answer(429, retry_after="7")) == Trouble(reason="it answered 429", passes=True, pause=7.0)


@pytest.mark.parametrize("status", [200, 204, 301, 302, 307])
def test_what_answers_otherwise_is_another_service(status: int) -> None:
    trouble = Trouble(reason=f"it answered {status}, and is another service", passes=True)

    assert found(answer(status)) == trouble


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    "page", [{"headers": HTML}, {"headers": {}, "text": PAGE}, {"headers": {}, "text": "<!DOCTYPE"}]
)
def test_a_page_that_is_not_there_says_nothing_of_topics(status: int, page: dict[str, object]) -> None:
    assert found(Answer(status=status, **page)) == Trouble(  # type: ignore[arg-type]
        reason=f"it answered {status}, and is another service", passes=True
    )


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (answer(404, "40400: Endpoint not found."), "unknown_topic"),
        (answer(410), "unknown_topic"),
        (Answer(status=404, headers={}), "unknown_topic"),
        (answer(401, "40103: Invalid authorization token signature"), "unauthorized"),
        (answer(403, "40300: Ip has been prevented to connect"), "unauthorized"),
        (answer(413), "too_large"),
        (answer(403, "The message is too large."), "too_large"),
        (answer(403, "A request has exceeded the maximum message size."), "too_large"),
        (answer(400, "Exceeded the maximum message size."), "too_large"),
        (answer(403, "Quota exceeded or message too large."), "too_large"),
        (answer(403, "The quota for a batch has been exceeded."), "too_large"),
        (answer(400), "refused"),
        (answer(405), "refused"),
        (answer(409), "refused"),
    ],
)
def test_says_why_it_is_refused(said: Answer, reason: str) -> None:
    assert found(said) == Refusal(reason=reason)


@pytest.mark.parametrize(
    "detail",
    [
        "Quota exceeded.",
        "The maximum entity size has been reached; max entity size in bytes: 10.",
        "The message was refused: its quota is used up, the maximum entity size has been reached.",
    ],
)
def test_a_full_topic_may_have_room_later_but_not_at_once(detail: str) -> None:
    assert found(answer(403, detail)) == Trouble(reason="it answered 403: the topic is full")


def test_what_the_service_says_is_one_line() -> None:
    said = answer(400, "a &lt;b&gt;\r\n  c\x1b[31m. " + "x" * 500)

    assert said.detail.startswith("a <b> c[31m. xxx")
    assert len(said.detail) == 400
    assert Answer(status=200, headers={}, text=PAGE).detail == ""
