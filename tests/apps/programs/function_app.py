"""An orchestrator that carries out a program it is given as JSON, and returns the trace of it."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import azure.durable_functions as df
import azure.functions as func

app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)

MILLISECOND = timedelta(milliseconds=1)


@dataclass
class Step:
    """A node of the program, the task that carries it out, and the steps a compound is made of."""

    node: dict
    task: Any
    members: tuple = ()


@app.orchestration_trigger(context_name="context")
def interpret(context: df.DurableOrchestrationContext):
    program = context.get_input()
    began = context.current_utc_datetime
    trace = program["trace"]
    for node in program["generations"][0]:
        if node["do"] == "signal":
            context.signal_entity(ledger(program), "add", node["n"])
            continue
        step = prepared(context, program, node)
        try:
            result = yield step.task
            outcome = read(step, result)
        except Exception as error:
            outcome = refusal(error)
        put_out(step)
        trace.append([*outcome, round((context.current_utc_datetime - began) / MILLISECOND)])
    if program["generations"][1:]:
        context.continue_as_new({**program, "generations": program["generations"][1:], "trace": trace})
        return None
    if program["fails"]:
        raise ValueError(f"refused {program['fails']}")
    return trace


@app.orchestration_trigger(context_name="context")
def learn(context: df.DurableOrchestrationContext):
    lesson = context.get_input()
    # Entities carry out each call once, so unlike a count in memory this one is right after a crash too.
    attempt = yield context.call_entity(df.EntityId("counter", lesson["key"]), "add", 1)
    if attempt <= lesson["failures"]:
        raise ValueError(f"refused {lesson['n']}")
    return ["learnt after", lesson["failures"]]


def ledger(program: dict) -> df.EntityId:
    return df.EntityId("counter", program["root"])


def prepared(context: df.DurableOrchestrationContext, program: dict, node: dict) -> Step:
    if node["do"] in ("all", "any"):
        members = tuple(prepared(context, program, member) for member in node["of"])
        join = context.task_all if node["do"] == "all" else context.task_any
        return Step(node, join([member.task for member in members]), members)
    return Step(node, TASKS[node["do"]](context, program, node))


def call(context, program, node):
    return context.call_activity(node["activity"], node["n"])


def retry(context, program, node):
    options = df.RetryOptions(node["pause"], node["attempts"])
    return context.call_activity_with_retry(node["activity"], options, node["n"])


def sleep(context, program, node):
    return context.create_timer(context.current_utc_datetime + node["ms"] * MILLISECOND)


def hear(context, program, node):
    return context.wait_for_external_event(node["event"])


def add(context, program, node):
    return context.call_entity(ledger(program), "add", node["n"])


def child(context, program, node):
    given = {**node["program"], "root": program["root"], "trace": []}
    name = f"{program['root']}-{node['id']}" if node["is_named"] else None
    return context.call_sub_orchestrator("interpret", given, instance_id=name)


def lesson(context, program, node):
    options = df.RetryOptions(node["pause"], node["attempts"])
    given = {"key": f"{program['root']}-{node['id']}", "failures": node["failures"], "n": node["n"]}
    return context.call_sub_orchestrator_with_retry("learn", options, given)


TASKS = {
    "call": call,
    "retry": retry,
    "sleep": sleep,
    "hear": hear,
    "add": add,
    "child": child,
    "lesson": lesson,
}


def read(step: Step, result: Any) -> list:
    """What the trace tells of a step that succeeded."""
    if step.node["do"] == "all":
        return ["all", [read(member, one) for member, one in zip(step.members, result, strict=True)]]
    if step.node["do"] == "any":
        # A failed task wins as well: its result is the error.
        [won] = [number for number, member in enumerate(step.members) if member.task is result]
        given = result.result
        told = refusal(given) if isinstance(given, Exception) else read(step.members[won], given)
        return ["any", won, told]
    # The ledger is shared, so its total depends on who came first.
    return ["done", None if step.node["do"] == "add" else result]


def refusal(error: Exception) -> list:
    return ["failed", re.search(r"refused (\d+)", str(error))[1]]


def put_out(step: Step) -> None:
    """Cancel every timer of a step that has been decided without it."""
    for member in step.members:
        put_out(member)
    if step.node["do"] == "sleep" and not step.task.is_completed:
        step.task.cancel()


@app.activity_trigger(input_name="number")
def square(number: int) -> int:
    return number * number


@app.activity_trigger(input_name="number")
async def square_async(number: int) -> int:
    return number * number


@app.activity_trigger(input_name="number")
def refuse(number: int) -> None:
    raise ValueError(f"refused {number}")


@app.activity_trigger(input_name="number")
async def refuse_async(number: int) -> None:
    raise ValueError(f"refused {number}")


@app.entity_trigger(context_name="context")
def counter(context: df.DurableEntityContext):
    total = context.get_state(lambda: 0) + context.get_input()
    context.set_state(total)
    context.set_result(total)
