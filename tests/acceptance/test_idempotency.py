"""The same request, however often it is sent and whatever happens in between, is one run."""

import asyncio
import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from content_host import ContentHost, content_host

from dirigent.records.claims import CLAIMS, claim_key

KEY = {"Idempotency-Key": "order-4711"}
TOPIC = {"topic": "tides"}


def post(host: ContentHost, body: Any = None) -> Any:
    sent = TOPIC if body is None else body
    return host.host.request("POST", "/api/workflows/content-creation", json=sent, headers=KEY)


def fifty(host: ContentHost) -> set[str]:
    with ThreadPoolExecutor(25) as pool:
        replies = list(pool.map(lambda _: post(host), range(50)))
    assert {reply.status for reply in replies} == {202}
    return {reply.json()["task_id"] for reply in replies}


def runs(host: ContentHost) -> list[str]:
    return [status.instance_id for status in host.host.statuses()]


def test_fifty_at_once_are_one_run(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        [run] = fifty(host)

        assert runs(host) == [run]


def test_fifty_during_the_run_after_its_end_and_after_its_purge_are_that_run(tmp_path: Path) -> None:
    waits = {"faults": [{"agent": "writer", "times": 1, "fault": {"status": 429, "retry_after": 300}}]}
    with content_host(tmp_path, script=waits) as host:
        run = post(host).json()["task_id"]
        host.host.settle()
        during = fifty(host)
        host.ended(run)
        after = fifty(host)
        host.host.purge(run)
        host.host.advance(3600)
        purged = fifty(host)

        assert (during, after, purged, runs(host)) == ({run}, {run}, {run}, [])
        assert host.task(run)["status"] == "completed"


def test_a_repeated_answer_says_that_it_is_one(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        first, second = post(host), post(host)

        assert first.json() == second.json()
        assert "idempotent-replayed" not in first.headers
        assert second.headers["idempotent-replayed"] == "true"


def test_another_body_is_a_conflict_and_starts_nothing(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        run = post(host).json()["task_id"]
        other = post(host, {"topic": "dunes"})

        assert other.status == 409
        assert runs(host) == [run]


def test_a_crash_between_claim_and_start_is_healed_after_the_lease(tmp_path: Path) -> None:
    with content_host(tmp_path, DIRIGENT_CLAIM_LEASE="60") as host:
        run = post(host).json()["task_id"]
        host.ended(run)
        host.host.purge(run)
        forget_the_start(host, run)
        within_the_lease = post(host)
        nothing_yet = runs(host)
        # Later than a run may take: its time counts from its beginning.
        host.host.advance(2000)
        healed = fifty(host)

        # Nobody may promise a run that may never begin, nor start one that may just be beginning.
        assert (within_the_lease.status, int(within_the_lease.headers["retry-after"])) == (503, 60)
        assert (nothing_yet, healed, runs(host)) == ([], {run}, [run])
        assert host.ended(run)["status"] == "completed"


def forget_the_start(host: ContentHost, run: str) -> None:
    """Leave of the run what a process leaves that died between its claim and its start: the claim."""
    parts = host.host.module.parts

    async def undo() -> None:
        await parts.records.delete("runs", "default", run)
        for number, step in enumerate(("research", "write", "edit", "publish")):
            await parts.records.delete("steps", run, f"{number:05}-{step}")
        key = claim_key("content-creation", KEY["Idempotency-Key"])
        values = {"started": False, "claimed_at": host.host.clock.now()}
        await parts.records.merge(CLAIMS, "default", key, values)

    asyncio.run(undo())


def test_the_key_may_be_anything_visible(tmp_path: Path) -> None:
    with content_host(tmp_path) as host:
        odd = {"Idempotency-Key": "/\\#?" + hashlib.sha256(b"x").hexdigest()}
        path = "/api/workflows/content-creation"
        replies = [host.host.request("POST", path, json=TOPIC, headers=odd) for _ in range(2)]

        assert [reply.status for reply in replies] == [202, 202]
        assert len(runs(host)) == 1
