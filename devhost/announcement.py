"""What the host prints when it is ready."""

from devhost.functions.catalog import ENTITY, HTTP, ORCHESTRATION, Function
from devhost.host import Host

#: Of the instances taken up, so many are named.
_NAMED = 3


def announce(host: Host, seconds: float) -> None:
    """Print functions, what to watch out for, and where the host listens."""
    for line in lines(host, seconds):
        print(line, flush=True)


def lines(host: Host, seconds: float) -> list[str]:
    """The announcement, line by line; the last one is for programs that wait for it."""
    app, options = host.app, host.options
    width = max((len(function.name) for function in app.catalog.functions), default=0)
    told = [f"App        {options.app}", f"State      {host.state_file} (synchronous={options.synchronous})"]
    told += ["", f"Functions ({len(app.catalog.functions)}):"]
    told += [f"  {function.name:<{width}}  {_reached(host, function)}" for function in app.catalog.functions]
    told += [
        f"  {dropped.name}: left out, {dropped.reason}" for dropped in (*app.dropped, *host.triggers.dropped)
    ]
    told += [f"  {name}: left out, {reason}" for name, reason in host.door.routes.dropped]
    warnings = (*app.warnings, *host.door.routes.warnings, *host.plan.warnings)
    told += [f"Warning: {warning}" for warning in warnings]
    told += [_left(place, count, host) for place, count in sorted(host.broker.left_behind().items())]
    told += _bus(host)
    if host.hub.live_instances:
        told.append(_taken_up(host))
    return [*told, "", f"Ready in {seconds:.2f} s.", f"Listening on {host.url}"]


def _bus(host: Host) -> list[str]:
    places = host.broker.figures()
    if not places:
        return []
    waiting = sum(place.active + place.locked + place.scheduled for place in places)
    dead = sum(place.dead for place in places)
    holds = f"holds {waiting} messages and {dead} dead letters"
    return [f"Service Bus {host.url}/servicebus {holds}; look at {host.url}/admin/servicebus"]


def _left(place: str, count: int, host: Host) -> str:
    return (
        f"Warning: {place!r} is no place of the bus any more, and {count} "
        f"{'message lies' if count == 1 else 'messages lie'} there: name it in servicebus.json to have them "
        f"back, or delete the folder {host.state_file.parent} to begin anew."
    )


def _taken_up(host: Host) -> str:
    count = host.hub.live_instances
    names = ", ".join(map(repr, host.hub.some_live(_NAMED)))
    rest = f" and {count - _NAMED} more" if count > _NAMED else ""
    return (
        f"Took up {count} {'instance' if count == 1 else 'instances'} that had not ended: {names}{rest}. "
        f"To begin anew, stop the host and delete the folder {host.state_file.parent}."
    )


def _reached(host: Host, function: Function) -> str:
    kind = function.trigger.type.removesuffix("Trigger")
    if function.trigger.type == HTTP:
        methods = ",".join(str(method) for method in function.trigger.attributes.get("methods") or ("ALL",))
        return f"{kind}: [{methods}] {host.door.url_of(function, host.url) or 'has no route'}"
    rung = host.triggers.told(function)
    if rung is not None:
        return f"{kind}: {rung}"
    name = "" if function.durable_name in {None, function.name} else f" '{function.durable_name}'"
    if function.trigger.type == ORCHESTRATION:
        return f"{kind}{name}"
    return f"{kind}{name.lower() if function.trigger.type == ENTITY else name}"
