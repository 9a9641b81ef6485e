from typing import Any

from devhost.engine import history
from devhost.http.chronicle import chronicle

T = [f"2026-01-01T00:00:0{second}.000000Z" for second in range(10)]


def started() -> dict[str, Any]:
    return history.execution_started(
        T[0], name="chain", version="1", input_json='"{}"', instance_id="i", execution_id="e", parent=None
    )


def test_a_completed_task_is_one_event() -> None:
    told = chronicle(
        [
            history.orchestrator_started(T[0]),
            started(),
            history.task_scheduled(T[1], 0, name="work", input_json='"1"'),
            history.orchestrator_completed(T[1]),
            history.orchestrator_started(T[2]),
            history.task_completed(T[2], 0, '"done"'),
            history.execution_completed(T[3], status="Completed", result='"all"'),
            history.orchestrator_completed(T[3]),
        ],
        show_output=True,
    )

    assert told == [
        {"EventType": "ExecutionStarted", "Timestamp": T[0], "Input": '"{}"', "FunctionName": "chain"},
        {
            "EventType": "TaskCompleted",
            "Timestamp": T[2],
            "Result": "done",
            "ScheduledTime": T[1],
            "FunctionName": "work",
            "Input": '"1"',
        },
        {
            "EventType": "ExecutionCompleted",
            "Timestamp": T[3],
            "OrchestrationStatus": "Completed",
            "Result": "all",
        },
    ]


def test_results_and_inputs_are_shown_on_demand_only() -> None:
    events = [
        started(),
        history.task_scheduled(T[1], 0, name="work", input_json='"1"'),
        history.task_completed(T[2], 0, '"done"'),
        history.event_raised(T[3], "Go", '"x"'),
        history.execution_completed(T[3], status="Completed", result='"all"'),
    ]

    shown = chronicle(events, show_input=False)

    assert not any("Result" in line or "Input" in line for line in shown)
    assert [line.get("Input") for line in chronicle(events)] == ['"{}"', '"1"', '"x"', None]


def test_a_failed_task_and_a_failed_child_keep_their_reasons() -> None:
    told = chronicle(
        [
            history.task_scheduled(T[1], 0, name="work", input_json=None),
            history.child_created(T[1], 1, name="sub", instance_id="e:1", version="", input_json="2"),
            history.child_failed(T[2], 1, "why"),
            history.task_failed(T[3], 0, reason="because", details="frames"),
        ]
    )

    assert told == [
        {
            "EventType": "SubOrchestrationInstanceFailed",
            "Timestamp": T[2],
            "Reason": "why",
            "Details": None,
            "ScheduledTime": T[1],
            "FunctionName": "sub",
            "Input": "2",
        },
        {
            "EventType": "TaskFailed",
            "Timestamp": T[3],
            "Reason": "because",
            "Details": "frames",
            "ScheduledTime": T[1],
            "FunctionName": "work",
            "Input": None,
        },
    ]


def test_what_is_still_open_stays() -> None:
    told = chronicle(
        [
            history.task_scheduled(T[1], 0, name="work", input_json="1"),
            history.child_created(T[1], 1, name="sub", instance_id="e:1", version="2", input_json=None),
        ]
    )

    assert told == [
        {"EventType": "TaskScheduled", "Timestamp": T[1], "Name": "work", "Input": "1"},
        {
            "EventType": "SubOrchestrationInstanceCreated",
            "Timestamp": T[1],
            "Name": "sub",
            "InstanceId": "e:1",
            "Input": None,
        },
    ]


def test_a_task_and_a_child_of_one_number_are_told_apart() -> None:
    told = chronicle(
        [
            history.task_scheduled(T[1], 1, name="work", input_json=None),
            history.child_created(T[1], 1, name="sub", instance_id="e:1", version="", input_json=None),
            history.task_completed(T[2], 1, None),
            history.child_completed(T[3], 1, "5"),
        ],
        show_output=True,
    )

    assert [(line["FunctionName"], line["Result"]) for line in told] == [("work", None), ("sub", 5)]


def test_timers_lose_their_numbers() -> None:
    told = chronicle([history.timer_created(T[1], 3, T[5]), history.timer_fired(T[5], 3, T[5])])

    assert told == [
        {"EventType": "TimerCreated", "Timestamp": T[1], "FireAt": T[5]},
        {"EventType": "TimerFired", "Timestamp": T[5], "FireAt": T[5]},
    ]


def test_events_that_steer_are_told_as_they_are() -> None:
    told = chronicle(
        [
            history.execution_suspended(T[1], "lunch"),
            history.execution_resumed(T[2], None),
            history.event_sent(T[2], 4, target="@counter@k", request={"id": "g"}),
            history.execution_terminated(T[3], "enough"),
        ]
    )

    assert told == [
        {"EventType": "ExecutionSuspended", "Timestamp": T[1], "Reason": "lunch"},
        {"EventType": "ExecutionResumed", "Timestamp": T[2], "Reason": None},
        {
            "EventType": "EventSent",
            "Timestamp": T[2],
            "InstanceId": "@counter@k",
            "Name": "op",
            "Input": '{"id": "g"}',
        },
        {"EventType": "ExecutionTerminated", "Timestamp": T[3], "Input": "enough"},
    ]


def test_numbers_become_names_and_the_stored_events_are_left_alone() -> None:
    event = {"EventType": 1, "EventId": 9, "IsPlayed": False, "Timestamp": T[1], "OrchestrationStatus": 5}
    before = dict(event)

    assert chronicle([event]) == [
        {"EventType": "ExecutionCompleted", "Timestamp": T[1], "OrchestrationStatus": "Terminated"}
    ]
    assert event == before
    assert chronicle([event | {"EventType": 99}])[0]["EventType"] == "99"
