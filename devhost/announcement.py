"""What the host prints when it is ready."""

from devhost.functions.catalog import ENTITY, HTTP, ORCHESTRATION, SERVICE_BUS, TIMER, Function
from devhost.host import Host

#: Triggers this host loads but does not ring; they can be run by hand.
_NOT_RUNG = frozenset({TIMER, SERVICE_BUS})


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
    told += [f"  {dropped.name}: left out, {dropped.reason}" for dropped in app.dropped]
    told += [f"  {name}: left out, {reason}" for name, reason in host.door.routes.dropped]
    told += [f"Warning: {warning}" for warning in (*app.warnings, *host.door.routes.warnings)]
    if host.hub.live_instances:
        told.append(f"Took up {host.hub.live_instances} instances that had not ended.")
    return [*told, "", f"Ready in {seconds:.2f} s.", f"Listening on {host.url}"]


def _reached(host: Host, function: Function) -> str:
    kind = function.trigger.type.removesuffix("Trigger")
    if function.trigger.type == HTTP:
        methods = ",".join(str(method) for method in function.trigger.attributes.get("methods") or ("ALL",))
        return f"{kind}: [{methods}] {host.door.url_of(function, host.url) or 'has no route'}"
    if function.trigger.type in _NOT_RUNG:
        return f"{kind}: not rung by this version; POST {host.url}/admin/functions/{function.name} runs it"
    name = "" if function.durable_name in {None, function.name} else f" '{function.durable_name}'"
    if function.trigger.type == ORCHESTRATION:
        return f"{kind}{name}"
    return f"{kind}{name.lower() if function.trigger.type == ENTITY else name}"
