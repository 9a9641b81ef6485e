"""Nothing is let out before it is on disk; what cannot be written is told to everybody who waits."""

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devhost.engine.commits import Commits
from devhost.storage.store import Store
from devhost.storage.tables import ENTITIES


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with closing(asyncio.new_event_loop()) as loop:
        yield loop


@pytest.fixture
def store(open_store: Callable[[], Store]) -> Store:
    return open_store()


@pytest.fixture
def commits(store: Store, loop: asyncio.AbstractEventLoop) -> Commits:
    return Commits(store, loop)


class DiskGone(Exception):
    """What a test's disk raises."""


def fail(number: int) -> None:
    raise DiskGone(f"at commit {number}")


def on_disk(store: Store) -> set[object]:
    return {key for [key] in store.rows("SELECT id FROM entities")}


def change(store: Store, commits: Commits, key: str) -> None:
    store.put(ENTITIES, (key, None, None))
    commits.soon()


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_commits_in_the_next_turn_of_the_loop(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    change(store, commits, "a")
    before = (on_disk(store), commits.pending)
    loop.run_until_complete(turns(1))

    assert before == (set(), True)
    assert (on_disk(store), commits.pending) == ({"a"}, False)


def test_writes_all_changes_of_a_turn_together(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    for key in "abc":
        change(store, commits, key)
    loop.run_until_complete(turns(3))

    assert (store.commits, on_disk(store)) == (1, {"a", "b", "c"})


def test_runs_actions_after_the_commit_and_in_order(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    seen: list[tuple[str, set[object]]] = []
    change(store, commits, "a")
    commits.then(lambda: seen.append(("first", on_disk(store))))
    commits.then(lambda: seen.append(("second", on_disk(store))))
    loop.run_until_complete(turns(1))

    assert seen == [("first", {"a"}), ("second", {"a"})]


def test_an_action_may_change_and_wait_again(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    seen: list[set[object]] = []

    def again() -> None:
        change(store, commits, "b")
        commits.then(lambda: seen.append(on_disk(store)))

    change(store, commits, "a")
    commits.then(again)
    loop.run_until_complete(turns(2))

    assert seen == [{"a", "b"}]


def test_is_settled_at_once_when_nothing_was_changed(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    loop.run_until_complete(commits.settled())

    assert store.commits == 0


def test_is_settled_once_the_change_is_on_disk(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    async def wait() -> set[object]:
        change(store, commits, "a")
        await commits.settled()
        return on_disk(store)

    assert loop.run_until_complete(wait()) == {"a"}


def test_sees_a_change_nobody_announced(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    store.put(ENTITIES, ("a", None, None))
    loop.run_until_complete(commits.settled())

    assert on_disk(store) == {"a"}


def test_one_who_stops_waiting_does_not_stop_the_others(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    async def wait() -> tuple[bool, bool]:
        store.put(ENTITIES, ("a", None, None))
        impatient, patient = (asyncio.ensure_future(commits.settled()) for _ in range(2))
        await turns(1)
        impatient.cancel()
        await patient
        await turns(1)
        return impatient.cancelled(), patient.done()

    assert loop.run_until_complete(wait()) == (True, True)


def test_commits_at_once_when_told(store: Store, commits: Commits, loop: asyncio.AbstractEventLoop) -> None:
    seen: list[str] = []
    change(store, commits, "a")
    commits.then(lambda: seen.append("let out"))
    commits.now()
    at_once = (on_disk(store), list(seen))
    loop.run_until_complete(turns(2))

    assert at_once == ({"a"}, ["let out"])
    assert (seen, store.commits) == (["let out"], 1)


def test_a_failed_commit_lets_nothing_out_and_tells_everybody(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    told: list[BaseException] = []
    out: list[str] = []
    store.after_commit = fail
    commits.on_failure = told.append

    async def wait() -> list[object]:
        change(store, commits, "a")
        commits.then(lambda: out.append("let out"))
        waiting = [commits.settled() for _ in range(3)]
        return await asyncio.gather(*waiting, return_exceptions=True)

    answers = loop.run_until_complete(wait())

    assert [type(answer) for answer in answers] == [DiskGone] * 3
    assert out == []
    assert told == [commits.failure]
    assert isinstance(commits.failure, DiskGone)


def test_after_a_failure_nothing_is_written_or_promised_any_more(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    told: list[BaseException] = []
    out: list[str] = []
    commits.on_failure = told.append
    store.after_commit = fail
    change(store, commits, "a")
    loop.run_until_complete(turns(1))
    store.after_commit = None
    change(store, commits, "b")
    commits.then(lambda: out.append("let out"))
    loop.run_until_complete(turns(2))

    with pytest.raises(DiskGone):
        loop.run_until_complete(commits.settled())
    assert (on_disk(store), out, len(told), commits.pending) == ({"a"}, [], 1, False)


def test_a_full_disk_is_a_failure(store: Store, commits: Commits, loop: asyncio.AbstractEventLoop) -> None:
    [[pages]] = store.rows("PRAGMA page_count")
    next(store.rows(f"PRAGMA max_page_count = {pages}"))

    async def wait() -> None:
        change(store, commits, "x" * 100_000)
        await commits.settled()

    with pytest.raises(Exception, match="full"):
        loop.run_until_complete(wait())
    assert on_disk(store) == set()


def test_a_fault_in_a_sealed_action_ends_the_promises_and_keeps_half_a_change_from_the_disk(
    store: Store,
    commits: Commits,
    loop: asyncio.AbstractEventLoop,
    caplog: pytest.LogCaptureFixture,
) -> None:
    told: list[BaseException] = []
    commits.on_failure = told.append

    def half(key: str, *, then: str) -> None:
        change(store, commits, key)
        raise DiskGone(then)

    commits.sealed(half)("a", then="stumbled")
    loop.run_until_complete(turns(2))

    assert [str(error) for error in told] == ["stumbled"]
    assert on_disk(store) == set()
    assert "The host made a mistake and stops" in caplog.text
    with pytest.raises(DiskGone):
        loop.run_until_complete(commits.settled())


def test_a_sealed_action_that_succeeds_is_just_run(commits: Commits) -> None:
    seen: list[int] = []
    commits.sealed(seen.append)(5)

    assert (seen, commits.failure) == ([5], None)


def test_giving_up_writes_nothing_and_tells_the_reason(
    store: Store, commits: Commits, loop: asyncio.AbstractEventLoop
) -> None:
    out: list[str] = []

    async def wait() -> None:
        change(store, commits, "a")
        commits.then(lambda: out.append("let out"))
        waiting = asyncio.ensure_future(commits.settled())
        loop.call_soon(commits.give_up, DiskGone("enough"))
        # Before the commit's own turn: as a process that is killed there.
        commits.give_up(DiskGone("enough"))
        await waiting

    with pytest.raises(DiskGone, match="enough"):
        loop.run_until_complete(wait())
    loop.run_until_complete(turns(2))
    assert (on_disk(store), out) == (set(), [])


def test_giving_up_twice_keeps_the_first_reason(commits: Commits) -> None:
    commits.give_up(DiskGone("first"))
    commits.give_up(DiskGone("second"))

    assert str(commits.failure) == "first"


STEPS = st.sampled_from(["change", "then", "settle", "now", "turn"])


@settings(max_examples=60, deadline=None)
@given(steps=st.lists(STEPS, max_size=25), dies_at=st.none() | st.integers(1, 6))
def test_whatever_happens_nothing_is_let_out_before_it_is_on_disk(
    steps: list[str], dies_at: int | None
) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(Store(Path(folder), synchronous="NORMAL")) as store,
        closing(asyncio.new_event_loop()) as loop,
    ):
        History(store, loop, dies_at).live(steps)


class History:
    """Changes, waits and commits in any order, each promise checked against the file when it is kept."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop, dies_at: int | None) -> None:
        self.store, self.loop, self.dies_at = store, loop, dies_at
        self.commits = Commits(store, loop)
        self.changed = 0
        self.promised = self.kept = 0
        self.waiting: list[asyncio.Future[None]] = []
        store.after_commit = self.committed

    def committed(self, number: int) -> None:
        if number == self.dies_at:
            fail(number)

    def live(self, steps: list[str]) -> None:
        self.loop.run_until_complete(self._live(steps))
        alive = self.commits.failure is None
        assert self.kept == self.promised if alive else self.kept <= self.promised
        assert all((waiting.exception() is None) or not alive for waiting in self.waiting)

    async def _live(self, steps: list[str]) -> None:
        for step in steps:
            await self._take(step)
        await turns(4)
        await asyncio.gather(*self.waiting, return_exceptions=True)

    async def _take(self, step: str) -> None:
        if step == "change":
            self.changed += 1
            change(self.store, self.commits, str(self.changed))
        elif step == "then":
            self.promised += 1
            self.commits.then(self._checking(self.changed))
        elif step == "settle":
            self.waiting.append(asyncio.ensure_future(self._settle(self.changed)))
        elif step == "now":
            self.commits.now()
        else:
            await turns(1)

    def _checking(self, changed: int) -> Callable[[], None]:
        def check() -> None:
            assert self.commits.failure is None
            assert on_disk(self.store) >= {str(number) for number in range(1, changed + 1)}
            self.kept += 1

        return check

    async def _settle(self, changed: int) -> None:
        await self.commits.settled()
        assert on_disk(self.store) >= {str(number) for number in range(1, changed + 1)}
