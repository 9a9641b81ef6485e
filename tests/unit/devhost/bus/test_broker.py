"""A bus keeps what it took, gives it to one at a time, and says why it gives something up."""

from datetime import timedelta
from types import MappingProxyType

import pytest
from bus_bench import BusBench

from devhost.bus.broker import MOST_BYTES
from devhost.bus.filter_texts import BadFilter
from devhost.bus.messages import Sent
from devhost.bus.ports import DEAD_LETTERS, LockLost, TooLarge, UnknownPlace
from devhost.bus.topology import Queue, Rule, Subscription, Topic, Topology
from devhost.testing.virtual_clock import START

MINUTE = timedelta(minutes=1)
PLAIN = Topology().with_queue("q").with_subscription("t", "s").with_subscription("t", "r", "color = 'red'")


@pytest.fixture
def bench(bench: BusBench) -> BusBench:
    bench.kill(PLAIN)
    return bench


def dead(bench: BusBench, place: str) -> list[tuple[str, str | None]]:
    """What lies in the dead-letter queue of a place, and why."""
    found = bench.broker.peek(place + DEAD_LETTERS)
    return [(one.message.message_id, one.dead_letter_reason) for one in found]


def test_a_message_is_received_as_it_was_sent(bench: BusBench) -> None:
    sent = Sent(
        body=b"\x00{}",
        message_id="m",
        content_type="application/json",
        correlation_id="c",
        subject="s",
        session_id="x",
        reply_to="r",
        to="t",
        time_to_live=MINUTE,
        properties=MappingProxyType({"a": 1, "b": 1.5, "c": True, "d": START, "e": "ä"}),
    )
    bench.broker.send("Q", [sent])
    bench.commit()
    bench.kill()

    received = bench.take("q")
    assert received.message == sent
    assert (received.place, received.delivery_count) == ("q", 1)
    assert (received.enqueued, received.expires) == (START, START + MINUTE)
    assert received.locked_until == START + 5 * MINUTE


def test_who_names_no_id_is_given_one(bench: BusBench) -> None:
    bench.broker.send("q", [Sent(body=b""), Sent(body=b"")])

    assert len({*bench.ids("q"), ""}) == 3


def test_every_subscription_gets_a_copy_of_what_its_rules_let_through(bench: BusBench) -> None:
    bench.send("t", "1", properties={"color": "red"})
    bench.send("T", "2", properties={"color": "blue"})

    assert bench.ids("t/subscriptions/s") == ["1", "2"]
    assert bench.ids("T/Subscriptions/R") == ["1"]


def test_of_several_rules_one_is_enough_and_none_let_nothing_through(bench: BusBench) -> None:
    rules = (Rule(name="a", filter="n = 1"), Rule(name="b", filter="n < 3"))
    subscriptions = {"some": Subscription(rules=rules), "none": Subscription(rules=())}
    bench.kill(Topology(topics={"t": Topic(subscriptions=subscriptions)}))
    for number in (1, 2, 3):
        bench.send("t", str(number), properties={"n": number})

    assert bench.ids("t/subscriptions/some") == ["1", "2"]
    assert bench.ids("t/subscriptions/none") == []
    assert [figures.rules for figures in bench.broker.figures()] == [("n = 1", "n < 3"), ()]


def test_what_nobody_subscribed_to_leaves_no_trace(bench: BusBench) -> None:
    bench.kill(Topology(topics={"t": Topic()}))
    bench.send("t", "1")

    assert not bench.store.dirty


def test_a_rule_that_is_no_filter_is_refused(bench: BusBench) -> None:
    with pytest.raises(BadFilter):
        bench.kill(Topology().with_subscription("t", "s", "color ="))


@pytest.mark.parametrize("place", ["nobody", "t", "t/subscriptions/x", "q/$deadletterqueue/x"])
def test_there_is_nothing_to_receive_where_there_is_no_place(bench: BusBench, place: str) -> None:
    with pytest.raises(UnknownPlace) as refused:
        bench.broker.receive(place)

    assert refused.value.name == place
    assert "q" in refused.value.known


@pytest.mark.parametrize("name", ["nobody", "t/subscriptions/s", "q/$deadletterqueue"])
def test_nothing_can_be_sent_but_to_queues_and_topics(bench: BusBench, name: str) -> None:
    with pytest.raises(UnknownPlace):
        bench.send(name, "1")


def test_what_is_too_large_is_refused_whole(bench: BusBench) -> None:
    half = Sent(body=b"x" * (MOST_BYTES // 2 - 1), message_id="1", properties={})
    bench.broker.send("q", [half, half])
    with pytest.raises(TooLarge) as refused:
        bench.broker.send("q", [half, half, Sent(body=b"x", message_id="2")])

    assert (refused.value.size, refused.value.most) == (MOST_BYTES + 2, MOST_BYTES)
    assert bench.ids("q") == ["1", "1"]


def test_is_received_in_the_order_it_was_sent_and_by_one_only(bench: BusBench) -> None:
    bench.send("q", "1", "2", "3")

    first = bench.broker.receive("q", 2)
    assert [one.message.message_id for one in first] == ["1", "2"]
    assert [one.message.message_id for one in bench.broker.receive("q", 5)] == ["3"]
    assert bench.broker.receive("q") == []


def test_what_is_given_back_comes_before_what_was_sent_later(bench: BusBench) -> None:
    bench.send("q", "1", "2")
    one = bench.take("q")
    bench.broker.abandon("q", one.sequence_number, str(one.lock_token))

    again = bench.take("q")
    assert (again.message.message_id, again.delivery_count) == ("1", 2)
    assert again.lock_token != one.lock_token


def test_what_is_completed_is_gone_for_good(bench: BusBench) -> None:
    bench.send("q", "1")
    one = bench.take("q")
    bench.commit()
    bench.broker.complete("Q", one.sequence_number, str(one.lock_token))
    bench.commit()
    bench.kill()

    assert bench.ids("q") == []
    assert [*bench.store.rows("SELECT 1 FROM bus_messages UNION ALL SELECT 1 FROM bus_contents")] == []


def test_a_lock_that_ran_out_gives_no_right(bench: BusBench) -> None:
    bench.send("q", "1")
    one = bench.take("q")
    bench.oversleep(minutes=5)
    with pytest.raises(LockLost) as refused:
        bench.broker.complete("q", one.sequence_number, str(one.lock_token))

    assert (refused.value.place, refused.value.sequence_number) == ("q", one.sequence_number)
    assert bench.take("q").delivery_count == 2


def test_a_lock_that_is_renewed_holds_on(bench: BusBench) -> None:
    bench.send("q", "1")
    one = bench.take("q")
    bench.pass_time(minutes=4)
    until = bench.broker.renew("q", one.sequence_number, str(one.lock_token))
    bench.pass_time(minutes=4)

    assert until == START + 9 * MINUTE
    assert bench.broker.receive("q") == []
    bench.broker.complete("q", one.sequence_number, str(one.lock_token))


def test_the_third_failure_is_the_last(bench: BusBench) -> None:
    bench.send("q", "1")
    for _ in range(2):
        one = bench.take("q")
        bench.broker.abandon("q", one.sequence_number, str(one.lock_token))
    bench.take("q")
    bench.pass_time(minutes=5)

    assert dead(bench, "q") == [("1", "MaxDeliveryCountExceeded")]
    [buried] = bench.broker.peek("q" + DEAD_LETTERS)
    assert (buried.dead_letter_source, buried.delivery_count) == ("q", 3)
    assert buried.dead_letter_description == "Message could not be consumed after 3 delivery attempts."


def test_what_expires_is_dead_lettered_where_its_place_says_so(bench: BusBench) -> None:
    queues = {"kept": Queue(), "lossy": Queue(dead_letters_expired=False)}
    bench.kill(Topology(queues=queues))
    for name in queues:
        bench.send(name, "1", time_to_live=MINUTE)
    bench.pass_time(minutes=1)

    assert (bench.ids("kept"), dead(bench, "kept")) == ([], [("1", "TTLExpiredException")])
    assert (bench.ids("lossy"), dead(bench, "lossy")) == ([], [])


def test_the_shortest_of_all_times_to_live_counts(bench: BusBench) -> None:
    subscriptions = {"s": Subscription(time_to_live=3 * MINUTE), "free": Subscription(time_to_live=None)}
    topic = Topic(subscriptions=subscriptions, time_to_live=4 * MINUTE)
    bench.kill(Topology(topics={"t": topic}, queues={"q": Queue(time_to_live=None)}))
    bench.send("t", "1", time_to_live=2 * MINUTE)
    bench.send("t", "2", time_to_live=timedelta.max)
    bench.send("q", "3", time_to_live=timedelta.max)

    lives = [one.message.time_to_live for one in bench.broker.peek("t/subscriptions/s")]
    assert lives == [2 * MINUTE, 3 * MINUTE]
    assert [one.expires for one in bench.broker.peek("t/subscriptions/free")] == [
        START + 2 * MINUTE,
        START + 4 * MINUTE,
    ]
    assert [one.expires for one in bench.broker.peek("q")] == [None]


def test_what_is_locked_does_not_expire_before_it_is_given_back(bench: BusBench) -> None:
    bench.send("q", "1", "2", time_to_live=MINUTE)
    one, two = bench.broker.receive("q", 2)
    bench.pass_time(minutes=2)
    bench.broker.complete("q", one.sequence_number, str(one.lock_token))
    bench.broker.abandon("q", two.sequence_number, str(two.lock_token))

    assert (bench.ids("q"), dead(bench, "q")) == ([], [("2", "TTLExpiredException")])


def test_a_scheduled_message_waits_and_lives_from_then_on(bench: BusBench) -> None:
    bench.send("q", "1", scheduled=START + 3 * MINUTE, time_to_live=2 * MINUTE)
    bench.commit()
    bench.listen("q")
    [before] = bench.broker.figures()[:1]
    bench.commit()
    woken = bench.woken["q"]
    bench.pass_time(minutes=3)
    bench.commit()

    assert (before.scheduled, before.active, woken) == (1, 0, 0)
    assert bench.woken["q"] == 1
    received = bench.take("q")
    assert (received.enqueued, received.expires) == (START + 3 * MINUTE, START + 5 * MINUTE)


def test_dead_letters_neither_expire_nor_die_again(bench: BusBench) -> None:
    bench.send("q", "1", time_to_live=MINUTE)
    bench.pass_time(minutes=1)
    place = "q" + DEAD_LETTERS
    for _ in range(10):
        one = bench.take(place)
        bench.broker.abandon(place, one.sequence_number, str(one.lock_token))
    bench.pass_time(days=30)

    assert bench.take("q/$DeadLetterQueue").message.message_id == "1"


def test_what_is_given_back_with_a_pause_can_be_received_after_it(bench: BusBench) -> None:
    bench.send("q", "1")
    one = bench.take("q")
    bench.broker.abandon("q", one.sequence_number, str(one.lock_token), pause=MINUTE)
    bench.commit()
    bench.kill()
    bench.pass_time(seconds=59)
    before = bench.broker.receive("q")
    bench.pass_time(seconds=1)

    assert before == []
    assert bench.take("q").delivery_count == 2


def test_duplicates_are_passed_over_for_a_while_also_over_a_restart(bench: BusBench) -> None:
    bench.kill(Topology(queues={"q": Queue(duplicate_window=10 * MINUTE)}))
    bench.send("q", "1", "\ud800", "1")
    bench.commit()
    bench.pass_time(minutes=9)
    bench.kill()
    bench.send("q", "1", "\ud800")
    first = bench.ids("q")
    bench.pass_time(minutes=1)
    bench.send("q", "1")

    assert (first, bench.ids("q")) == (["1", "\ud800"], ["1", "\ud800", "1"])


def test_after_a_restart_locks_are_void_but_lasting_ones_hold(bench: BusBench) -> None:
    bench.send("q", "1", "2")
    bench.broker.receive("q")
    [lasting] = bench.broker.receive("q", lasting=True)
    bench.commit()
    bench.kill()

    received = bench.broker.receive("q", 5)
    assert [(one.message.message_id, one.delivery_count) for one in received] == [("1", 2)]
    bench.broker.complete("q", lasting.sequence_number, str(lasting.lock_token))


def test_a_lasting_lock_that_was_renewed_holds_as_long_after_a_restart(bench: BusBench) -> None:
    bench.send("q", "1")
    [one] = bench.broker.receive("q", lasting=True)
    bench.commit()
    bench.pass_time(minutes=4)
    bench.broker.renew("q", one.sequence_number, str(one.lock_token))
    bench.commit()
    bench.kill()
    bench.pass_time(minutes=4)

    bench.broker.complete("q", one.sequence_number, str(one.lock_token))
    assert bench.ids("q") == []


def test_numbers_are_not_given_again_after_a_restart(bench: BusBench) -> None:
    bench.send("q", "1")
    one = bench.take("q")
    bench.broker.complete("q", one.sequence_number, str(one.lock_token))
    bench.commit()
    bench.kill()
    bench.send("q", "2")

    assert bench.take("q").sequence_number > one.sequence_number


def test_what_lies_where_no_place_is_any_more_is_told_and_stays(
    bench: BusBench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.send("t", "1", "2", properties={"color": "red"})
    bench.send("q", "3")
    bench.commit()
    bench.kill(Topology().with_subscription("t", "s"))
    for one in bench.broker.receive("t/subscriptions/s", 2):
        bench.broker.complete(one.place, one.sequence_number, str(one.lock_token))
    bench.commit()
    left = bench.broker.left_behind()
    bench.kill(PLAIN)

    assert left == {"q": 1, "t/subscriptions/r": 2}
    assert "2 messages of 't/subscriptions/r', which is no place any more" in caplog.text
    assert bench.ids("t/subscriptions/r") == ["1", "2"]


def test_listeners_are_woken_once_what_came_is_on_disk(bench: BusBench) -> None:
    leave = bench.listen("Q")
    bench.send("q", "1", "2")
    before = bench.woken["Q"]
    quiet = bench.broker.is_quiet
    bench.commit()
    leave()
    bench.send("q", "3")
    bench.commit()

    assert (before, quiet, bench.woken["Q"]) == (0, False, 1)
    assert bench.broker.is_quiet


def test_who_listens_late_hears_of_what_is_there(bench: BusBench) -> None:
    bench.send("q", "1")
    bench.commit()
    bench.listen("q")
    bench.listen("t/subscriptions/s")
    bench.commit()

    assert bench.woken == {"q": 1}


@pytest.mark.parametrize("end", ["abandoned", "ran out", "dead"])
def test_listeners_are_woken_by_what_comes_back(bench: BusBench, end: str) -> None:
    bench.send("q", "1")
    for _ in range(3 if end == "dead" else 1):
        one = bench.take("q")
        if end != "ran out":
            bench.broker.abandon("q", one.sequence_number, str(one.lock_token))
    bench.commit()
    place = "q" + DEAD_LETTERS if end == "dead" else "q"
    bench.listen(place)
    bench.pass_time(minutes=5)
    bench.commit()

    assert bench.woken == {place: 1}


def test_a_message_can_be_removed_whoever_holds_it(bench: BusBench) -> None:
    bench.send("q", "1", "2")
    one = bench.take("q")
    removed = bench.broker.remove("q", one.sequence_number)
    bench.commit()
    bench.kill()

    assert (removed, bench.broker.remove("q", one.sequence_number)) == (True, False)
    assert bench.ids("q") == ["2"]


def test_messages_can_be_looked_at_page_by_page(bench: BusBench) -> None:
    bench.send("q", "1", "2", "3")
    bench.take("q")
    page = bench.broker.peek("q", most=2)
    rest = bench.broker.peek("q", first=page[-1].sequence_number + 1)

    assert [(one.message.message_id, one.lock_token is None) for one in page] == [("1", False), ("2", True)]
    assert [one.message.message_id for one in rest] == ["3"]


def test_tells_its_topics_and_how_its_places_stand(bench: BusBench) -> None:
    bench.send("q", "1", "2")
    bench.take("q")
    figures = {one.place: one for one in bench.broker.figures()}

    assert bench.broker.topics() == {"t": ("s", "r")}
    assert sorted(figures) == ["q", "t/subscriptions/r", "t/subscriptions/s"]
    assert (figures["q"].kind, figures["q"].active, figures["q"].locked) == ("queue", 1, 1)
    assert (figures["q"].max_delivery_count, figures["q"].lock_duration) == (3, 5 * MINUTE)
    assert (figures["t/subscriptions/r"].kind, figures["t/subscriptions/r"].rules) == (
        "subscription",
        ("color = 'red'",),
    )


def test_time_changes_nothing_more_once_it_is_stopped(bench: BusBench) -> None:
    bench.send("q", "1", time_to_live=MINUTE)
    bench.commit()
    bench.broker.stop()
    bench.pass_time(minutes=2)

    assert (bench.store.dirty, bench.clock.next_due()) == (False, None)


def test_of_a_bus_at_rest_the_clock_knows_when_something_happens_next(bench: BusBench) -> None:
    bench.send("q", "1", time_to_live=10 * MINUTE)
    expiry = bench.clock.next_due()
    one = bench.take("q")
    lock = bench.clock.next_due()
    bench.broker.complete("q", one.sequence_number, str(one.lock_token))

    assert (expiry, lock, bench.clock.next_due()) == (START + 10 * MINUTE, START + 5 * MINUTE, None)
