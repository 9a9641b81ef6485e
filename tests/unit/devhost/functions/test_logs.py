"""A record says whose it is, and whether Azure would have kept it."""

import io
import json
import logging
import re
import sys

import pytest

from devhost.functions.logs import HostLogHandler, install, is_user_log
from devhost.functions.running import Invocation, thread_local_storage

LIVE = {"0123456789": Invocation(function_name="f", invocation_id="0123456789")}


def printed(logger: str, *, level: int = logging.INFO, error: bool = False, message: object = "text") -> str:
    stream = io.StringIO()
    info = None
    if error:
        try:
            raise ValueError("wrong")
        except ValueError:
            info = sys.exc_info()
    record = logging.LogRecord(logger, level, __file__, 1, message, ("a",) if message == "%s" else (), info)
    HostLogHandler(LIVE, stream).handle(record)
    return stream.getvalue()


def test_names_level_category_and_invocation() -> None:
    thread_local_storage.invocation_id = "0123456789"
    try:
        line = printed("shop", message="%s")
    finally:
        thread_local_storage.invocation_id = None

    assert re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3} INFO    shop \[f 01234567\]: a\n", line)


def test_marks_what_azure_would_lose() -> None:
    assert "text  [lost on Azure: no live invocation]" in printed("shop")


def test_marks_a_record_of_an_invocation_that_is_over() -> None:
    thread_local_storage.invocation_id = "over"
    try:
        assert "lost on Azure" in printed("shop")
    finally:
        thread_local_storage.invocation_id = None


@pytest.mark.parametrize("logger", ["devhost.http", "azure.functions.DurableFunctions", "devhost"])
def test_does_not_mark_what_hosts_and_their_packages_say(logger: str) -> None:
    assert "lost on Azure" not in printed(logger)


def as_json(message: object, *args: object, info: object = None, logger: str = "shop") -> dict[str, object]:
    stream = io.StringIO()
    record = logging.LogRecord(logger, logging.WARNING, __file__, 1, message, args, None)
    record.exc_info = info  # type: ignore[assignment]
    HostLogHandler(LIVE, stream, as_json=True).handle(record)
    [line] = stream.getvalue().splitlines()
    told: dict[str, object] = json.loads(line)
    return told


def test_prints_one_json_object_a_line() -> None:
    thread_local_storage.invocation_id = "0123456789"
    try:
        told = as_json("two\nlines of %s", "text")
    finally:
        thread_local_storage.invocation_id = None

    time = str(told.pop("time"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00", time)
    assert told == {
        "level": "WARNING",
        "category": "shop",
        "message": "two\nlines of text",
        "function": "f",
        "invocation_id": "0123456789",
        "lost_on_azure": False,
        "exception": None,
    }


def test_tells_programs_what_azure_would_lose_and_what_was_raised() -> None:
    try:
        raise ValueError("wrong \udc80")
    except ValueError:
        told = as_json("failed", info=sys.exc_info())

    assert (told["function"], told["lost_on_azure"]) == (None, True)
    assert str(told["exception"]).endswith("ValueError: wrong \udc80")
    assert as_json("x", logger="devhost.engine")["lost_on_azure"] is False


class Unspeakable:
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("args", "why"),
    [((Unspeakable(),), "RuntimeError: no words"), (("a", "b"), "TypeError: not all arguments")],
)
def test_prints_json_also_of_what_cannot_be_shown(args: tuple[object, ...], why: str) -> None:
    told = str(as_json("got %s", *args)["message"])
    assert told.startswith(f"got %s [its arguments cannot be shown: {why}")


def test_knows_the_apps_own_loggers() -> None:
    assert is_user_log("devhostess")
    assert is_user_log("azure.core")
    assert is_user_log("root")


def test_prints_the_traceback() -> None:
    assert "ValueError: wrong" in printed("shop", error=True)


@pytest.mark.parametrize(
    ("environ", "level", "root"),
    [
        ({}, "", logging.INFO),
        ({"PYTHON_ENABLE_DEBUG_LOGGING": "1"}, "", logging.DEBUG),
        ({"PYTHON_ENABLE_DEBUG_LOGGING": "1"}, "warning", logging.WARNING),
    ],
)
def test_sets_the_level_and_puts_it_back(environ: dict[str, str], level: str, root: int) -> None:
    handler, before = HostLogHandler({}, io.StringIO()), logging.getLogger().level

    undo = install(handler, environ, level)
    during = (logging.getLogger().level, handler in logging.getLogger().handlers)
    undo()

    assert during == (root, True)
    assert (logging.getLogger().level, handler in logging.getLogger().handlers) == (before, False)
