"""An account's gate: its windows and those of its users, as one."""

import pytest

from dirigent import codec
from dirigent.domain.account_gate import MOST_USERS, AccountGate, AccountRules, longest
from dirigent.domain.crowds import Crowd
from dirigent.domain.gates import Entry, Start
from dirigent.domain.passages import Level, Refusal
from dirigent.domain.windows import NEVER, SECOND, SPANS, Limits

#: Midnight: every slice begins here.
START = 22_000 * SPANS["day"]
NONE = Limits(burst=None, minute=None, hour=None, day=None)
RULES = AccountRules(limits=Limits(burst=None, minute=4, hour=None, day=None), users=NONE)
USERS = AccountRules(limits=NONE, users=Limits(burst=None, minute=2, hour=None, day=None))


def start(user: str | None = None, patience: int = NEVER) -> Start:
    return Start(account="shop", user=user, patience=patience)


def admitted(
    gate: AccountGate, rules: AccountRules, number: int, *, user: str | None = None, now: int = START
) -> AccountGate:
    for _ in range(number):
        gate, entry = gate.admit(rules, start(user), now)
        assert entry.refusal is None
    return gate


def test_admits_what_the_account_may_start() -> None:
    _, entry = admitted(AccountGate(), RULES, 3).admit(RULES, start(), START)

    assert entry == Entry(at=START)


def test_names_the_account_that_is_full_and_its_window() -> None:
    _, entry = admitted(AccountGate(), RULES, 4).admit(RULES, start(), START)

    assert entry.refusal == Refusal(
        level=Level.ACCOUNT, key="shop", why="minute", limit=4, come_back_at=START + 63 * SECOND
    )


def test_names_the_user_who_is_full_and_lets_the_others_in() -> None:
    gate = admitted(AccountGate(), USERS, 2, user="ann")
    _, refused = gate.admit(USERS, start("ann"), START)
    _, other = gate.admit(USERS, start("bob"), START)

    assert refused.refusal is not None
    assert (refused.refusal.level, refused.refusal.key) == (Level.USER, "ann")
    assert other.refusal is None


def test_of_two_refusals_the_longer_is_told() -> None:
    rules = AccountRules(
        limits=Limits(burst=1, minute=None, hour=None, day=None),
        users=Limits(burst=None, minute=None, hour=1, day=None),
    )
    gate = admitted(AccountGate(), rules, 1, user="ann")
    _, entry = gate.admit(rules, start("ann"), START)

    assert entry.refusal is not None
    assert (entry.refusal.level, entry.refusal.why) == (Level.USER, "hour")


def test_a_start_that_one_refuses_counts_for_none() -> None:
    rules = AccountRules(limits=RULES.limits, users=USERS.users)
    gate = admitted(AccountGate(), rules, 2, user="ann")
    after, _ = gate.admit(rules, start("ann"), START)
    account, user = after.standings("shop", rules, START, "ann")

    assert (account.left, user.left) == ({"minute": 2}, {"minute": 0})


def test_a_start_without_a_user_counts_for_the_account_alone() -> None:
    gate = admitted(AccountGate(), USERS, 50)

    assert gate.users == Crowd()


def test_the_refused_are_told_one_instant_each() -> None:
    gate = admitted(AccountGate(), RULES, 4)
    told = []
    for _ in range(5):
        gate, entry = gate.admit(RULES, start(), START)
        assert entry.refusal is not None
        told.append(entry.refusal.come_back_at)

    assert len(set(told)) == 5


def test_who_is_given_up_for_its_own_windows_takes_no_turn_of_the_account() -> None:
    rules = AccountRules(limits=RULES.limits, users=Limits(burst=None, minute=None, hour=None, day=4))
    gate = admitted(AccountGate(), rules, 4, user="ann")
    for _ in range(100):
        gate, _ = gate.admit(rules, start("ann", patience=START + 120 * SECOND), START)
    _, entry = gate.admit(rules, start("bob", patience=START + 120 * SECOND), START)

    assert entry.refusal is not None
    assert entry.refusal.come_back_at == START + 63 * SECOND


def test_its_time_never_goes_back() -> None:
    gate = admitted(AccountGate(), RULES, 1)
    gate, entry = gate.admit(RULES, start(), START - SPANS["hour"])

    assert (gate.seen, entry.at) == (START, START)


def test_a_limit_of_today_holds_at_once_and_forgets_nothing() -> None:
    gate = admitted(AccountGate(), RULES, 4)
    more = AccountRules(limits=Limits(burst=None, minute=6, hour=None, day=None), users=NONE)
    _, entry = gate.admit(more, start(), START)

    assert entry.refusal is None
    assert gate.standings("shop", more, START)[0].left == {"minute": 2}


def test_who_looks_is_told_what_is_left_and_counts_nothing() -> None:
    gate = admitted(AccountGate(), USERS, 2, user="ann")
    account, user = gate.standings("shop", USERS, START, "ann")

    assert (account.left, account.refusal) == ({}, None)
    assert user.left == {"minute": 0}
    assert user.refusal is not None
    assert user.refusal.come_back_at == START + 63 * SECOND


def test_who_looks_hears_when_there_is_room_and_not_the_next_turn() -> None:
    gate = admitted(AccountGate(), RULES, 4)
    for _ in range(50):
        gate, _ = gate.admit(RULES, start(), START)
    (account,) = gate.standings("shop", RULES, START)

    assert account.refusal is not None
    assert account.refusal.come_back_at == START + 63 * SECOND


def test_a_user_whom_nobody_knows_has_the_whole_limit() -> None:
    user = AccountGate().standings("shop", USERS, START, "nobody")[1]

    assert (user.key, user.left, user.refusal) == ("nobody", {"minute": 2}, None)


def test_beyond_so_many_users_the_others_share() -> None:
    gate = AccountGate()
    for number in range(MOST_USERS + 1):
        gate = admitted(gate, USERS, 2, user=f"user-{number}")
    _, stranger = gate.admit(USERS, start("stranger"), START)
    _, later = gate.admit(USERS, start("stranger"), START + 63 * SECOND)

    assert len(gate.users.known) == MOST_USERS
    assert stranger.refusal is not None
    assert later.refusal is None


def test_survives_being_written_down() -> None:
    gate = admitted(AccountGate(), USERS, 2, user="ann")

    assert codec.decode(AccountGate, codec.encode(gate)) == gate


def refusal(come_back_at: int | None) -> Refusal:
    return Refusal(level=Level.USER, key="ann", why="day", come_back_at=come_back_at)


@pytest.mark.parametrize(
    ("refusals", "expected"),
    [
        ([], None),
        ([None, None], None),
        ([refusal(3), None, refusal(5)], refusal(5)),
        ([refusal(5), refusal(None), refusal(7)], refusal(None)),
    ],
)
def test_a_refusal_for_ever_lasts_longest(refusals: list[Refusal | None], expected: Refusal | None) -> None:
    assert longest(refusals) == expected
