"""The commands about events and dead letters."""

import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import Any

from dirigent.cli import letters, pages
from dirigent.cli.api import Api, Refused
from dirigent.cli.door import Stranger, Unreachable
from dirigent.cli.exits import COMPLETED, FAILED, INTERRUPTED
from dirigent.cli.invocation import invocation
from dirigent.cli.letter_options import FILTERS
from dirigent.cli.terminal import Terminal
from dirigent.cli.watching import PATIENCE

#: Seconds between two looks at a replay of many: it tells its letters by the second.
BEAT = 1.0


def tell(asked: Namespace, api: Api, terminal: Terminal) -> int:
    """`events`."""
    event = {
        "type": asked.type,
        "data": asked.data,
        "id": asked.id,
        "correlation_id": asked.correlation_id,
        "time_to_live": asked.time_to_live,
        "properties": dict(asked.properties) or None,
    }
    told = api.tell(asked.topic, {name: value for name, value in event.items() if value is not None})
    if asked.json:
        terminal.give(pages.as_json(told))
        return COMPLETED
    # The id alone, for scripts.
    terminal.give(str(told["events"][0]["id"]))
    heard = ", ".join(told.get("subscriptions") or []) or "nobody"
    terminal.say(f"Told on {asked.topic}, which {heard} may hear of.")
    return COMPLETED


def deal(asked: Namespace, api: Api, terminal: Terminal) -> int:
    """`dead-letters`."""
    return _DEEDS[asked.deed](asked, api, terminal)


def _list(asked: Namespace, api: Api, terminal: Terminal) -> int:
    wanted = _filters(asked) | {"limit": asked.limit, "continuation_token": asked.continuation}
    page = api.dead_letters(wanted)
    terminal.give(pages.as_json(page) if asked.json else letters.letters_page(page))
    if asked.continuation is None:
        _remind(asked, api, terminal)
    return COMPLETED


def _groups(asked: Namespace, api: Api, terminal: Terminal) -> int:
    page = api.dead_letters(_filters(asked) | {"group": "cause"})
    terminal.give(pages.as_json(page) if asked.json else letters.groups_page(page))
    _remind(asked, api, terminal)
    return COMPLETED


def _remind(asked: Namespace, api: Api, terminal: Terminal) -> None:
    """Say how many are left out for being told again: one that the bus would not take stays among them."""
    if asked.json or asked.state is not None:
        return
    try:
        counted = api.dead_letters(_filters(asked) | {"state": "replaying", "group": "cause"})
    except (Refused, Unreachable):
        # What was asked for is given already.
        return
    if told := letters.underway_line(counted):
        terminal.say(told)


def _show(asked: Namespace, api: Api, terminal: Terminal) -> int:
    letter = api.dead_letter(asked.letter)
    terminal.give(pages.as_json(letter) if asked.json else letters.letter_page(letter))
    return COMPLETED


def _replay(asked: Namespace, api: Api, terminal: Terminal) -> int:
    letter = api.replay(asked.letter, again=asked.again)
    if asked.json:
        terminal.give(pages.as_json(letter))
    else:
        terminal.say(
            f"Told again, as replay {letter['replays']} to {letter['subscription']}: it is {letter['state']}."
        )
        if together := letter.get("correlation_id"):
            terminal.say(f"What comes of it: {_ourselves()} tasks --correlation {shlex.quote(together)}")
    return COMPLETED


def _discard(asked: Namespace, api: Api, terminal: Terminal) -> int:
    letter = api.discard(asked.letter)
    if asked.json:
        terminal.give(pages.as_json(letter))
    else:
        terminal.say(f"The dead letter {letter['id']} is {letter['state']}.")
    return COMPLETED


def _replay_all(asked: Namespace, api: Api, terminal: Terminal) -> int:
    wish = _filters(asked) | {"rate": asked.rate, "limit": asked.limit, "stop_after": asked.stop_after}
    if asked.dry_run:
        told = api.replay_many(wish | {"dry_run": True})
        terminal.give(pages.as_json(told) if asked.json else letters.dry_run_page(told))
        return COMPLETED
    started = api.replay_many(wish)
    replay = str(started["replay_id"])
    more = "" if started["all_counted"] else " or more"
    terminal.say(f"The replay {replay} tells {started['matching']}{more}, {started['rate']:g} a second.")
    return _followed(replay, asked, api, terminal)


def _watch(asked: Namespace, api: Api, terminal: Terminal) -> int:
    return _followed(asked.replay, asked, api, terminal)


def _stop(asked: Namespace, api: Api, terminal: Terminal) -> int:
    told = api.stop_replay(asked.replay)
    if asked.json:
        terminal.give(pages.as_json(told))
    else:
        terminal.say(f"The replay was told to stop; see how far it came with: {_again(asked.replay)}")
    return COMPLETED


def _followed(replay: str, asked: Namespace, api: Api, terminal: Terminal) -> int:
    try:
        ended = _follow(replay, api, terminal)
    except KeyboardInterrupt:
        terminal.draw("")
        terminal.say(f"The replay goes on; follow it with: {_again(replay)}")
        return INTERRUPTED
    terminal.draw("")
    if asked.json:
        terminal.give(pages.as_json(ended))
    terminal.say(letters.replay_end(ended))
    return COMPLETED if ended["status"] == "completed" else FAILED


def _follow(replay: str, api: Api, terminal: Terminal) -> dict[str, Any]:
    """The replay at its end, through restarts of the app too."""
    missing_since: float | None = None
    while True:
        try:
            seen = api.replay_of_many(replay)
        except Stranger:
            raise
        except (Unreachable, Refused) as away:
            if isinstance(away, Refused) and away.status not in (429, 503):
                raise
            missing_since = terminal.now() if missing_since is None else missing_since
            if terminal.now() - missing_since > PATIENCE:
                raise
        else:
            missing_since = None
            if seen["status"] != "running":
                return seen
            terminal.draw(f"  {letters.progress_line(seen)}")
        terminal.pause(BEAT)


def _filters(asked: Namespace) -> dict[str, object]:
    return {name: getattr(asked, name) for name in FILTERS}


def _again(replay: str) -> str:
    return f"{_ourselves()} dead-letters watch {replay}"


def _ourselves() -> str:
    return invocation(sys.executable, Path.cwd())


_DEEDS = {
    "list": _list,
    "groups": _groups,
    "show": _show,
    "replay": _replay,
    "discard": _discard,
    "replay-all": _replay_all,
    "watch": _watch,
    "stop": _stop,
}
