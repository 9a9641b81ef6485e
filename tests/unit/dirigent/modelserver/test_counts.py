"""The server's own count of what was asked and told."""

import pytest

from dirigent.domain.outcomes import Usage
from dirigent.modelserver.counts import Counter, Tally

USAGE = Usage(input_tokens=3, output_tokens=5)


def test_counts_in_all_and_by_agent_and_deployment() -> None:
    counter = Counter()

    for agent, deployment in (("scout", "large"), ("scout", "small"), ("editor", "large")):
        with counter.call(agent, deployment) as call:
            call.told(USAGE)

    counts = counter.counts()
    two = Tally(calls=2, answered=2, input_tokens=6, output_tokens=10)
    one = Tally(calls=1, answered=1, input_tokens=3, output_tokens=5)
    assert counts.total == Tally(calls=3, answered=3, input_tokens=9, output_tokens=15)
    assert counts.agents == {"scout": two, "editor": one}
    assert counts.deployments == {"large": two, "small": one}


def test_what_was_told_is_counted_before_the_call_has_ended() -> None:
    counter = Counter()

    with counter.call("scout", "large") as call:
        call.told(USAGE, is_answered=False)
        counts = counter.counts()

    assert counts.total == Tally(calls=1, answered=0, input_tokens=3, output_tokens=5)


def test_knows_how_many_are_under_way_and_the_most_there_were() -> None:
    counter = Counter()

    with counter.call("a", "large"), counter.call("b", "large"):
        within = counter.counts()
    after = counter.counts()

    assert (within.in_flight, within.most_in_flight) == (2, 2)
    assert (after.in_flight, after.most_in_flight) == (0, 2)


def test_a_call_that_breaks_off_is_no_longer_under_way() -> None:
    counter = Counter()

    with pytest.raises(KeyError), counter.call("a", "large"):
        raise KeyError

    assert counter.counts().in_flight == 0
    assert counter.counts().total == Tally(calls=1)
