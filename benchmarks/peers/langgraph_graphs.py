"""LangGraph with its SQLite checkpointer; each checkpoint is written before the next step begins."""
# mypy: disable-error-code="untyped-decorator"
# LangGraph is not in the environment that types are checked in.

import asyncio
import operator
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any, TypedDict

from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.func import entrypoint, task
from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from benchmarks.peers import work

Node = Callable[[Any], Awaitable[Any]]


class Told(TypedDict):
    """What a stage reads and writes."""

    text: str


class Parts(TypedDict):
    """Answers gather in the order in which they were asked for."""

    topic: str
    width: int
    answers: Annotated[list[str], operator.add]
    whole: str


class Staff(TypedDict):
    """What one manager's workers bring."""

    answers: Annotated[list[str], operator.add]
    reports: Annotated[list[str], operator.add]


class Company(TypedDict):
    """What managers bring."""

    reports: Annotated[list[str], operator.add]


class LangGraph:
    """The contender; graphs are compiled once, and a run is a thread of one."""

    def __init__(self, saver: Any, model: work.Model) -> None:
        self._saver = saver
        self._chain = _chain(model).compile(checkpointer=saver)
        self._parts = _parts(model).compile(checkpointer=saver)
        self._company = _company(model).compile(checkpointer=saver)
        self._poll = _poll(model, saver)

    async def chain(self, run: str) -> str:
        return str((await self._invoked(self._chain, run, {"text": work.topic(run)}))["text"])

    async def fan_out(self, run: str, width: int) -> str:
        state = await self._invoked(self._parts, run, {"topic": work.topic(run), "width": width})
        return str(state["whole"])

    async def quorum(self, run: str) -> str:
        return str(await self._invoked(self._poll, run, work.topic(run)))

    async def hierarchy(self, run: str) -> str:
        # Put together here: a node of its own for it would cost another checkpoint.
        return work.joined((await self._invoked(self._company, run, {}))["reports"])

    async def settings(self) -> dict[str, str]:
        found = {"durability": "sync"}
        for pragma in ("journal_mode", "synchronous"):
            async with self._saver.conn.execute(f"PRAGMA {pragma}") as cursor:
                found[pragma] = str((await cursor.fetchone())[0])
        return found

    async def _invoked(self, graph: Any, run: str, given: Any) -> Any:
        return await graph.ainvoke(given, {"configurable": {"thread_id": run}}, durability="sync")


@asynccontextmanager
async def opened(folder: Path, model: work.Model) -> AsyncIterator[LangGraph]:
    """The contender, its checkpoints in the folder."""
    async with AsyncSqliteSaver.from_conn_string(str(folder / "checkpoints.db")) as saver:
        await saver.setup()
        yield LangGraph(saver, model)


def _chain(model: work.Model) -> Any:
    def stage(role: str) -> tuple[str, Node]:
        async def node(state: Told) -> dict[str, str]:
            return {"text": await model.ask(role, state["text"])}

        return role, node

    return (
        StateGraph(Told).add_sequence([stage(role) for role in work.STAGES]).add_edge(START, work.STAGES[0])
    )


def _parts(model: work.Model) -> Any:
    def sent(state: Parts) -> list[Any]:
        return [Send("ask", f"{state['topic']} {work.part(number)}") for number in range(state["width"])]

    async def ask(prompt: str) -> dict[str, list[str]]:
        return {"answers": [await model.ask(work.AGENT, prompt)]}

    async def together(state: Parts) -> dict[str, str]:
        return {"whole": work.joined(state["answers"])}

    graph = StateGraph(Parts).add_node("ask", ask).add_node("together", together)
    graph.add_conditional_edges(START, sent, ["ask"])
    return graph.add_edge("ask", "together").add_edge("together", END)


def _poll(model: work.Model, saver: Any) -> Any:
    # By the functional API: nodes of a graph that run at once are waited for until the last has ended.
    @task
    async def vote(voter: str, prompt: str) -> str:
        return await model.ask(voter, prompt)

    @entrypoint(checkpointer=saver)
    async def poll(prompt: str) -> str:
        votes, heard = [vote(voter, prompt) for voter in work.VOTERS], []
        for next_vote in asyncio.as_completed(votes):
            heard.append(await next_vote)
            if heard.count(heard[-1]) == work.NEEDED:
                break
        for late in votes:
            late.cancel()
        return str(heard[-1])

    return poll


def _staff(model: work.Model, manager: str) -> Any:
    def member(role: str) -> Node:
        async def node(_: Staff) -> dict[str, list[str]]:
            return {"answers": [await model.ask(role, f"For [{manager}].")]}

        return node

    async def report(state: Staff) -> dict[str, list[str]]:
        return {"reports": [work.joined(state["answers"])]}

    graph = StateGraph(Staff).add_node("report", report)
    for role in work.WORKERS:
        graph.add_node(role, member(role)).add_edge(START, role)
    return graph.add_edge(list(work.WORKERS), "report").add_edge("report", END)


def _company(model: work.Model) -> Any:
    graph = StateGraph(Company)
    for manager in work.MANAGERS:
        # A compiled graph as a node shares the checkpointer of the graph around it.
        graph.add_node(manager, _staff(model, manager).compile())
        graph.add_edge(START, manager).add_edge(manager, END)
    return graph
