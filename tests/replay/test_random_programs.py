"""Random programs take the course foretold for them, replayed or not, and however often the host dies.

Programs are confluent, so that one course is right. Winners are decided by virtual time alone: every duration
is a power of four, used by one step only and at most three times, so no two sums of them are equal; and of
steps that take no time at most one may decide a race (see `_mended`).
"""

import json
import math
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from devhost.engine.errors import InstanceEnded, InstanceNotFound
from devhost.engine.history import EventType
from devhost.options import Replay
from devhost.storage import queries
from devhost.storage.store import Store
from devhost.testing import HostDied, LocalHost

APP = Path(__file__).resolve().parents[1] / "apps" / "programs"
ROOT = "program"

#: Longer ones would be made of several timers, which nobody can cancel: 4 ** 14 ms are three days.
MOST_DURATIONS = 15
MOST_INCARNATIONS = 600

settings.register_profile("quick", max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
settings.register_profile("thorough", settings.get_profile("quick"), max_examples=400)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

Node = dict[str, Any]
Outcome = list[Any]


# What programs are made of ---------------------------------------------------------------------------------

_ACTIVITIES = st.sampled_from(("square", "square_async", "refuse", "refuse_async"))
_TIMED = ("sleep", "retry", "lesson")


def _node(do: str, **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Node]:
    return st.fixed_dictionaries({"do": st.just(do), **members})


_LEAVES = st.one_of(
    _node("call", activity=_ACTIVITIES),
    _node("sleep"),
    _node("hear", is_raised=st.booleans()),
    _node("add"),
    _node("retry", activity=_ACTIVITIES, attempts=st.integers(1, 3)),
    _node("lesson", failures=st.integers(0, 3), attempts=st.integers(1, 3)),
)


def _steps(depth: int) -> st.SearchStrategy[Node]:
    if depth == 0:
        return _LEAVES
    members = st.lists(_steps(depth - 1), min_size=1, max_size=4)
    children = _node("child", program=_bodies(depth - 1, generations=2), is_named=st.booleans())
    return st.one_of(_LEAVES, _node("all", of=members), _node("any", of=members), children)


def _bodies(depth: int, *, generations: int) -> st.SearchStrategy[Node]:
    body = st.lists(st.one_of(_steps(depth), _node("signal")), min_size=1, max_size=4)
    return st.fixed_dictionaries(
        {
            "generations": st.lists(body, min_size=1, max_size=generations),
            "fails": st.booleans(),
        }
    )


@st.composite
def programs(draw: st.DrawFn) -> Node:
    """A program with names, numbers and durations of its own for every step."""
    program = draw(_bodies(2, generations=3))
    timed = [node for node in _nodes(program) if node["do"] in _TIMED]
    order = draw(st.permutations(range(len(timed))))
    for node, rank in zip(timed, order, strict=True):
        node["ms" if node["do"] == "sleep" else "pause"] = 4**rank
    for node in timed:
        if node.get("ms", node.get("pause")) >= 4**MOST_DURATIONS:
            node.update({"do": "call", "activity": "square"})
    for number, node in enumerate(_nodes(program), start=1):
        node["id"] = node["n"] = number
        if node["do"] == "child":
            node["program"]["fails"] *= number
    program["fails"] = 0
    _silence_children(program)
    program["generations"] = [[_ending(node) for node in body] for body in program["generations"]]
    return program


def _nodes(program: Node) -> Iterator[Node]:
    """Every step of the program and of the programs in it."""
    for body in program["generations"]:
        for node in body:
            yield from _below(node)


def _below(node: Node) -> Iterator[Node]:
    yield node
    for member in node.get("of", ()):
        yield from _below(member)
    if node["do"] == "child":
        yield from _nodes(node["program"])


def _silence_children(program: Node) -> None:
    """Only the root hears events: a child may not be there yet when they are raised."""
    for child in [node for node in _nodes(program) if node["do"] == "child"]:
        for node in _nodes(child["program"]):
            node["is_raised"] = False
    for node in _nodes(program):
        if node["do"] == "hear":
            node["event"] = f"{'raised' if node['is_raised'] else 'silent'}-{node['n']}"


# Taking out what has no single right outcome ---------------------------------------------------------------


def _ending(node: Node) -> Node:
    mended = _mended(node)
    return mended if _ms(mended) < math.inf else _plain(mended)


def _plain(node: Node) -> Node:
    return {"do": "call", "activity": "square", "id": node["id"], "n": node["n"]}


def _mended(node: Node) -> Node:
    if node["do"] == "child":
        bodies = [[_ending(step) for step in body] for body in node["program"]["generations"]]
        return {**node, "program": {**node["program"], "generations": bodies}}
    if node["do"] not in ("all", "any"):
        return node
    members = [_mended(member) for member in node["of"]]
    # A joined step of a joined step that fails twice breaks the SDK ("completed twice"), on Azure as well.
    members = [_plain(member) if _is_failing_all(member) else member for member in members]
    if node["do"] == "all":
        members = [member for member in members if _ms(member) < math.inf]
    members = _with_one_instant_decider(node["do"], members)
    mended = {**node, "of": members or [_plain(node)]}
    if _ms(mended) == 0:
        # Whether a first attempt has failed when all is over already would depend on the threads.
        mended["of"] = [member for member in mended["of"] if _ms(member) == 0 or not _has_attempts(member)]
    return mended


def _with_one_instant_decider(do: str, members: list[Node]) -> list[Node]:
    deciders = [
        member for member in members if _ms(member) == 0 and (do == "any" or _outcome(member)[0] == "failed")
    ]
    return [member for member in members if not any(member is decider for decider in deciders[1:])]


def _is_failing_all(node: Node) -> bool:
    return bool(node["do"] == "all" and _outcome(node)[0] == "failed")


def _has_attempts(node: Node) -> bool:
    return any(one["do"] in ("retry", "lesson") for one in _below(node))


# What must come of a program -------------------------------------------------------------------------------


def _foretold(node: Node) -> tuple[Outcome, float]:
    """The outcome of a step as the trace tells it, and the virtual milliseconds it takes."""
    match node["do"]:
        case "call":
            return _answered(node), 0
        case "retry":
            pauses = node["attempts"] - 1 if node["activity"].startswith("refuse") else 0
            return _answered(node), pauses * node["pause"]
        case "sleep":
            return ["done", None], node["ms"]
        case "hear":
            return ["done", {"n": node["n"]}], 0 if node["is_raised"] else math.inf
        case "add" | "signal":
            return ["done", None], 0
        case "lesson":
            return _lesson(node)
        case "child":
            refused = node["program"]["fails"]
            told = ["failed", str(refused)] if refused else ["done", trace_of(node["program"])]
            return told, _duration(node["program"])
    return _compound(node["do"], [_foretold(member) for member in node["of"]])


def _outcome(node: Node) -> Outcome:
    return _foretold(node)[0]


def _ms(node: Node) -> float:
    return _foretold(node)[1]


def _answered(node: Node) -> Outcome:
    if node["activity"].startswith("refuse"):
        return ["failed", str(node["n"])]
    return ["done", node["n"] ** 2]


def _lesson(node: Node) -> tuple[Outcome, float]:
    if node["failures"] < node["attempts"]:
        return ["done", ["learnt after", node["failures"]]], node["failures"] * node["pause"]
    return ["failed", str(node["n"])], (node["attempts"] - 1) * node["pause"]


def _compound(do: str, members: list[tuple[Outcome, float]]) -> tuple[Outcome, float]:
    ends = [ms for _, ms in members]
    if do == "any":
        won = ends.index(min(ends))
        return ["any", won, members[won][0]], ends[won]
    failures = [member for member in members if member[0][0] == "failed"]
    if failures:
        return min(failures, key=lambda failure: failure[1])
    return ["all", [outcome for outcome, _ in members]], max(ends)


def trace_of(program: Node) -> list[Outcome]:
    """What the program returns."""
    trace = []
    for body in program["generations"]:
        now: float = 0
        for node in body:
            if node["do"] != "signal":
                outcome, ms = _foretold(node)
                now += ms
                trace.append([*outcome, now])
    return trace


def _duration(program: Node) -> float:
    """How long an orchestration lives: each generation ends when nothing that it began is open any more."""
    total: float = 0
    for body in program["generations"]:
        steps = [node for node in body if node["do"] != "signal"]
        starts = [sum(_ms(node) for node in steps[:number]) for number in range(len(steps))]
        ended = sum(_ms(node) for node in steps)
        total += max(
            [ended, *(_let_go(node, start, ended) for node, start in zip(steps, starts, strict=True))]
        )
    return total


def _let_go(node: Node, start: float, ended: float) -> float:
    """When the last task a step began at `start` is over, if the orchestrator has ended at `ended`."""
    if node["do"] in ("all", "any"):
        return max(_let_go(member, start, ended) for member in node["of"])
    if node["do"] == "child":
        return start + _duration(node["program"])
    over = start + _ms(node)
    if not _has_attempts(node) or over <= ended:
        return 0
    # Between two attempts: the pause runs out, and nobody is left to make the next one.
    pause: int = node["pause"]
    return start + math.ceil((ended - start) / pause) * pause


def _sum_of_adds(program: Node) -> int:
    return sum(node["n"] for node in _nodes(program) if node["do"] in ("add", "signal"))


def _events(program: Node) -> list[Node]:
    return [node for node in _nodes(program) if node["do"] == "hear" and node["is_raised"]]


# Running it ------------------------------------------------------------------------------------------------


class Story:
    """A program under way, which outlives the hosts that carry it out."""

    def __init__(self, program: Node) -> None:
        self._input = {**program, "root": ROOT, "trace": []}
        self._events = _events(program)

    def look_what_arrived(self, folder: Path) -> None:
        """Strike out the events that are on disk, though the host died before it said so."""
        store = Store(folder)
        try:
            heard = [event for part in queries.history(store, ROOT) for event in json.loads(part)]
            waiting = [json.loads(text) for _, _, _, text in queries.letters(store)]
        finally:
            store.close()
        arrived = {told["Name"] for told in heard + waiting if told["EventType"] == EventType.EVENT_RAISED}
        # What was heard before the instance continued as new is not there any more, and raised once more;
        # each name is waited for once, so one too many changes nothing.
        while self._events and self._events[0]["event"] in arrived:
            self._events.pop(0)

    def go_on(self, host: LocalHost) -> tuple[Any, int]:
        """Do what is still to be done, and return the trace and the sum in the ledger."""
        try:
            host.status(ROOT)
        except InstanceNotFound:
            host.start("interpret", input=self._input, instance_id=ROOT)
        while self._events:
            node = self._events[0]
            with suppress(InstanceEnded):
                host.raise_event(ROOT, node["event"], {"n": node["n"]})
            self._events.pop(0)
        trace = host.result(ROOT)
        host.settle()
        return trace, host.entity("counter", ROOT) or 0


def _run(program: Node, replay: Replay) -> tuple[Any, int]:
    with LocalHost(APP, replay=replay) as host:
        return Story(program).go_on(host)


def _run_with_crashes(program: Node, folder: Path) -> tuple[Any, int]:
    story = Story(program)
    for incarnation in range(MOST_INCARNATIONS):
        with LocalHost(APP, state=folder, die_after_commits=1) as host:
            try:
                told = story.go_on(host)
            except HostDied:
                told = None
        if told is not None:
            event(f"incarnations: {incarnation // 10 * 10} or more")
            return told
        story.look_what_arrived(folder)
    raise AssertionError(f"not done after {MOST_INCARNATIONS} incarnations")


@given(programs())
def test_a_program_takes_its_course_kept_where_it_waits_and_replayed_from_the_start(program: Node) -> None:
    foretold = (trace_of(program), _sum_of_adds(program))

    assert _run(program, "sticky") == foretold
    assert _run(program, "always") == foretold


@given(programs())
def test_a_program_takes_its_course_though_the_host_dies_after_every_commit(program: Node) -> None:
    with TemporaryDirectory(prefix="devhost-") as folder:
        assert _run_with_crashes(program, Path(folder)) == (trace_of(program), _sum_of_adds(program))
