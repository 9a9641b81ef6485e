"""Accounts' gates against a log that forgets nothing, under any order of starts and any clock."""

from collections import defaultdict

from gate_log import JUMPS, Log, text_of, thoroughly, written
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from dirigent.domain.account_gate import MOST_USERS, AccountGate, AccountRules
from dirigent.domain.crowds import Crowd, packed
from dirigent.domain.gates import Entry, Start
from dirigent.domain.passages import Level
from dirigent.domain.windows import SECOND, SLICES, SPANS, Limits, Windows

#: Midnight: every slice begins here.
START = 22_000 * SPANS["day"]
#: A count and the number of its slice take no more digits until the year 5138, nor windows more punctuation.
MARK, PER_KEY = len("[1999999999999, 9999999999], "), 120
#: Of one key's windows, written down; a user's name comes on top.
WINDOWS = len(SPANS) * (SLICES + 1) * MARK + PER_KEY

LIMITS = st.sampled_from(
    [
        Limits(burst=3, minute=7, hour=15, day=40),
        Limits(burst=None, minute=20, hour=30, day=None),
        Limits(burst=1, minute=None, hour=None, day=25),
        Limits(burst=None, minute=None, hour=None, day=None),
        Limits(burst=5, minute=0, hour=10, day=100),
        Limits(burst=10, minute=60, hour=45, day=50),
    ]
)
RULES = st.builds(AccountRules, limits=LIMITS, users=LIMITS)
ACCOUNTS, PEOPLE = ("shop", "press"), ("ann", "bob", "cid")


class Accounts(RuleBasedStateMachine):
    """Two accounts with users of the same names; their gates are read and written between operations."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = START
        self.gates = {account: AccountGate() for account in ACCOUNTS}
        self.declared = dict.fromkeys(ACCOUNTS, AccountRules())
        self.logs: defaultdict[tuple[str, str | None], Log] = defaultdict(Log)

    @rule(jump=JUMPS)
    def the_clock_jumps(self, jump: int) -> None:
        self.clock += jump

    @rule(account=st.sampled_from(ACCOUNTS), rules=RULES)
    def something_else_is_declared(self, account: str, rules: AccountRules) -> None:
        self.declared[account] = rules

    @rule(
        account=st.sampled_from(ACCOUNTS),
        user=st.sampled_from(PEOPLE) | st.none(),
        number=st.integers(1, 5) | st.integers(1, 50),
        patience=st.sampled_from([0, SECOND, 120 * SECOND, SPANS["day"]]),
        jump=JUMPS,
    )
    def starts_arrive(self, account: str, user: str | None, number: int, patience: int, jump: int) -> None:
        self.clock += jump
        for _ in range(number):
            before, rules = self.gates[account], self.declared[account]
            start = Start(account=account, user=user, patience=self.clock + patience)
            after, entry = before.admit(rules, start, self.clock)
            assert entry.at == after.seen == max(before.seen, self.clock)
            self.gates[account] = written(after)
            assert self.gates[account] == after
            if entry.refusal is None:
                self._admitted(account, user, entry.at)
            else:
                self._refused(before, start, entry)

    def _admitted(self, account: str, user: str | None, at: int) -> None:
        self.logs[account, None].admit(self.declared[account].limits, at, 1)
        if user is not None:
            self.logs[account, user].admit(self.declared[account].users, at, 1)

    def _refused(self, before: AccountGate, start: Start, entry: Entry) -> None:
        gate, rules, refusal = self.gates[start.account], self.declared[start.account], entry.refusal
        assert refusal is not None
        is_account = refusal.level is Level.ACCOUNT
        assert refusal.key == (start.account if is_account else start.user)
        limits = rules.limits if is_account else rules.users
        log = self.logs[start.account, None if is_account else start.user]
        assert refusal.limit == limits.of(refusal.why)
        assert log.is_full(limits, entry.at, refusal.why)
        # Nothing was counted.
        asked = (start.account, rules, entry.at, start.user)
        assert [one.left for one in gate.standings(*asked)] == [one.left for one in before.standings(*asked)]
        if refusal.come_back_at is None:
            assert refusal.limit == 0
            return
        assert refusal.come_back_at > entry.at
        _, again = gate.admit(rules, start, refusal.come_back_at)
        assert again.refusal is None

    @invariant()
    def none_is_kept_out_for_longer_than_a_slice(self) -> None:
        for account, gate in self.gates.items():
            rules, now = self.declared[account], max(gate.seen, self.clock)
            for user in PEOPLE:
                at_account, at_user = gate.standings(account, rules, now, user)
                if self.logs[account, None].room(rules.limits, now):
                    assert at_account.refusal is None
                if self.logs[account, user].room(rules.users, now):
                    assert at_user.refusal is None

    @invariant()
    def its_state_stays_small(self) -> None:
        for gate in self.gates.values():
            assert len(text_of(gate)) <= (2 + len(PEOPLE)) * (WINDOWS + 8)


TestAccounts = Accounts.TestCase
TestAccounts.settings = thoroughly(80, 25)


def crowded(now: int) -> AccountGate:
    """As many users as have windows of their own; user-0 and some others are over soon, and make room."""
    recent, _ = Windows().admit(Limits(), now, 1)
    older, _ = Windows().admit(Limits(), now - SPANS["day"], 1)
    known = {f"user-{number}": packed(recent if number % 9 else older) for number in range(MOST_USERS)}
    return AccountGate(seen=now, users=Crowd(known=known))


@settings(parent=thoroughly(20, 1))
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["user-0", "user-1", "eve", "fay"]),
            st.sampled_from([-SPANS["minute"], 0, 2 * SPANS["minute"], 2 * SPANS["hour"], SPANS["day"]]),
            st.integers(1, 4),
        ),
        max_size=25,
    )
)
def test_in_a_crowd_no_user_starts_more_than_alone(asked: list[tuple[str, int, int]]) -> None:
    rules = AccountRules(
        limits=Limits(burst=None, minute=None, hour=None, day=None),
        users=Limits(burst=2, minute=4, hour=None, day=6),
    )
    gate, clock = crowded(START), START + SECOND
    logs: defaultdict[str, Log] = defaultdict(Log)
    for number in range(MOST_USERS):
        logs[f"user-{number}"].admit(rules.users, START if number % 9 else START - SPANS["day"], 1)
    for user, jump, wanted in asked:
        clock += jump
        for _ in range(wanted):
            gate, entry = gate.admit(rules, Start(account="shop", user=user, patience=0), clock)
            gate = written(gate)
            logs[user].admit(rules.users, entry.at, entry.refusal is None)
            assert len(gate.users.known) <= MOST_USERS


def test_even_the_largest_crowd_stays_within_its_bound() -> None:
    busy, limits = Windows(), Limits(burst=None, minute=None, hour=None, day=None)
    slices = [(span, number * span // SLICES) for span in SPANS.values() for number in range(SLICES + 1)]
    for now in sorted(START - span + since for span, since in slices):
        busy, _ = busy.admit(limits, now, 10**8)
    names = [f"{number:0200}" for number in range(MOST_USERS)]
    gate = AccountGate(
        seen=START, starts=busy, users=Crowd(known=dict.fromkeys(names, packed(busy)), others=busy)
    )

    size, bound = len(text_of(written(gate))), (MOST_USERS + 2) * WINDOWS + MOST_USERS * 204 + 100
    assert bound // 2 < size <= bound
