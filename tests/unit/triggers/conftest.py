"""An app without a host: shipped stores in a folder, a small catalogue, a durable client that remembers."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import azure.durable_functions as df
import azure.functions as func
import pytest
from azure.durable_functions.models.DurableOrchestrationStatus import DurableOrchestrationStatus
from azure.durable_functions.models.EntityStateResponse import EntityStateResponse
from azure.functions.meta import Datum
from azure.functions.servicebus import ServiceBusMessageInConverter
from msgspec.structs import replace

from dirigent import codec
from dirigent.adapters.file_artifacts import FileArtifacts
from dirigent.adapters.memory_bus import MemoryBus
from dirigent.adapters.outbox_channels import OutboxChannels
from dirigent.adapters.scripted_model import ScriptedModel
from dirigent.adapters.sqlite_records import SqliteRecords
from dirigent.domain.account_gate import AccountGate
from dirigent.domain.catalogue import Agent, Catalogue, InputField, Model, ResultField, Workflow
from dirigent.domain.dead_letters import DeadLetter, State, cause_of, dead_letter_id
from dirigent.domain.deployment_gate import DeploymentGate
from dirigent.domain.elections import Election, Voter
from dirigent.domain.gates import Gate, Start, account_gate
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category
from dirigent.domain.passages import micros
from dirigent.domain.runs import Held, Nested, StartRun
from dirigent.domain.steps import (
    AnswerField,
    AskStep,
    ChooseStep,
    CombineStep,
    PublishStep,
    TallyStep,
    WorkflowStep,
)
from dirigent.domain.subscriptions import Subscription
from dirigent.domain.teams import Team
from dirigent.ports import Parts
from dirigent.settings import Settings
from triggers.freezing import Freezing

NOW = datetime(2030, 1, 1, tzinfo=UTC)

WORKFLOW = Workflow(
    name="content-creation",
    description="Writes an article.",
    type="content_creation",
    input=(InputField(name="topic", missing="Topic required"), InputField(name="tone", required=False)),
    steps=(
        AskStep(name="write", agent="writer", prompt="On {{topic}}.", output="draft", record="writing"),
        PublishStep(name="publish", publish="draft", output="address", filename="{{topic}}.md"),
    ),
    result={"topic": ResultField(value="topic")},
    sample={"topic": "tea"},
)
CATALOGUE = Catalogue(
    models={"m": Model(name="m", deployment="gpt")},
    agents={
        "writer": Agent(name="writer", description="Writes.", instructions="Secret.", model="m"),
        "idler": Agent(name="idler", description="Waits.", instructions="Wait.", model="m"),
    },
    workflows={WORKFLOW.name: WORKFLOW},
)


def ask(name: str, **others: Any) -> AskStep:
    """A step that asks the writer."""
    return AskStep(**({"name": name, "agent": "writer", "prompt": "On {{topic}}.", "output": name} | others))


def declared(name: str, pattern: str, *steps: Any, **others: Any) -> Workflow:
    """A workflow of that pattern on a topic."""
    values = {"description": "-", "type": name, "input": (InputField(name="topic"),), "result": {}} | others
    return Workflow(name=name, pattern=pattern, steps=steps, **values)  # type: ignore[arg-type]


RESEARCH = declared(
    "multi-source-research",
    "fan_out",
    ask("web"),
    ask("news"),
    WorkflowStep(name="deep", workflow="vote", output="deep", given={"topic": "topic"}),
    ask("summary"),
    type="parallel_research",
    input=(
        InputField(name="query", missing="Query required"),
        InputField(name="agents", type="list", required=False),
        InputField(name="tone", required=False),
    ),
    select="agents",
    team=Team(name="", members=("web", "news", "deep"), merge="summary", deadline=30, needed=2),
)
TREE = declared(
    "tree",
    "hierarchy",
    ask("master-brief"),
    ask("scraper"),
    ask("analyst"),
    ask("research"),
    ask("editor"),
    ask("master"),
    team=Team(
        name="master",
        brief="master-brief",
        members=(Team(name="research", members=("scraper", "analyst"), merge="research"), "editor"),
        merge="master",
    ),
)
VOTE = declared(
    "vote",
    "quorum",
    ask("gpt"),
    ask("claude"),
    ask("arbiter"),
    TallyStep(name="tally", output="tally"),
    election=Election(
        voters=(Voter(name="gpt"), Voter(name="claude")), needed=2, tally="tally", resolution="arbiter"
    ),
)
DESK = declared(
    "desk",
    "sequential",
    ask("triage", answers=(AnswerField(name="kind", one_of=("hard", "plain")),)),
    ChooseStep(
        name="process",
        choose="triage.kind",
        output="processed",
        branches={"hard": WorkflowStep(name="process", workflow="multi-source-research", output="processed")},
        otherwise=ask("process", output="processed"),
    ),
    CombineStep(name="file", output="filed"),
)


@dataclass
class StillClock:
    """Stands still until somebody sleeps on it; who sleeps moves it."""

    time: datetime = NOW

    def now(self) -> datetime:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class DurableDown(Exception):
    """The client could not do what it was asked."""


@dataclass
class Client:
    """Answers as the SDK's client does, from memory."""

    clock: StillClock
    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    started: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    #: States of entities, by name and key.
    entities: dict[tuple[str, str], Any] = field(default_factory=dict)
    #: Operations and inputs that entities were signalled.
    signals: list[tuple[str, Any]] = field(default_factory=list)
    #: Gates hear of a reset after so many looks at them; None is never.
    hears_after: int | None = 0
    is_down: bool = False
    #: Everything else goes well.
    starts_nothing: bool = False
    #: Instances that come up when others have ended, by these.
    births: dict[str, str] = field(default_factory=dict)
    #: Who was told to end, in that order.
    ended: list[str] = field(default_factory=list)

    async def start_new(self, name: str, *, instance_id: str, client_input: Any) -> str:
        if self.is_down or self.starts_nothing or instance_id in self.instances:
            raise DurableDown("An Orchestration instance with the status Running already exists.")
        self.started.append(instance_id)
        self.put(instance_id, "Pending", name=name, client_input=client_input)
        return instance_id

    def put(
        self, run: str, status: str, *, output: Any = None, name: str = "", client_input: Any = None
    ) -> None:
        """The instance stands so from now on."""
        known = self.instances.get(run, {"name": name, "input": json.dumps(client_input)})
        told = self.clock.now().isoformat().replace("+00:00", "Z")
        self.instances[run] = known | {
            "instanceId": run,
            "runtimeStatus": status,
            "output": output,
            "createdTime": told,
            "lastUpdatedTime": told,
        }

    async def get_status(self, run: str, *, show_input: bool = False) -> DurableOrchestrationStatus:
        self.asked.append(run)
        if self.is_down:
            raise DurableDown
        known = self.instances.get(run)
        return DurableOrchestrationStatus.from_json(
            "" if known is None else known if show_input else known | {"input": None}
        )

    async def purge_instance_history(self, run: str) -> None:
        if self.is_down:
            raise DurableDown("no purge today")
        self.instances.pop(run, None)

    async def terminate(self, run: str, reason: str) -> None:
        if self.is_down or run not in self.instances:
            raise DurableDown(f"No instance with ID '{run}' found.")
        self.ended.append(run)
        self.put(run, "Terminated", output=reason)
        if (born := self.births.pop(run, None)) is not None:
            self.put(born, "Running")

    async def read_entity_state(self, entity: df.EntityId) -> EntityStateResponse:
        if self.is_down:
            raise DurableDown
        if self.signals and self.hears_after is not None:
            self.hears_after -= 1
            if self.hears_after == -1:
                gate = codec.decode(DeploymentGate, self.entities.get((entity.name, entity.key)) or {})
                reset = gate.reset(micros(self.clock.now()))
                self.entities[entity.name, entity.key] = codec.encode(reset)
        state = self.entities.get((entity.name, entity.key))
        return EntityStateResponse(state is not None, state)

    async def signal_entity(self, entity: df.EntityId, operation: str, told: Any) -> None:
        if self.is_down or entity.name != "deployment":
            raise DurableDown
        self.signals.append((operation, told))

    def get_client_response_links(self, request: func.HttpRequest | None, run: str) -> dict[str, str]:
        origin = "http://own" if request is None else "{0.scheme}://{0.netloc}".format(urlsplit(request.url))
        return {"id": run, "statusQueryGetUri": f"{origin}/instances/{run}?code=key"}


def _delivered(body: bytes, told: dict[str, Any]) -> func.ServiceBusMessage:
    metadata: dict[str, Any] = {
        "MessageId": "m-1",
        "CorrelationId": "order-7",
        "Subject": "Placed",
        "ContentType": "application/json",
        "DeliveryCount": 1,
        "EnqueuedTimeUtc": "2029-12-31T23:59:59.5Z",
        "SequenceNumber": 4,
        "UserProperties": {},
    }
    metadata |= told
    metadata["ApplicationProperties"] = metadata["UserProperties"]
    data = {name: Datum(json.dumps(value), "json") for name, value in metadata.items() if value is not None}
    found = ServiceBusMessageInConverter.decode(Datum(body, "bytes"), trigger_metadata=data)
    assert not isinstance(found, list)
    return found


Handler = Callable[..., Awaitable[Any]]


@dataclass
class Bench:
    """The parts of an app, and ways to reach its functions."""

    parts: Parts
    clock: StillClock
    client: Client
    settings: Settings
    catalogue: Catalogue = CATALOGUE

    def delivered(self, body: bytes = b'{"topic":"tea"}', **told: Any) -> func.ServiceBusMessage:
        """A message as the worker hands it over, made by the SDK's converter of what the host tells."""
        return _delivered(body, told)

    def functions(self, blueprint: Any) -> dict[str, Handler]:
        """The blueprint's functions by name, to be called with a request and a client where they take one."""
        app = df.DFApp()
        app.register_functions(blueprint)
        found = {each.get_function_name(): each.get_user_function() for each in app.get_functions()}
        return {name: getattr(function, "client_function", function) for name, function in found.items()}

    def request(
        self,
        path: str,
        *,
        method: str = "GET",
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        params: dict[str, str] | None = None,
        **route_params: str,
    ) -> func.HttpRequest:
        """A request as the worker hands it over."""
        return func.HttpRequest(
            method,
            f"http://host/api/{path}",
            headers=headers,
            params=params,
            route_params=route_params,
            body=body,
        )

    def put_gate(self, gate: Gate, remembered: Message) -> None:
        """The gate remembers that from now on."""
        self.client.entities[gate.name, gate.key] = codec.encode(remembered)

    def exhaust(self, user: str | None = None, starts: int = 10) -> None:
        """The default account, or its user, has just started as many runs as it may in a second."""
        gate, now = AccountGate(), micros(self.clock.now())
        start = Start(account="default", user=user, patience=now)
        for _ in range(starts):
            gate, _ = gate.admit(self.catalogue.account("default"), start, now)
        self.put_gate(account_gate("default"), gate)

    def frozen(self, name: str) -> Nested:
        """A workflow as it is frozen into a start."""
        return asyncio.run(Freezing(self.catalogue, self.parts.artifacts).frozen(name))

    def enforced(self, **others: str) -> Settings:
        """The settings of an app that tells accounts apart by who signed in."""
        environment = {
            "AZURE_FUNCTIONS_ENVIRONMENT": "Development",
            "DIRIGENT_ACCOUNTS": "enforced",
            "DIRIGENT_FRONT": "easy-auth",
            "DIRIGENT_DATA": str(self.settings.data),
        }
        return Settings.read(environment | others)

    def signed_in(self, account: str, user: str = "somebody") -> dict[str, str]:
        """Headers of a request by that user."""
        claims = [{"typ": "tid", "val": account}, {"typ": "oid", "val": user}]
        told = json.dumps({"auth_typ": "aad", "claims": claims}).encode()
        return {"X-MS-CLIENT-PRINCIPAL": base64.b64encode(told).decode()}

    def opening(self, run: str = "run-1", **others: Any) -> StartRun:
        """What a run is started with."""
        values: dict[str, Any] = {
            "run": run,
            "account": "default",
            "workflow": WORKFLOW.name,
            "type": WORKFLOW.type,
            "definition": "digest",
            "plan": (),
            "input": Held(text='{"topic":"tea"}'),
            "created_at": self.clock.now(),
            "timeout": 3600.0,
        }
        return StartRun(**(values | others))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """An app that nobody has used yet."""
    clock = StillClock()
    records = SqliteRecords(tmp_path / "records.db")
    artifacts = FileArtifacts(tmp_path / "artifacts")
    parts = Parts(
        clock=clock,
        model=ScriptedModel(clock),
        records=records,
        artifacts=artifacts,
        bus=MemoryBus(),
        channels=OutboxChannels(artifacts),
    )
    settings = Settings.read({"AZURE_FUNCTIONS_ENVIRONMENT": "Development", "DIRIGENT_DATA": str(tmp_path)})
    yield Bench(parts=parts, clock=clock, client=Client(clock), settings=settings)
    records.close()


ORDERS = Subscription(name="write-orders", topic="orders", workflow=WORKFLOW.name)


@pytest.fixture
def heard(bench: Bench) -> Bench:
    """The same app, whose one workflow is started by events as well."""
    bench.catalogue = replace(CATALOGUE, subscriptions={ORDERS.name: ORDERS})
    return bench


@pytest.fixture
def wide(bench: Bench) -> Bench:
    """The same app with a workflow of each pattern, some of which are steps of others."""
    workflows = {workflow.name: workflow for workflow in (WORKFLOW, RESEARCH, TREE, VOTE, DESK)}
    bench.catalogue = replace(CATALOGUE, workflows=workflows)
    return bench


@pytest.fixture
def dead() -> Callable[..., DeadLetter]:
    """Makes dead letters; each number is an event of its own, told as many seconds after the others."""

    def dead(number: int = 0, **others: Any) -> DeadLetter:
        enqueued = NOW + timedelta(seconds=number)
        values: dict[str, Any] = {
            "account": "default",
            "subscription": "analyser",
            "topic": "data",
            "type": "DataReceived",
            "event": f"e{number}",
            "correlation_id": f"c{number}",
            "state": State.OPEN,
            "source": "run",
            "category": Category.PERMANENT,
            "reason": "refusal",
            "description": "It refused.",
            "enqueued_at": enqueued,
            "died_at": enqueued,
            "updated_at": enqueued,
            "message": Held(),
            "properties": {"type": "DataReceived", "hops": 2},
        } | others
        own = {
            "id": dead_letter_id("analyser", values["event"], enqueued),
            "cause": cause_of("analyser", values["category"], values["reason"], "It refused.", None),
        }
        return DeadLetter(**(own | values))

    return dead
