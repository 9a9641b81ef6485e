"""Every message is on disk once, with what its copies have in common."""

from datetime import timedelta

from bus_bench import BusBench

from devhost.bus.copies import Copy, Death, Lock
from devhost.bus.ledger import Ledger
from devhost.bus.messages import Sent
from devhost.bus.topology import Queue, Topic
from devhost.storage import queries
from devhost.testing.virtual_clock import START

LATER = START + timedelta(seconds=1.5)
SENT = Sent(body=b"\xff", message_id="m")


def ledger(bench: BusBench) -> Ledger:
    return Ledger(bench.store, bench.clock, bench.commits)


def kept(book: Ledger, copies: int = 2) -> list[Copy]:
    numbers = [book.next_number() for _ in range(copies)]
    book.keep_content(numbers[0], SENT, copies=copies)
    made = [
        Copy(
            sequence_number=number,
            place=f"p{number}",
            content=numbers[0],
            message=SENT,
            enqueued=START,
            expires=None,
        )
        for number in numbers
    ]
    for copy in made:
        book.keep(copy)
    return made


def test_a_copy_is_read_as_it_was_kept(bench: BusBench) -> None:
    book = ledger(bench)
    plain, rich = kept(book)
    rich.expires, rich.due, rich.deliveries = START + timedelta(minutes=1), LATER, 3
    rich.lock = Lock(token="k", until=LATER, lasting=True)
    rich.death = Death(reason="r", description="d", source="q")
    book.keep(rich)
    bench.commit()
    [one, two] = ledger(bench).copies()

    assert (one.seen(), one.content, one.due, one.lock) == (plain.seen(), 1, None, None)
    assert (two.lock, two.death, two.due, two.deliveries) == (rich.lock, rich.death, LATER, 3)
    assert (two.message.body, two.message.time_to_live) == (b"\xff", timedelta(minutes=1))


def test_what_copies_share_goes_with_the_last_of_them(bench: BusBench) -> None:
    one, two = kept(ledger(bench))
    bench.commit()
    book = ledger(bench)
    book.copies()
    book.drop(one)
    bench.commit()
    between = [number for number, _, _ in queries.bus_contents(bench.store)]
    book.drop(two)
    bench.commit()

    assert between == [1]
    assert [*queries.bus_contents(bench.store), *queries.bus_messages(bench.store)] == []


def test_numbers_go_on_where_the_last_ledger_ended(bench: BusBench) -> None:
    book = ledger(bench)
    for copy in kept(book, 3):
        book.drop(copy)
    bench.commit()

    assert ledger(bench).next_number() == 4


def test_a_change_tells_how_late_it_is_in_this_state(bench: BusBench) -> None:
    bench.pass_time(seconds=5)
    kept(ledger(bench))
    bench.commit()

    assert queries.latest_change(bench.store) == "2030-01-01T00:00:05.000000Z"


def test_ids_are_remembered_for_each_queue_or_topic_that_wants_it(bench: BusBench) -> None:
    window = timedelta(minutes=1)
    for entity, terms in (("q", Queue(duplicate_window=window)), ("t", Topic(duplicate_window=window))):
        duplicates = ledger(bench).duplicates(entity, terms)
        assert duplicates is not None
        duplicates.takes(f"of {entity}", START)
    bench.commit()
    again = ledger(bench).duplicates("q", Queue(duplicate_window=window))

    assert again is not None
    assert (again.takes("of q", LATER), again.takes("of t", LATER)) == (False, True)
    assert ledger(bench).duplicates("q", Queue()) is None


def test_ids_leave_the_file_when_nobody_need_know_them(bench: BusBench) -> None:
    duplicates = ledger(bench).duplicates("q", Queue(duplicate_window=timedelta(seconds=1)))
    assert duplicates is not None
    duplicates.takes("old", START)
    bench.commit()
    duplicates.takes("new", LATER)
    bench.commit()

    assert [key for key, _ in queries.bus_duplicates(bench.store, "q")] == [b"new"]
