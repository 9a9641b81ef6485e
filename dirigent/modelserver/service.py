"""The server as a process: it says where it listens and runs until it is told to stop."""

import asyncio
import signal
import sys

from dirigent.adapters.model_script import Script, ScriptRefused
from dirigent.adapters.system_clock import SystemClock
from dirigent.modelserver.door import Door
from dirigent.modelserver.options import ServerOptions
from dirigent.modelserver.server import AddressInUse, Listener

#: Exit statuses: the request to start is wrong; the machine stands in the way.
REFUSED = 2
BROKEN = 1


async def serve(options: ServerOptions) -> int:
    """Listen until SIGINT or SIGTERM; the process's exit status."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    try:
        script = Script() if options.script is None else Script.read(options.script)
        listener = Listener(Door(script, SystemClock(), options.key), options.host, options.port)
        url = await listener.start()
    except ScriptRefused as refusal:
        print(told(refusal), file=sys.stderr)
        return REFUSED
    except AddressInUse as hindrance:
        print(hindrance, file=sys.stderr)
        return BROKEN
    print("\n".join(lines(options, url)), flush=True)
    await stop.wait()
    await listener.stop()
    return 0


def told(refusal: ScriptRefused) -> str:
    """Why the script cannot be followed, with remedies for whoever named it on the command line."""
    # It is worded for the app, where a setting names it.
    text = str(refusal).replace("leave the setting out", "leave it out")
    return text.replace("DIRIGENT_SCRIPT", "--script")


def lines(options: ServerOptions, url: str) -> list[str]:
    """What it says when it is ready; never the key."""
    key = "the one of --key" if options.key else "anything"
    return [
        "A scripted model behind OpenAI's protocol, for development only.",
        f"Use it with  OPENAI_BASE_URL={url}  OPENAI_API_KEY={key}",
        f"Count        {url.removesuffix('/v1')}/counts",
        f"Listening on {url}",
    ]
