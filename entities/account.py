"""The gate of an account."""

from typing import Any

from dirigent import codec
from dirigent.domain.account_gate import AccountGate
from dirigent.domain.catalogue import Catalogue
from dirigent.domain.gates import Entry, Start
from dirigent.ports.clock import Clock
from entities.shell import Entity, Read, move


def account(clock: Clock, catalogue: Catalogue) -> Entity:
    """The entity, keeping to this catalogue's limits."""

    def admit(gate: AccountGate, start: Read, now: int) -> tuple[AccountGate, Entry]:
        wanted = codec.decode(Start, start())
        return gate.admit(catalogue.account(wanted.account), wanted, now)

    def account(context: Any) -> None:
        move(context, AccountGate, {"admit": admit}, clock)

    return account
