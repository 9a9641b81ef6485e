"""Messages to JSON and back."""

from datetime import UTC, datetime
from typing import Any

import pytest

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure, Outcome, Usage
from dirigent.domain.runs import CloseRun, Held, Perform, PlannedStep, StartRun

NOON = datetime(2031, 5, 6, 12, 0, 0, 123456, tzinfo=UTC)
START = StartRun(
    run="r1",
    account="a",
    workflow="w",
    type="t",
    definition="d",
    plan=(PlannedStep(name="s", activity="ask_agent", timeout=30.0, deployments=("m",)),),
    input=Held(text='{"topic":"Grüße"}'),
    created_at=NOON,
    timeout=60.0,
)
PERFORM = Perform(
    run="r",
    account="a",
    definition="d",
    step="s",
    attempt=1,
    not_after=NOON,
    timeout=3,
    opening=START,
    closes=True,
)
FAILED = Failed(failure=Failure(category=Category.RATE_LIMIT, message="busy", retry_after=7.5), attempts=2)


@pytest.mark.parametrize("message", [START, PERFORM, FAILED, CloseRun(opening=START, failed=FAILED)])
def test_gives_back_the_message(message: StartRun | Perform | Failed | CloseRun) -> None:
    values = codec.encode(message)

    assert codec.decode(type(message), values) == message
    assert codec.from_json(type(message), codec.to_json(message)) == message


def test_tells_outcomes_apart() -> None:
    done: Any = Done(usage=Usage(input_tokens=1, output_tokens=2))
    union: Any = Outcome

    found = [codec.decode(union, codec.encode(outcome)) for outcome in (done, FAILED)]

    assert found == [done, FAILED]


def test_leaves_out_what_is_as_usual() -> None:
    assert codec.encode(Done()) == {"outcome": "done"}


def test_takes_fields_of_a_later_version() -> None:
    assert codec.decode(Held, {"text": "a", "of_tomorrow": 1}) == Held(text="a")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({**codec.encode(START), "timeout": "long"}, "timeout"),
        ({**codec.encode(START), "plan": [{"name": "s"}]}, "plan"),
        ({"run": "r1"}, "account"),
        ("text", "object"),
    ],
)
def test_names_the_field_that_is_wrong(values: object, field: str) -> None:
    with pytest.raises(codec.Undecodable, match=field):
        codec.decode(StartRun, values)


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "{}}", "nul", "NaN", '{"a": 1e999}', '"\\ud800"', b"\xff", b'"\xc3"'),
        *('{"a":' * 50_000, "[" * 50_000 + "]" * 50_000),
    ],
    ids=lambda text: f"{text!r:.20}",
)
def test_refuses_what_is_no_json(text: str | bytes) -> None:
    with pytest.raises(codec.Undecodable):
        codec.from_json(object, text)


def test_keeps_the_order_of_keys() -> None:
    text = b'{"b":1,"a":{"z":[1,2.5,null,true],"y":"\xc3\xa9"}}'

    assert codec.to_json(codec.from_json(dict, text)) == text
