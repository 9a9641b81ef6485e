"""Workflows in workflows: no circles, and not without bounds."""

from collections.abc import Mapping

from msgspec import Struct, field

from dirigent.declarations.findings import Place, Report
from dirigent.declarations.outputs import Drafts
from dirigent.declarations.shapes import Shape

#: More workflows within one another nobody follows.
DEEPEST_NESTING = 16
#: All plans travel in the message that starts the outermost run.
MOST_PLANNED = 2_000


class Nesting(Struct, frozen=True, kw_only=True):
    """Which workflows are steps of which."""

    places: Mapping[str, Place]
    #: Workflow → the workflows in it, each with where it first stands.
    inner: dict[str, dict[str, Place]]
    #: Workflow → its planned steps, and how often each inner one is among them.
    own: dict[str, tuple[int, list[str]]]
    #: Of those that stand in no circle, the innermost first: levels of nesting, and planned steps in all.
    depths: dict[str, int] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, drafts: Drafts, shapes: Mapping[str, Shape]) -> "Nesting":
        """As the workflows have it."""
        inner: dict[str, dict[str, Place]] = {}
        own: dict[str, tuple[int, list[str]]] = {}
        for name, shape in shapes.items():
            places: dict[str, Place] = {}
            steps, nested = len(shape.parts), []
            for part in shape.parts:
                ways = list(part.ways())
                steps += len(ways) if part.kind == "choose" else 0
                for way in ways:
                    if (other := way.text("workflow")) in shapes and other is not None:
                        places.setdefault(other, way.at("workflow"))
                        nested.append(other)
            inner[name], own[name] = places, (steps, nested)
        return cls(places={name: draft.place for name, draft in drafts.items()}, inner=inner, own=own)

    def examine(self, report: Report) -> None:
        """Report every circle, and what is nested too deep or becomes too large."""
        self._measure()
        self._circles(report)
        for name, depth in self.depths.items():
            deepest = [other for other in self.inner[name] if self.depths[other] == depth - 1]
            if depth == DEEPEST_NESTING + 1:
                why = f"Here workflows are nested {depth} deep: no more than {DEEPEST_NESTING} may be"
                report.add(self.inner[name][deepest[0]], f"{why}; do without one of them.")
        for name, size in self.sizes.items():
            if size > MOST_PLANNED and all(self.sizes[other] <= MOST_PLANNED for other in self.inner[name]):
                why = f"Has {size:,} steps with those of the workflows in it: no more than {MOST_PLANNED:,}"
                report.add(self.places[name], f"{why} may be; nest fewer, or shorter ones.")

    def _measure(self) -> None:
        # From the innermost outwards and without recursion: a chain may be as long as the catalogue.
        around: dict[str, list[str]] = {name: [] for name in self.inner}
        open_ = {name: len(inner) for name, inner in self.inner.items()}
        for name, inner in self.inner.items():
            for other in inner:
                around[other].append(name)
        ready = [name for name, count in open_.items() if count == 0]
        for name in ready:
            steps, nested = self.own[name]
            self.depths[name] = 1 + max((self.depths[other] for other in self.inner[name]), default=0)
            self.sizes[name] = steps + sum(self.sizes[other] for other in nested)
            for other in around[name]:
                open_[other] -= 1
                if open_[other] == 0:
                    ready.append(other)

    def _circles(self, report: Report) -> None:
        told: set[str] = set()
        for name in self.inner:
            if name in self.depths or name in told:
                continue
            circle = self._circle(name)
            if circle:
                told.update(circle)
                listed = " \u2192 ".join([*circle, name])
                why = f"The workflows are steps of one another, in a cycle: {listed}; break it in one place."
                report.add(self.inner[name][[*circle, name][1]], why)

    def _circle(self, start: str) -> list[str]:
        """The shortest way from the workflow back to itself; empty where there is none."""
        came: dict[str, str] = {}
        waiting = [start]
        for name in waiting:
            for other in self.inner[name]:
                if other == start:
                    path = [name]
                    while path[-1] != start:
                        path.append(came[path[-1]])
                    return path[::-1]
                if other not in came and other not in self.depths:
                    came[other] = name
                    waiting.append(other)
        return []
