"""Windows of many, of whom not all can be told apart."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from dirigent.domain.crowds import Crowd, packed, unpacked
from dirigent.domain.windows import SECOND, SLICES, SPANS, Limits, Windows

START = 1_900_000_000 * SECOND
NONE = Limits(burst=None, minute=None, hour=None, day=None)


@given(
    st.lists(
        st.tuples(st.sampled_from("abcdef"), st.integers(0, 40 * SECOND), st.integers(1, 3)), max_size=60
    )
)
def test_in_a_crowd_nobody_gets_more_than_alone(asked: list[tuple[str, int, int]]) -> None:
    limits, crowd, now = Limits(burst=2, minute=4, hour=None, day=None), Crowd(), START
    log: list[tuple[str, int]] = []
    for key, span, wanted in asked:
        now += span
        crowd, windows = crowd.of(key, now, most=3)
        windows, admission = windows.admit(limits, now, wanted)
        crowd = crowd.put(key, windows, most=3)
        log += [(key, now)] * admission.granted

    assert len(crowd.known) <= 3
    for _, last in log:
        for window in ("burst", "minute"):
            lately = Counter(who for who, at in log if last - SPANS[window] < at <= last)
            assert max(lately.values()) <= (limits.of(window) or 0)


def test_who_was_counted_with_the_others_stays_counted_there_until_nobody_is() -> None:
    limits, crowd = Limits(burst=None, minute=None, hour=2, day=None), Crowd()
    for key, now in (
        ("old", START),
        ("new", START + SPANS["hour"] // 2),
        ("new", START + SPANS["hour"] // 2),
    ):
        crowd, windows = crowd.of(key, now, most=1)
        windows, _ = windows.admit(limits, now, 1)
        crowd = crowd.put(key, windows, most=1)
    later = START + SPANS["hour"] + SPANS["hour"] // SLICES
    _, still = crowd.of("new", later, most=1)
    _, at_last = crowd.of("new", later + SPANS["day"] * 2, most=1)

    assert still.left(limits, later) == {"hour": 0}
    assert at_last == Windows()


@given(st.lists(st.tuples(st.integers(0, 2 * SPANS["day"]), st.integers(1, 10**6)), max_size=50))
def test_windows_survive_being_packed(asked: list[tuple[int, int]]) -> None:
    windows = Windows(turn=START)
    for since, wanted in sorted(asked):
        windows, _ = windows.admit(NONE, START + since, wanted)

    assert unpacked(packed(windows)) == windows


def test_a_full_crowd_is_not_searched_in_vain() -> None:
    crowd = Crowd()
    for number in range(3):
        crowd, windows = crowd.of(f"{number}", START, 3)
        crowd = crowd.put(f"{number}", windows.admit(Limits(), START, 1)[0], 3)
    full, _ = crowd.of("new", START, 3)

    assert START + SPANS["day"] < full.full_until <= START + SPANS["day"] + 2 * SPANS["day"] // SLICES
    assert len(full.of("new", full.full_until - 1, 3)[0].known) == 3
    assert full.of("new", full.full_until, 3)[0].known == {}


def test_a_crowd_that_was_too_large_once_dissolves_however_often_somebody_comes() -> None:
    crowd, limits = Crowd(), Limits(burst=None, minute=2, hour=None, day=None)
    for number in range(5):
        crowd, windows = crowd.of(f"{number}", START, 3)
        crowd = crowd.put(f"{number}", windows.admit(limits, START, 1)[0], 3)
    now, granted = START, []
    for _ in range(60):
        now += SPANS["hour"]
        for key in ("3", "4", "5"):
            crowd, windows = crowd.of(key, now, 3)
            windows, admission = windows.admit(limits, now, 1)
            crowd = crowd.put(key, windows, 3)
            granted.append(admission.granted)

    assert set(crowd.known) == {"3", "4", "5"}
    assert granted[-3:] == [1, 1, 1]
    assert [crowd.of(key, now, 3)[1].left(limits, now)["minute"] for key in ("3", "4", "5")] == [1, 1, 1]
