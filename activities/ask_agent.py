"""Ask an agent for its step."""

import asyncio
from typing import Any

from msgspec.structs import replace

from activities.reports import spanned
from activities.scene import Scene
from activities.stage import Activity, Product, Stage, named
from dirigent import codec
from dirigent.domain import answers, prompts
from dirigent.domain.catalogue import WINNER, Agent, Fallback
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Failure
from dirigent.domain.records import Degraded
from dirigent.domain.runs import Perform
from dirigent.domain.steps import AnswerField, AskStep
from dirigent.ports import Parts
from dirigent.ports.clock import Clock
from dirigent.ports.model import Model, ModelFailed, Reply, Request
from dirigent.telemetry.model_calls import OPERATION, REQUEST_MODEL
from dirigent.telemetry.tracing import Tracing

#: Whoever had this part of its time, and did not answer, would not have answered in all of it.
MOST = 0.8
#: Seconds beyond its time limit after which a call ends even if nobody has cancelled it.
BACKSTOP = 15.0
#: What is asked of whoever compares the answers of voters, for each of them.
_LABEL = "a label of a few words for what this answer says; answers that mean the same have the same label"


class Voice(Message, frozen=True, kw_only=True):
    """Who answers a step, and with which model."""

    agent: Agent
    #: Name of the model.
    model: str
    degraded: Degraded | None = None


def ask_agent(stage: Stage, parts: Parts) -> Activity:
    """The activity, asking this model."""

    async def answer(scene: Scene) -> Product:
        fields = await _fields(scene)
        if (obvious := _obvious(scene, fields)) is not None:
            return Product(text=answers.written(obvious), is_json=True)
        agent = scene.definition.agents[_step(scene).agent]
        because = scene.order.instead_of
        if because is None:
            voice = Voice(agent=agent, model=agent.model)
            return await _said(parts, stage.tracing, scene, voice, fields)
        if agent.fallback is None:
            raise LookupError(f"The agent {agent.name!r} has no fallback.")
        degraded = _degraded(agent.fallback, because)
        if agent.fallback.value is not None:
            return _fixed(agent, agent.fallback.value, fields, degraded)
        other = scene.definition.agents[agent.fallback.agent or agent.name]
        voice = Voice(agent=other, model=agent.fallback.model or other.model, degraded=degraded)
        return await _said(parts, stage.tracing, scene, voice, fields)

    async def ask_agent(order: Any) -> Any:
        return codec.encode(await stage.perform(codec.decode(Perform, order), answer))

    return ask_agent


def _step(scene: Scene) -> AskStep:
    if not isinstance(scene.step, AskStep):
        raise TypeError(f"The step {scene.order.step!r} asks nobody.")
    return scene.step


async def _fields(scene: Scene) -> tuple[AnswerField, ...]:
    """What the answer is to hold; in part it is known only now."""
    step = _step(scene)
    if step.picks:
        if not (names := await scene.finished()):
            nothing = Failure(
                category=Category.PERMANENT, message="no branch brought anything to choose from"
            )
            raise ModelFailed(nothing, is_theirs=False)
        winner = AnswerField(name=WINNER, description="the name of the best", one_of=names)
        return (winner, *(field for field in step.answers if field.name != WINNER))
    if step.groups:
        return tuple(AnswerField(name=voter, description=_LABEL) for voter in scene.heard())
    return step.answers


def _obvious(scene: Scene, fields: tuple[AnswerField, ...]) -> dict[str, object] | None:
    """The answer where there is nothing to choose from and nothing to compare."""
    step = _step(scene)
    if step.picks and len(fields) == 1 and len(fields[0].one_of) == 1:
        return {WINNER: fields[0].one_of[0]}
    if step.groups and len(fields) < 2:
        return {field.name: field.name for field in fields}
    return None


def _fixed(agent: Agent, value: str, fields: tuple[AnswerField, ...], degraded: Degraded) -> Product:
    if not fields:
        return Product(text=value, degraded=degraded)
    try:
        text = answers.written(answers.read(value, fields))
    except answers.Misfit as error:
        message = f"the fixed value in place of agent {agent.name!r}: {error}"
        failure = Failure(category=Category.PERMANENT, message=message)
        raise ModelFailed(failure, is_theirs=False) from error
    return Product(text=text, is_json=True, degraded=degraded)


def _degraded(fallback: Fallback, because: Failure) -> Degraded:
    by = "agent" if fallback.agent is not None else "model" if fallback.model is not None else "value"
    return Degraded(
        by=by,
        name=fallback.agent or fallback.model,
        category=because.category,
        because=because.brief().in_full,
    )


async def _said(
    parts: Parts, tracing: Tracing, scene: Scene, voice: Voice, fields: tuple[AnswerField, ...]
) -> Product:
    request = await _request(scene, voice, fields)
    request = replace(request, seconds=scene.seconds_left(parts.clock.now()))
    told: dict[str, str | int] = {
        OPERATION: "invoke_agent",
        REQUEST_MODEL: request.deployment,
        "gen_ai.agent.name": request.agent,
    }
    if voice.degraded is not None:
        told["dirigent.fallback"] = voice.degraded.by
    with spanned(tracing, f"invoke_agent {request.agent}", scene, told):
        return await _answered(parts, scene, voice, request)


async def _answered(parts: Parts, scene: Scene, voice: Voice, request: Request) -> Product:
    try:
        # Cut short by what is left of the order's time, its being late says nothing of the deployment; the
        # way here takes a moment of that, too.
        is_theirs = request.seconds >= scene.order.timeout * MOST
        reply = await within(parts.clock, request.seconds, parts.model, request, is_theirs=is_theirs)
    except ModelFailed as error:
        failure = named(error.failure, f"agent {request.agent!r}")
        raise ModelFailed(failure, is_theirs=error.is_theirs) from error
    return Product(
        text=_read(request, reply),
        is_json=bool(request.answers),
        agent=request.agent,
        model=reply.model,
        usage=reply.usage,
        finish=reply.finish,
        request_id=reply.request_id,
        degraded=voice.degraded,
    )


def _read(request: Request, reply: Reply) -> str:
    """The reply as it is kept; whoever answers with something else may do better the next time."""
    try:
        if not reply.text.strip():
            raise answers.Misfit("an empty answer")
        if not request.answers:
            return reply.text
        return answers.written(answers.read(reply.text, request.answers))
    except answers.Misfit as error:
        message = f"agent {request.agent!r}: {error}"
        # Who answers in another form than it was asked for is up and well.
        is_theirs = not (request.answers and reply.text.strip())
        failure = Failure(category=Category.TRANSIENT, message=message)
        raise ModelFailed(failure, is_theirs=is_theirs) from error


async def _request(scene: Scene, voice: Voice, fields: tuple[AnswerField, ...]) -> Request:
    step, agent = _step(scene), voice.agent
    values = await scene.texts(prompts.variables(step.prompt), is_for_model=True)
    prompt = prompts.render(step.prompt, values)
    model = scene.definition.models[voice.model]
    return Request(
        deployment=model.deployment,
        endpoint=model.endpoint,
        dialect=model.dialect,
        agent=agent.name,
        instructions=f"{agent.instructions.strip()}\n\n{prompts.STANDING}",
        prompt=f"{prompt}\n\n{answers.instruction(fields)}" if fields else prompt,
        temperature=agent.temperature,
        token_limit=agent.token_limit,
        answers=fields,
        run=scene.order.run,
        step=scene.order.step,
    )


async def within(
    clock: Clock, seconds: float, model: Model, request: Request, *, is_theirs: bool = True
) -> Reply:
    """The model's reply, if it comes in time; a call that does not is cancelled, not left behind."""
    # An adapter ends the calls that nobody cancels. Here it must not be the first to: it takes whoever is
    # late for ill, and knows no clock but the machine's.
    call = asyncio.ensure_future(model.complete(replace(request, seconds=seconds + BACKSTOP)))
    # A model that answers at once needs no timer, and a clock that can jump must not see one.
    await asyncio.sleep(0)
    if call.done():
        return call.result()
    timer = asyncio.ensure_future(clock.sleep(seconds))
    try:
        await asyncio.wait({call, timer}, return_when=asyncio.FIRST_COMPLETED)
        if call.done():
            return call.result()
    finally:
        call.cancel()
        timer.cancel()
        await asyncio.gather(call, timer, return_exceptions=True)
    message = f"no answer from {request.deployment!r} within {seconds:.3g} s"
    failure = Failure(category=Category.TIMEOUT, message=message, reason="timeout")
    raise ModelFailed(failure, is_theirs=is_theirs)
