"""Exceptions are told in the words of Azure's worker."""

from pathlib import Path

import pytest
from azure.functions.meta import Datum

from devhost.functions.conversions import GENERIC, decode
from devhost.functions.failures import describe
from devhost.functions.settings import AppSettings


class Own(Exception):
    pass


class Foreseen(Exception):
    speaks_for_itself = True


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


def raised(error: BaseException) -> BaseException:
    with pytest.raises(type(error)) as caught:
        raise error
    return caught.value


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (Own("text"), "Own: text"),
        (Own(), "Own: "),
        (KeyError("k"), "KeyError: 'k'"),
        (ExceptionGroup("many", [Own("a"), Own("b")]), "ExceptionGroup: many (2 sub-exceptions)"),
        (
            Unspeakable(),
            "Unhandled exception in function. Could not serialize original exception message.",
        ),
    ],
)
def test_tells_type_and_text(error: Exception, message: str) -> None:
    assert describe(error).message == message


def test_tells_the_outermost_of_a_chain_only() -> None:
    outer = Own("outer")
    outer.__cause__ = raised(ValueError("inner"))

    failure = describe(raised(outer))

    assert failure.message == "Own: outer"
    assert "inner" not in failure.stack


def test_shows_frames_without_a_header() -> None:
    stack = describe(raised(Own("text"))).stack

    assert stack.startswith('  File "')
    assert "raise error" in stack
    assert "Own: text" not in stack


class Exploding(dict[str, str]):
    def setdefault(self, name: str, default: str | None = None) -> str:
        raise Own(f"{name}={default}")


def test_begins_with_the_apps_first_frame(tmp_path: Path) -> None:
    with pytest.raises(Own) as caught:
        AppSettings(app_dir=tmp_path).apply(Exploding())

    # Without this test's own frame the first one is the host's, and the second stands for the app.
    own_frame = caught.value.__traceback__
    assert own_frame is not None
    stack = describe(caught.value.with_traceback(own_frame.tb_next)).stack

    assert stack.count("  File ") == 1
    assert "in setdefault" in stack


def test_shows_the_hosts_frames_where_there_are_no_others() -> None:
    with pytest.raises(ValueError, match="unexpected type") as caught:
        decode(GENERIC, Datum(None, "http"))

    own_frame = caught.value.__traceback__
    assert own_frame is not None
    assert "conversions.py" in describe(caught.value.with_traceback(own_frame.tb_next)).stack


def test_is_logged_with_its_stack() -> None:
    failure = describe(raised(Own("text")))

    assert failure.logged(" Try again.").startswith("Own: text Try again.\n  File ")


def test_what_speaks_for_itself_is_logged_in_one_line() -> None:
    failure = describe(raised(Foreseen("The message\n  is no good.")))

    assert failure.logged(" Try again.") == "Foreseen: The message is no good. Try again."
    assert failure.stack


def test_only_a_class_that_says_so_speaks_for_itself() -> None:
    class Talkative(Exception):
        def __getattr__(self, name: str) -> object:
            raise ValueError(name)

    assert not describe(raised(Talkative())).speaks_for_itself
