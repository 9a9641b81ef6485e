"""A refusal names every problem with its remedy, and says all there is to say."""

from dirigent.settings.problems import Problem, SettingRefused

KEY = Problem(variable="KEY", wrong="is not set", remedy="set it")
ROOM = Problem(variable="ROOM", wrong="is 'x'", remedy="use 'y'")


def test_a_problem_is_a_sentence_with_its_remedy() -> None:
    assert str(KEY) == "KEY is not set: set it."


def test_a_refusal_tells_them_all() -> None:
    refusal = SettingRefused((KEY, ROOM))

    assert refusal.problems == (KEY, ROOM)
    assert str(refusal).splitlines() == [
        "these settings will not do:",
        "  KEY is not set: set it.",
        "  ROOM is 'x': use 'y'.",
    ]
    assert refusal.speaks_for_itself
