"""Asking a service again."""

import asyncio
from dataclasses import dataclass, field

import pytest
from azure.core.exceptions import (
    AzureError,
    ClientAuthenticationError,
    DecodeError,
    HttpResponseError,
    IncompleteReadError,
    ServiceRequestError,
    ServiceResponseError,
    ServiceResponseTimeoutError,
)

from dirigent.adapters.services.attempts import (
    Attempt,
    AttemptsFailed,
    Trouble,
    Troubled,
    client_options,
    tried,
    trouble_of,
)
from dirigent.adapters.services.patience import Patience


@dataclass
class Said:
    """The response that an error of the client holds."""

    headers: dict[str, str]
    status_code: int = 0
    reason: str = ""


def answered(status: int, code: str | None = None, **headers: str) -> HttpResponseError:
    error = HttpResponseError("long words of the service")
    error.status_code, error.error_code = status, code  # type: ignore[attr-defined]
    error.response = Said({name.replace("_", "-"): value for name, value in headers.items()})  # type: ignore[assignment]
    return error


@dataclass
class Service:
    """Fails with these, one after another, and then works; and notes how long it was left alone."""

    errors: list[AzureError | Troubled]
    pauses: list[float] = field(default_factory=list)
    tries: int = 0

    async def act(self, attempt: Attempt) -> str:
        """Fail, or work."""
        self.tries += 1
        if self.errors:
            raise self.errors.pop(0)
        return "done"

    async def wait(self, seconds: float) -> None:
        """Let no time pass."""
        self.pauses.append(seconds)

    def asked(self, patience: Patience | None = None) -> str:
        """What came of it."""
        return asyncio.run(tried(self.act, patience or Patience(), wait=self.wait))


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_tries_again_what_may_pass(status: int) -> None:
    service = Service([answered(status, "ServerBusy")])

    assert service.asked() == "done"
    assert service.tries == 2


@pytest.mark.parametrize("code", ["ConditionNotMet", "ContainerBeingDeleted"])
def test_tries_again_what_its_code_says_will_pass(code: str) -> None:
    assert Service([answered(409, code)]).asked() == "done"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 409, 411, 412, 413])
def test_takes_a_no_for_a_no(status: int) -> None:
    service = Service([answered(status, "Never")])

    with pytest.raises(AttemptsFailed, match=f"it answered {status} Never"):
        service.asked()
    assert service.tries == 1


def test_tries_again_what_its_reader_says_will_pass() -> None:
    service = Service([Troubled(Trouble(reason="it is busy", passes=True, pause=7.0))])

    assert service.asked() == "done"
    assert service.pauses == [7.0]


def test_takes_its_readers_word_for_a_no() -> None:
    with pytest.raises(AttemptsFailed, match="it is full"):
        Service([Troubled(Trouble(reason="it is full"))]).asked()


TROUBLES: dict[str, tuple[AzureError, str]] = {
    "no connection": (ServiceRequestError("x"), "it could not be reached"),
    "connection lost": (ServiceResponseError("x"), "the connection was lost before its answer"),
    "silence": (ServiceResponseTimeoutError("x"), "the connection was lost before its answer"),
    "no XML": (DecodeError("x"), "what answered is another service"),
    "half a body": (IncompleteReadError("x"), "what answered is another service"),
    "no body": (HttpResponseError("x"), "the answer broke off (HttpResponseError)"),
    "odd success": (answered(200), "it answered 200"),
}


@pytest.mark.parametrize("trouble", TROUBLES)
def test_says_what_happened_and_tries_again(trouble: str) -> None:
    error, reason = TROUBLES[trouble]

    assert trouble_of(error) == Trouble(reason=reason, passes=True)


@pytest.mark.parametrize("status", [401, 403])
def test_knows_a_refusal(status: int) -> None:
    assert trouble_of(answered(status, "Code")).is_refusal


def test_a_sign_in_that_failed_is_a_refusal_and_told_in_one_line() -> None:
    trouble = trouble_of(ClientAuthenticationError(message="No identity here.\nTried this:\nand that"))

    assert trouble == Trouble(reason="it could not sign in (No identity here.)", is_refusal=True)


def test_gives_up_after_a_few_tries_and_says_why_at_last() -> None:
    service = Service([*(answered(500) for _ in range(3)), answered(503, "ServerBusy"), answered(500)])

    with pytest.raises(AttemptsFailed, match="it answered 503 ServerBusy"):
        service.asked()
    assert service.tries == 4


def test_leaves_longer_and_longer_pauses() -> None:
    service = Service([answered(500), answered(500), answered(500)])

    service.asked(Patience(pause=0.1))

    first, second, third = service.pauses
    assert 0.08 <= first <= 0.12
    assert 0.24 <= second <= 0.36
    assert 0.72 <= third <= 1.08


@pytest.mark.parametrize(
    ("said", "pause"), [("2", 2.0), ("1.5", 1.5), ("0", None), ("-3", None), ("soon", None)]
)
def test_leaves_the_pause_it_is_asked_for(said: str, pause: float | None) -> None:
    service = Service([answered(503, retry_after=said)])

    service.asked(Patience(pause=0.1))

    assert service.pauses[0] == pause or (pause is None and service.pauses[0] <= 0.12)


def test_an_instant_is_meant_by_the_clock_of_the_service() -> None:
    until, date = "Wed, 21 Oct 2026 07:28:04 GMT", "Wed, 21 Oct 2026 07:28:01 GMT"
    service = Service([answered(503, Retry_After=until, Date=date)])

    service.asked(Patience(pause=0.1))

    assert service.pauses == [3.0]


def test_does_not_wait_for_what_comes_too_late() -> None:
    service = Service([answered(503, retry_after="21")])

    with pytest.raises(AttemptsFailed, match="it answered 503"):
        service.asked()
    assert service.pauses == []


def test_a_silent_service_is_not_waited_for_without_end() -> None:
    async def never(attempt: Attempt) -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(AttemptsFailed, match="its time of 0 s ran out; before that, it did not answer"):
        asyncio.run(tried(never, Patience(limit=0.0)))


def test_large_contents_get_more_time() -> None:
    async def large(attempt: Attempt) -> str:
        attempt.carries(3_600_000_000)
        await asyncio.sleep(0)
        return "done"

    assert asyncio.run(tried(large, Patience(limit=0.0))) == "done"


def test_a_cancelled_caller_is_cancelled_at_once() -> None:
    service = Service([answered(500)])

    async def work() -> asyncio.Task[str]:
        task = asyncio.create_task(tried(service.act, Patience(pause=5.0)))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        return task

    assert asyncio.run(work()).cancelled()
    assert service.tries == 1


def test_clients_do_not_try_again_by_themselves() -> None:
    assert client_options()["retry_total"] == 0
