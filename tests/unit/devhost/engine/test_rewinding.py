"""What stays of a failed history, and what is done again."""

from devhost.engine import history
from devhost.engine.history import EventType
from devhost.engine.messages import Event
from devhost.engine.rewinding import rewound

WHEN = "2030-01-01T00:00:00.000000Z"


def episode(*events: Event) -> list[Event]:
    return [history.orchestrator_started(WHEN), *events, history.orchestrator_completed(WHEN)]


def scheduled(task: int, name: str = "work") -> Event:
    return history.task_scheduled(WHEN, task, name=name, input_json=None)


def done(task: int) -> Event:
    return history.task_completed(WHEN, task, "1")


def failed(task: int) -> Event:
    return history.task_failed(WHEN, task, reason="no", details="")


def ended() -> Event:
    return history.execution_completed(WHEN, status="Failed", result="no")


START = history.execution_started(
    WHEN, name="f", version="", input_json=None, instance_id="i", execution_id="e", parent=None
)


def test_does_a_failed_task_again() -> None:
    back = rewound(
        [episode(START, scheduled(0)), episode(done(0), scheduled(1)), episode(failed(1), ended())]
    )

    assert (back.parts, back.commands, back.heard) == (2, 2, ())
    assert [event["EventId"] for event in back.undone] == [1]


def test_keeps_what_the_others_of_a_fan_out_brought() -> None:
    fan = episode(START, scheduled(0), scheduled(1), scheduled(2))
    back = rewound([fan, episode(done(0)), episode(failed(1)), episode(done(2), ended())])

    assert back.parts == 2
    assert [event["TaskScheduledId"] for event in back.heard] == [2]
    assert [event["EventId"] for event in back.undone] == [1]


def test_takes_back_the_last_retry_with_its_timer() -> None:
    parts = [
        episode(START, scheduled(0)),
        episode(failed(0), history.timer_created(WHEN, 1, WHEN)),
        episode(history.timer_fired(WHEN, 1, WHEN), scheduled(2)),
        episode(failed(2), history.timer_created(WHEN, 3, WHEN)),
        episode(history.timer_fired(WHEN, 3, WHEN), ended()),
    ]

    back = rewound(parts)

    assert (back.parts, back.commands, back.heard) == (3, 3, ())
    assert [event["EventId"] for event in back.undone] == [2]


def test_hears_the_last_episode_again_when_the_orchestrator_failed_by_itself() -> None:
    back = rewound([episode(START, scheduled(0)), episode(done(0), ended())])

    assert (back.parts, back.undone) == (1, ())
    assert [event["EventType"] for event in back.heard] == [EventType.TASK_COMPLETED]


def test_begins_from_the_start_when_that_is_where_it_failed() -> None:
    back = rewound([episode(START, ended())])

    assert (back.parts, back.commands, back.heard) == (0, 0, (START,))
