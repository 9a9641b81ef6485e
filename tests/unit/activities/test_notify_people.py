"""Telling people."""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from activities.notify_people import notify_people
from activities.stage import Stage
from dirigent import codec
from dirigent.domain.catalogue import InputField, ResultField, Workflow
from dirigent.domain.outcomes import Category, Done, Failed
from dirigent.domain.runs import Held
from dirigent.domain.steps import NotifyStep
from dirigent.ports.channels import ChannelsUnavailable, Notice, Receipt

STEP = NotifyStep(
    name="mail",
    channel="email",
    to="{{whom}}",
    subject="News of {{topic}}",
    text="\n{{topic}} is <here>.\n\nBye.\n",
    output="receipt",
)
WORKFLOW = Workflow(
    name="w",
    description="",
    type="t",
    input=(InputField(name="topic"), InputField(name="whom", required=False)),
    steps=(STEP,),
    result={"where": ResultField(value="receipt.address")},
)


@dataclass
class Pigeons:
    """Carries every notice, as a real channel does."""

    carried: list[Notice] = field(default_factory=list)
    troubles: list[Exception] = field(default_factory=list)

    async def deliver(self, notice: Notice) -> Receipt:
        if self.troubles:
            raise self.troubles.pop()
        self.carried.append(notice)
        return Receipt(channel=notice.channel, to=notice.to, address="pigeon-7", is_simulated=False)

    def close(self) -> None:
        """Nothing is held."""


class SilentChannels:
    """Carries nothing and says nothing."""

    async def deliver(self, notice: Notice) -> Receipt:
        await asyncio.Event().wait()
        raise AssertionError

    def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
def teller(job: Any) -> Any:
    """A run whose one step tells somebody."""
    job.adopt(WORKFLOW)
    job.open(input=Held(text='{"topic":"wind\\nand rain","whom":" ann@example.com\\n"}'))
    return job


def over(job: Any, channels: Any) -> Any:
    """The same run, where people are reached over these channels."""
    return replace(job, parts=replace(job.parts, channels=channels))


def told(job: Any, **order: Any) -> Any:
    """What came of the step."""
    activity = notify_people(Stage(job.parts), job.parts)
    outcome = asyncio.run(activity(codec.encode(job.order("mail", **order))))
    return codec.decode(Done | Failed, outcome)  # type: ignore[arg-type]


def test_tells_whom_it_is_to_tell(teller: Any) -> None:
    pigeons = Pigeons()
    told(over(teller, pigeons))

    assert pigeons.carried == [
        Notice(
            run="run-1",
            id="run-1.mail",
            channel="email",
            to="ann@example.com",
            subject="News of wind and rain",
            text="wind\nand rain is <here>.\n\nBye.",
        )
    ]


def test_keeps_the_receipt(teller: Any) -> None:
    told(over(teller, Pigeons()))

    [step] = teller.steps()
    assert codec.from_json(dict[str, Any], step.value.text) == {
        "channel": "email",
        "to": "ann@example.com",
        "address": "pigeon-7",
        "simulated": False,
    }
    assert (step.is_json, step.is_simulated) == (True, False)


def test_what_was_only_written_down_says_so(teller: Any) -> None:
    told(teller)

    [step] = teller.steps()
    receipt = codec.from_json(dict[str, Any], step.value.text)
    assert (receipt["simulated"], step.is_simulated) == (True, True)
    assert "/outbox/email/" in receipt["address"]


def test_whoever_was_told_is_not_told_again(teller: Any) -> None:
    pigeons = Pigeons()
    told(over(teller, pigeons))
    repeated = told(over(teller, pigeons))

    assert repeated.is_repeated
    assert len(pigeons.carried) == 1


def test_a_channel_that_does_not_answer_may_do_so_later(teller: Any) -> None:
    pigeons = Pigeons(troubles=[ChannelsUnavailable("loft-3 is shut")])
    first = told(over(teller, pigeons))
    second = told(over(teller, pigeons), attempt=2)

    assert first.failure.category is Category.TRANSIENT
    assert first.failure.message == (
        "'ann@example.com' was not told by email: the channel did not answer; the app's log says more"
    )
    assert isinstance(second, Done)


def test_where_a_channel_lies_is_for_the_log(teller: Any, caplog: pytest.LogCaptureFixture) -> None:
    told(over(teller, Pigeons(troubles=[ChannelsUnavailable("loft-3 is shut")])))

    assert "loft-3 is shut" in caplog.text


def test_a_channel_that_hangs_is_left_when_the_time_is_over(teller: Any) -> None:
    failure = told(over(teller, SilentChannels()), seconds=0.05).failure

    assert failure.category is Category.TIMEOUT
    assert "within 0.05 s" in failure.message


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (msgspec.structs.replace(STEP, to="{{missing}} "), "nobody was told by email: whom to tell"),
        (msgspec.structs.replace(STEP, text=" {{missing}}\n"), "there is nothing to say"),
    ],
)
def test_a_notice_to_nobody_or_of_nothing_is_no_notice(teller: Any, step: NotifyStep, says: str) -> None:
    pigeons = Pigeons()
    fields = (*WORKFLOW.input, InputField(name="missing", required=False))
    teller.adopt(msgspec.structs.replace(WORKFLOW, input=fields, steps=(step,)))
    failure = told(over(teller, pigeons)).failure

    assert (failure.category, failure.reason) == (Category.PERMANENT, "empty")
    assert says in failure.message
    assert pigeons.carried == []


def test_no_other_step_tells_people(job: Any) -> None:
    with pytest.raises(TypeError, match="'write' tells nobody"):
        asyncio.run(notify_people(Stage(job.parts), job.parts)(codec.encode(job.order("write"))))
