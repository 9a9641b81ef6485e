"""The host as a process: it announces itself, runs until a signal or a fault, and says how it ended."""

import asyncio
import gc
import logging
import os
import signal
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import NoReturn

from devhost.announcement import announce
from devhost.functions.logs import HostLogHandler, install, level_of
from devhost.functions.refusals import AppRefused, MissingSetting
from devhost.host import Host
from devhost.http.routes import RouteRefused
from devhost.http.server import AddressInUse
from devhost.options import HostOptions
from devhost.storage.errors import StateOutOfReach, StateRefused

log = logging.getLogger("devhost")

#: Exit statuses: the app or the request for it is wrong; the state or the machine stands in the way.
REFUSED = 2
BROKEN = 1

#: How long running calls may go on after the signal; with the server's own grace the exit takes under 5 s.
PATIENCE = 2.0
#: How long threads that the app made itself may keep the process after that.
LAST_PATIENCE = 0.5


async def serve(options: HostOptions) -> int:
    """Run the app; the process's exit status."""
    began = time.perf_counter()
    handler = HostLogHandler({}, as_json=options.log_format == "json")
    install(handler, os.environ, options.log_level)
    if options.verbose:
        # Whoever asks for the journal wants it at every level of the rest.
        logging.getLogger("devhost.journal").setLevel(logging.INFO)
    stop = _stop_signal()
    try:
        host = await Host.open(options, log_handler=handler)
    except (AppRefused, MissingSetting, RouteRefused) as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    except (StateRefused, AddressInUse, OSError) as hindrance:
        print(f"devhost cannot start: {hindrance}", file=sys.stderr)
        return BROKEN
    # The app's settings may ask for debug logging; they are in the environment by now.
    logging.getLogger().setLevel(level_of(os.environ, options.log_level))
    _spare_the_collector()
    os.register_at_fork(after_in_child=partial(_be_no_host, host))
    announce(host, time.perf_counter() - began)
    return await _run(host, stop)


def leave(status: int) -> NoReturn:
    """End the process, also where a thread of the app's own executors is still at work."""
    # Python joins those threads on its way out, however long that takes.
    guard = threading.Timer(LAST_PATIENCE, _break_off, (status,))
    guard.daemon = True
    guard.start()
    sys.exit(status)


def _break_off(status: int) -> NoReturn:
    sys.stdout.flush()
    os._exit(status)


def _spare_the_collector() -> None:
    # What is loaded by now stays, and the records of steps are born and die without cycles: looking through
    # all of it every 700 of them took a tenth of the time of a chain.
    gc.freeze()
    gc.set_threshold(5_000, 20, 20)


def _stop_signal() -> asyncio.Event:
    """Set by SIGINT and SIGTERM; a host that is still loading is taken down as soon as it stands."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


def _be_no_host(host: Host) -> None:
    """In a process that an activity forked: leave signals, lock and sockets to the host."""
    # Or a signal to the child would wake the host through the pipe they share, and stop it.
    signal.set_wakeup_fd(-1)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    host.disown()


def _worded(reason: BaseException, state_file: Path) -> str:
    if isinstance(reason, StateOutOfReach):
        return f"{reason} All that was acknowledged is in that file: start again when that is done."
    if isinstance(reason, StateRefused):
        return str(reason)
    return (
        f"{type(reason).__name__}: {reason}. All that was acknowledged is in {state_file}: "
        "mend the cause and start again."
    )


async def _run(host: Host, stop: asyncio.Event) -> int:
    host.broken.add_done_callback(lambda _: stop.set())
    await stop.wait()
    if host.broken.done():
        reason = host.broken.result()
        print(f"devhost stops: {_worded(reason, host.state_file)}", file=sys.stderr)
        await host.abandon()
        return BROKEN
    # Whoever read the output may be gone, and the app may have closed it.
    with suppress(OSError, ValueError):
        print("Stopping: running calls get 2 s, the rest goes on at the next start.", flush=True)
    await host.close(PATIENCE)
    return 0
