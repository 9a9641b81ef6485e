"""Ask an agent for its step."""

import asyncio
from typing import Any

from activities.stage import Activity, Product, Scene, Stage, named
from dirigent import codec
from dirigent.domain import prompts
from dirigent.domain.catalogue import Agent, AskStep, Fallback
from dirigent.domain.messages import Message
from dirigent.domain.outcomes import Category, Failure
from dirigent.domain.records import Degraded
from dirigent.domain.runs import Perform
from dirigent.ports import Parts
from dirigent.ports.clock import Clock
from dirigent.ports.model import Model, ModelFailed, Reply, Request

#: Whoever had this part of its time, and did not answer, would not have answered in all of it.
MOST = 0.8


class Voice(Message, frozen=True, kw_only=True):
    """Who answers a step, and with which model."""

    agent: Agent
    #: Name of the model.
    model: str
    degraded: Degraded | None = None


def ask_agent(stage: Stage, parts: Parts) -> Activity:
    """The activity, asking this model."""

    async def answer(scene: Scene) -> Product:
        agent = scene.definition.agents[_step(scene).agent]
        because = scene.order.instead_of
        if because is None:
            return await _said(parts, scene, Voice(agent=agent, model=agent.model))
        if agent.fallback is None:
            raise LookupError(f"The agent {agent.name!r} has no fallback.")
        degraded = _degraded(agent.fallback, because)
        if agent.fallback.value is not None:
            return Product(text=agent.fallback.value, degraded=degraded)
        other = scene.definition.agents[agent.fallback.agent or agent.name]
        voice = Voice(agent=other, model=agent.fallback.model or other.model, degraded=degraded)
        return await _said(parts, scene, voice)

    async def ask_agent(order: Any) -> Any:
        return codec.encode(await stage.perform(codec.decode(Perform, order), answer))

    return ask_agent


def _step(scene: Scene) -> AskStep:
    if not isinstance(scene.step, AskStep):
        raise TypeError(f"The step {scene.step.name!r} asks nobody.")
    return scene.step


def _degraded(fallback: Fallback, because: Failure) -> Degraded:
    by = "agent" if fallback.agent is not None else "model" if fallback.model is not None else "value"
    return Degraded(
        by=by,
        name=fallback.agent or fallback.model,
        category=because.category,
        because=because.brief().message,
    )


async def _said(parts: Parts, scene: Scene, voice: Voice) -> Product:
    request = await _request(scene, voice)
    seconds = scene.seconds_left(parts.clock.now())
    try:
        # Cut short by what is left of the order's time, its being late says nothing of the deployment; the
        # way here takes a moment of that, too.
        is_theirs = seconds >= scene.order.timeout * MOST
        reply = await within(parts.clock, seconds, parts.model, request, is_theirs=is_theirs)
    except ModelFailed as error:
        failure = named(error.failure, f"agent {request.agent!r}")
        raise ModelFailed(failure, is_theirs=error.is_theirs) from error
    if not reply.text.strip():
        empty = Failure(category=Category.TRANSIENT, message=f"agent {request.agent!r}: an empty answer")
        raise ModelFailed(empty)
    return Product(
        text=reply.text,
        agent=request.agent,
        model=reply.model,
        usage=reply.usage,
        degraded=voice.degraded,
    )


async def _request(scene: Scene, voice: Voice) -> Request:
    step, agent = _step(scene), voice.agent
    values = await scene.texts(prompts.variables(step.prompt))
    return Request(
        deployment=scene.definition.models[voice.model].deployment,
        agent=agent.name,
        instructions=f"{agent.instructions.strip()}\n\n{prompts.STANDING}",
        prompt=prompts.render(step.prompt, values),
        temperature=agent.temperature,
        token_limit=agent.token_limit,
        run=scene.order.run,
        step=step.name,
    )


async def within(
    clock: Clock, seconds: float, model: Model, request: Request, *, is_theirs: bool = True
) -> Reply:
    """The model's reply, if it comes in time; a call that does not is cancelled, not left behind."""
    call = asyncio.ensure_future(model.complete(request))
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
    raise ModelFailed(Failure(category=Category.TIMEOUT, message=message), is_theirs=is_theirs)
