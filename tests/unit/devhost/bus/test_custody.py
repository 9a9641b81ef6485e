"""A message is under one lock at a time, and the time takes it away."""

from datetime import timedelta

import pytest
from bus_bench import BusBench

from devhost.bus.copies import Copy
from devhost.bus.custody import Custody
from devhost.bus.ledger import Ledger
from devhost.bus.listeners import Listeners
from devhost.bus.messages import Sent
from devhost.bus.places import Place
from devhost.bus.ports import DEAD_LETTERS, LockLost
from devhost.bus.topology import Terms
from devhost.testing.virtual_clock import START

TERMS = Terms(max_delivery_count=2, lock_duration=timedelta(seconds=10))


class Desk:
    """A custody of one place, and what was laid there."""

    def __init__(self, bench: BusBench) -> None:
        self.dead = Place("q" + DEAD_LETTERS, "queue", TERMS)
        self.place = Place("q", "queue", TERMS, dead=self.dead)
        self.ledger = Ledger(bench.store, bench.clock, bench.commits)
        self.custody = Custody(
            {one.name: one for one in (self.place, self.dead)},
            self.ledger,
            Listeners(bench.commits),
            bench.clock,
            bench.commits,
        )

    def copy(self, *, seconds: int = 60) -> Copy:
        number = self.ledger.next_number()
        message = Sent(body=b"", message_id="m")
        self.ledger.keep_content(number, message, copies=1)
        return Copy(
            sequence_number=number,
            place="q",
            content=number,
            message=message,
            enqueued=START,
            expires=START + timedelta(seconds=seconds),
        )

    def locked(self, *, lasting: bool = False) -> tuple[Copy, str]:
        copy = self.custody.lock(self.place, lasting=lasting)
        assert copy is not None
        assert copy.lock is not None
        return copy, copy.lock.token


@pytest.fixture
def desk(bench: BusBench) -> Desk:
    return Desk(bench)


def test_a_message_has_one_holder(desk: Desk) -> None:
    desk.custody.lay(desk.copy())
    copy, token = desk.locked()

    assert desk.custody.lock(desk.place, lasting=False) is None
    assert desk.custody.held(desk.place, copy.sequence_number, token) is copy


@pytest.mark.parametrize(("place", "number", "token"), [("dead", 1, ""), ("place", 2, ""), ("place", 1, "x")])
def test_holds_nothing_for_who_names_another(desk: Desk, place: str, number: int, token: str) -> None:
    desk.custody.lay(desk.copy())
    _, right = desk.locked()

    with pytest.raises(LockLost):
        desk.custody.held(getattr(desk, place), number, token or right)


def test_who_does_not_hold_it_cannot_hold_it_on(desk: Desk) -> None:
    copy = desk.copy()
    desk.custody.lay(copy)

    with pytest.raises(LockLost):
        desk.custody.renew(copy)


def test_what_came_too_late_to_live_is_dead_at_once(desk: Desk) -> None:
    desk.custody.lay(desk.copy(seconds=0))

    assert (len(desk.place.copies), len(desk.dead.copies)) == (0, 1)


def test_a_late_clock_is_caught_up_with(desk: Desk, bench: BusBench) -> None:
    desk.custody.lay(desk.copy())
    copy, _ = desk.locked()
    bench.oversleep(seconds=10)
    before = copy.lock
    desk.custody.catch_up()

    assert before is not None
    assert copy.lock is None


def test_a_message_that_a_dead_host_took_for_the_last_time_is_dead(desk: Desk, bench: BusBench) -> None:
    desk.custody.lay(desk.copy())
    copy, _ = desk.locked()
    desk.custody.release(copy, timedelta())
    desk.locked()
    bench.commit()
    after = Desk(bench)
    for found in after.ledger.copies():
        after.custody.take_up(found)

    [dead] = after.dead.copies.values()
    assert dead.death is not None
    assert (dead.death.reason, dead.deliveries) == ("MaxDeliveryCountExceeded", 2)


@pytest.mark.parametrize(("waited", "is_held"), [(9, True), (10, False)])
def test_a_lasting_lock_holds_over_a_restart_until_it_runs_out(
    desk: Desk, bench: BusBench, waited: int, is_held: bool
) -> None:
    desk.custody.lay(desk.copy())
    desk.locked(lasting=True)
    bench.commit()
    desk.custody.stop()
    bench.pass_time(seconds=waited)
    after = Desk(bench)
    for found in after.ledger.copies():
        after.custody.take_up(found)

    assert (after.place.has_ready(), bench.clock.next_due()) == (
        not is_held,
        START + timedelta(seconds=10 if is_held else 60),
    )
