"""Ending instances that nobody wants."""

from typing import Any

from played_runs import asked, nested, started
from playhouse import START, Instance, Playhouse

from dirigent import codec
from dirigent.domain.outcomes import Category, Done, Failed, Failure
from dirigent.domain.run_ids import child_id
from dirigent.domain.runs import StopRuns
from dirigent.ports.orchestration import Steps
from orchestrators.flights import Flight
from orchestrators.stopping import PAUSES, REASON, Stops

UNKNOWN = Failed(failure=Failure(category=Category.TRANSIENT, message="not there yet"))
FAR = nested("far", (nested("deep", asked("one")),))


class House(Playhouse):
    """Where orders to end instances come to what the world says."""

    def _performed(self, task: Any) -> tuple[float, Any]:
        return self.world(task.name, task.order)


def played(answers: list[Any], orders: int = 1, *, is_there: bool = True) -> tuple[House, Instance]:
    def function(context: Any) -> Steps:
        flight, stops = Flight(context), Stops(context, started(()))
        for number in range(orders):
            stops.begin({f"i{number}": FAR}, flight, is_there=is_there)
        yield from stops.end(flight)
        return len(flight)

    def world(name: str, order: Any) -> tuple[float, Any]:
        answer = answers.pop(0) if answers else UNKNOWN
        return 0.0, answer if isinstance(answer, Exception) else codec.encode(answer)

    house = House({"f": function}, world)
    return house, house.play("f", None, "run")


def test_ends_what_was_begun_and_whatever_that_may_have_begun() -> None:
    house, run = played([Done()])
    [order] = house.named("stop_runs")

    assert run.result == 0
    assert codec.decode(StopRuns, order) == StopRuns(
        account="a", reason=REASON, instances=("i0",), others=(child_id("i0", "deep"),)
    )
    assert run.ended_at == START


def test_ends_what_one_that_has_ended_may_have_begun() -> None:
    house, _ = played([Done()], is_there=False)
    [order] = [codec.decode(StopRuns, order) for order in house.named("stop_runs")]

    assert (order.instances, order.others) == ((), (child_id("i0", "deep"),))


def test_only_what_could_not_be_carried_out_is_ordered_again() -> None:
    house, run = played([Done(), UNKNOWN, ConnectionError("gone"), Done(), UNKNOWN, Done()], orders=3)

    ordered = [name for order in house.named("stop_runs") for name in order["instances"]]
    assert ordered == ["i0", "i1", "i2", "i1", "i2", "i2"]
    assert run.error is None


def test_is_not_ordered_for_ever() -> None:
    house, run = played([])

    assert (len(house.calls), run.error) == (1 + len(PAUSES), None)
    assert run.ended_at is not None
    assert (run.ended_at - START).total_seconds() == sum(PAUSES)


def test_knows_its_orders_from_calls() -> None:
    def function(context: Any) -> Steps:
        flight, stops = Flight(context), Stops(context, started(()))
        flight.add(0, context.call_activity("ask_agent"))
        stops.begin({"i": FAR}, flight)
        heard, alone = {}, [stops.are_all_of(flight)]
        while len(flight):
            key = yield from flight.next(None)
            heard[key] = stops.heard(key, flight.take(key))
            alone.append(stops.are_all_of(flight))
        return heard, alone

    run = House({"f": function}, lambda *_: (0.0, codec.encode(Done()))).play("f", None, "run")
    assert run.result == ({0: False, -1: True}, [False, True, True])
