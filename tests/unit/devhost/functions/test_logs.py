"""A record says whose it is, and whether Azure would have kept it."""

import io
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
