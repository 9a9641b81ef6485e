"""Teams: some work side by side, and one step merges what they bring; a member may be a team again."""

from collections.abc import Iterator
from typing import Self

from msgspec.structs import replace

from dirigent.domain.messages import Message


class Team(Message, frozen=True, kw_only=True, omit_defaults=False):
    """Members, by the names of their steps, and the step that merges what they bring."""

    #: As a member of another team, and in what is told of the missing.
    name: str
    members: tuple["str | Team", ...]
    merge: str
    #: The step that divides the work before the members begin.
    brief: str | None = None
    #: Seconds for the members, from when they begin; None is as long as the run.
    deadline: float | None = None
    #: With fewer members there is nothing to merge.
    needed: int = 1

    @property
    def names(self) -> tuple[str, ...]:
        """What its members are called."""
        return tuple(member if isinstance(member, str) else member.name for member in self.members)

    def teams(self) -> Iterator["Team"]:
        """It and all teams inside it, outermost first."""
        yield self
        for member in self.members:
            if isinstance(member, Team):
                yield from member.teams()

    def steps(self) -> Iterator[str]:
        """Every step of it, in the order in which they may be done."""
        if self.brief is not None:
            yield self.brief
        for member in self.members:
            if isinstance(member, str):
                yield member
            else:
                yield from member.steps()
        yield self.merge

    def only(self, names: frozenset[str]) -> Self:
        """The team without members that are not among the names."""
        kept = tuple(member for member in self.members if isinstance(member, Team) or member in names)
        return replace(self, members=kept)
