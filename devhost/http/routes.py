"""Which HTTP function answers a path: the app's route table."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from devhost.functions.catalog import Function
from devhost.http.paths import segments
from devhost.http.templates import BadTemplate, Template, template

#: First words of routes that Azure's host keeps for itself, whatever the prefix.
RESERVED = ("admin", "runtime")

_PARAMETER = re.compile(r"\{[^{}]*\}")
#: How much a path must resemble a route for the route to be named in a hint.
_LIKENESS = 0.55


class RouteRefused(Exception):
    """A route Azure's host does not start with."""

    def __init__(self, function: str, route: str, error: BadTemplate) -> None:
        self.function, self.route, self.reason, self.remedy = function, route, error.reason, error.remedy
        super().__init__(
            f"The route {route!r} of the function '{function}' is refused, {error.reason}: {error.remedy}."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One HTTP function and where it answers; no methods means all."""

    function: Function
    #: As the app wrote it, without the prefix.
    text: str
    template: Template
    methods: tuple[str, ...]

    def takes(self, method: str) -> bool:
        return not self.methods or method.upper() in self.methods


@dataclass(frozen=True, slots=True)
class Match:
    """The function a call goes to, with the values its route took from the path."""

    function: Function
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteTable:
    """All routes in the order in which they are tried, and what is wrong with them."""

    routes: tuple[Route, ...]
    #: What every route begins with.
    prefix: str = ""
    #: Functions that Azure's host would leave out while the others run, with the reason.
    dropped: tuple[tuple[str, str], ...] = ()
    #: Routes that work otherwise than they look.
    warnings: tuple[str, ...] = ()

    def match(self, method: str, path: str) -> Match | None:
        """Where the call goes; a known path with another method is as unknown to Azure as any other."""
        pieces = segments(path)
        for route in self.routes:
            if route.takes(method):
                values = route.template.match(pieces)
                if values is not None:
                    return Match(route.function, values)
        return None

    def methods_at(self, path: str) -> tuple[str, ...]:
        """The methods that something answers at this path, for a hint beside a 404."""
        pieces = segments(path)
        there = [route for route in self.routes if route.template.match(pieces) is not None]
        return tuple(sorted({method for route in there for method in route.methods}))

    def nearest(self, path: str) -> Route | None:
        """The route that was probably meant, as far as one can tell."""
        # Also without the prefix: it is what is forgotten first.
        looks = {
            _PARAMETER.sub("x", f"/{text.strip('/')}".lower()): route
            for route in self.routes
            for text in (route.text, route.template.text)
        }
        near = get_close_matches(path.lower(), looks, n=1, cutoff=_LIKENESS)
        return looks[near[0]] if near else None


def route_table(functions: Iterable[Function], *, prefix: str = "api") -> RouteTable:
    """The table for the app's HTTP functions, in Azure's order.

    Azure's host does not weigh templates: it tries the functions in the order of their names, so a route
    `items/{id}` of `a` hides a route `items/new` of `b`. Such pairs are warned of.
    """
    routes: list[Route] = []
    dropped: list[tuple[str, str]] = []
    for function in sorted(functions, key=lambda f: f.name.upper()):
        route = _route(function, prefix)
        reason = _conflict(route, routes)
        if reason is None:
            routes.append(route)
        else:
            dropped.append((function.name, reason))
    return RouteTable(
        routes=tuple(routes), prefix=prefix, dropped=tuple(dropped), warnings=tuple(_hidden(routes))
    )


def _route(function: Function, prefix: str) -> Route:
    text = function.trigger.attributes.get("route") or ""
    if not text.strip():
        text = function.name
    whole = f"{prefix}/{text}" if prefix else text
    try:
        read = template(whole)
    except BadTemplate as error:
        raise RouteRefused(function.name, text, error) from error
    methods = function.trigger.attributes.get("methods") or ()
    return Route(
        function=function, text=text, template=read, methods=tuple(str(method).upper() for method in methods)
    )


def _conflict(route: Route, earlier: Iterable[Route]) -> str | None:
    bare = route.text.strip("/").lower()
    if bare.startswith(RESERVED):
        return (
            "The specified route conflicts with one or more built in routes: "
            f"{route.text!r} begins with {' or '.join(map(repr, RESERVED))}, rename it."
        )
    for other in earlier:
        if bare == other.text.strip("/").lower() and _share_a_method(route, other):
            return (
                f"The route specified conflicts with the route defined by function '{other.function.name}': "
                f"both answer {route.text!r}, give them methods or routes of their own."
            )
    return None


def _share_a_method(one: Route, other: Route) -> bool:
    return not one.methods or not other.methods or bool(set(one.methods) & set(other.methods))


def _hidden(routes: list[Route]) -> Iterable[str]:
    for place, late in enumerate(routes):
        path = late.template.sample
        if late.template.match(path) is None:
            continue
        for early in routes[:place]:
            if not _share_a_method(early, late) or early.template.match(path) is None:
                continue
            if early.template.rank >= late.template.rank:
                yield (
                    f"/{'/'.join(path)} goes to '{early.function.name}' ({early.text}) and never to "
                    f"'{late.function.name}' ({late.text}): Azure tries routes by the names of functions. "
                    "Rename one of the functions, or constrain the wider route, as in {id:int}."
                )
                break
