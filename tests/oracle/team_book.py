"""Who of a tree of teams has come and who has not, by the plain meaning of the words."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from dirigent.domain.outcomes import AROUND, Category, Done, Failed, Outcome, Turnout
from dirigent.domain.teams import Team


class TeamBook:
    """Told the same as a gathering, it says what is to be under way and who is missing where."""

    def __init__(self, team: Team, now: datetime) -> None:
        self.team = team
        self.teams = {one.name: one for one in team.teams()}
        self.outer = {
            inner.name: one.name for one in team.teams() for inner in one.members if isinstance(inner, Team)
        }
        self.role = {step: (kind, one.name) for one in team.teams() for step, kind in _roles(one)}
        #: Members and teams that have ended, and whether they brought something.
        self.fate: dict[str, bool] = {}
        self.inner: dict[str, Turnout] = {}
        #: Teams whose members are at work, or were, and until when.
        self.dues: dict[str, datetime | None] = {}
        self.merging: set[str] = set()
        self.cut: set[str] = set()
        #: What is to be under way, and what was begun and is given up.
        self.wanted: set[str] = set()
        self.begun: set[str] = set()
        self.unwanted: set[str] = set()
        self._begin(team.name, now)

    def begin(self, steps: set[str]) -> None:
        """These were begun: each for the first time, and because it is to be under way."""
        assert not steps & self.begun
        assert steps <= self.wanted
        self.begun |= steps

    def hear(self, step: str, outcome: Outcome, now: datetime) -> None:
        """The step, which is waited for, ended."""
        self.wanted.remove(step)
        kind, team = self.role[step]
        is_done = isinstance(outcome, Done)
        if isinstance(outcome, Done) and outcome.turnout is not None:
            self.inner[step] = outcome.turnout
        around, due = team if kind == "member" else self.outer.get(team), self.allowed(step)
        if isinstance(outcome, Failed) and around is not None and due is not None and now >= due - AROUND:
            # It was cut by the deadline, and says so itself.
            self.cut |= {around} if outcome.failure.category is Category.TIMEOUT else set()
        if kind == "member":
            self.fate[step] = is_done
            # An order ends with the team's time, and may say so a moment before the team's own clock does.
            due, a_moment = self.dues[team], timedelta(seconds=0.2)
            is_over = due is not None and now >= due - a_moment
            if isinstance(outcome, Failed) and outcome.failure.category is Category.TIMEOUT and is_over:
                self.cut.add(team)
        elif kind == "merge":
            self.fate[team] = is_done
        elif is_done:
            self._gather(team, now)
        else:
            self._lose(team)

    def expire(self, now: datetime) -> None:
        """Whoever has not ended in its team's time is lost, with all that belongs to it."""
        for name, due in list(self.dues.items()):
            is_open = name not in self.merging and name not in self.fate
            late = [member for member in self.teams[name].names if member not in self.fate]
            if is_open and due is not None and due <= now and late:
                self.cut.add(name)
                for member in late:
                    self._lose(member)

    def go_on(self) -> None:
        """Teams all of whose members have ended merge, where enough have come."""
        for name in reversed(list(self.teams)):
            if name not in self.dues or name in self.merging or name in self.fate:
                continue
            team = self.teams[name]
            if not all(member in self.fate for member in team.names):
                continue
            # A team that nobody has merged brings what its members brought.
            brought = [self.fate[name] or (name in self.teams and self._any(name)) for name in team.names]
            if sum(brought) >= team.needed:
                self.merging.add(name)
                self.wanted.add(team.merge)
            else:
                self.fate[name] = False

    @property
    def due(self) -> datetime | None:
        """When the next members are given up."""
        dues = [due for name, due in self.dues.items() if name not in self.merging and name not in self.fate]
        return min((due for due in dues if due is not None), default=None)

    def allowed(self, step: str) -> datetime | None:
        """Until when the step may take: as long as whoever waits for it waits."""
        kind, team = self.role[step]
        around = team if kind == "member" else self.outer.get(team)
        return None if around is None else self.dues[around]

    def turnout(self, name: str) -> tuple[int, bool, Counter[str]]:
        """Of the team: how many have come inside, whether time was over, and the paths of the missing."""
        came, missing, is_late = 0, Counter[str](), name in self.cut
        for member in self.teams[name].names:
            came += self.fate[member]
            if not self.fate[member]:
                missing[member] += 1
            if member in self.teams:
                more, late, gone = self.turnout(member)
                came, is_late = came + more, is_late or late
            else:
                inner = self.inner.get(member, Turnout())
                is_late, gone = is_late or inner.timed_out, Counter(one.branch for one in inner.missing)
            missing.update({f"{member}/{path}": number for path, number in gone.items()})
        return came, is_late, missing

    def _begin(self, name: str, now: datetime) -> None:
        brief = self.teams[name].brief
        if brief is None:
            self._gather(name, now)
        else:
            self.wanted.add(brief)

    def _gather(self, name: str, now: datetime) -> None:
        team = self.teams[name]
        around = self.dues[self.outer[name]] if name in self.outer else None
        own = None if team.deadline is None else now + timedelta(seconds=team.deadline)
        self.dues[name] = min((due for due in (around, own) if due is not None), default=None)
        for member in team.names:
            if member in self.teams:
                self._begin(member, now)
            else:
                self.wanted.add(member)

    def _any(self, name: str) -> bool:
        return self.turnout(name)[0] > 0

    def _lose(self, name: str) -> None:
        if name in self.fate:
            return
        self.fate[name] = False
        steps = {name}
        if name in self.teams:
            team = self.teams[name]
            steps = {team.merge, team.brief or team.merge}
            for member in team.names:
                self._lose(member)
        self.unwanted |= steps & self.wanted & self.begun
        self.wanted -= steps


def _roles(team: Team) -> Iterator[tuple[str, str]]:
    for member in team.members:
        if isinstance(member, str):
            yield member, "member"
    yield team.merge, "merge"
    if team.brief is not None:
        yield team.brief, "brief"
