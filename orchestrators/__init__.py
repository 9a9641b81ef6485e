"""Sequence: one pattern a file; generators that yield durable tasks and ask the domain what comes next."""

from orchestrators.sequential import sequential

ORCHESTRATORS = (sequential,)
