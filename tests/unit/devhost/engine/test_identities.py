"""Ids sort by time and are never given twice."""

import asyncio
import re
from contextlib import closing
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from devhost.engine.identities import Identities
from devhost.testing.virtual_clock import VirtualClock


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=50))
def test_ids_are_sorted_and_unique_while_time_goes_on_or_stands_still(microseconds: list[int]) -> None:
    with closing(asyncio.new_event_loop()) as loop:
        clock = VirtualClock(loop)
        identities = Identities(clock)
        given_out = []
        for step in microseconds:
            clock.jump_to(clock.now() + timedelta(microseconds=step))
            given_out.append(identities.next())

    assert given_out == sorted(set(given_out))


def test_an_id_is_32_hexadecimal_digits() -> None:
    with closing(asyncio.new_event_loop()) as loop:
        identity = Identities(VirtualClock(loop)).next()

    assert re.fullmatch(r"[0-9a-f]{32}", identity)


def test_two_hosts_at_the_same_instant_do_not_agree() -> None:
    with closing(asyncio.new_event_loop()) as loop:
        clock = VirtualClock(loop)
        first, second = Identities(clock), Identities(clock)

        assert not {first.next() for _ in range(100)} & {second.next() for _ in range(100)}
