"""Sequence: one pattern a file; generators that yield durable tasks and ask the domain what comes next."""

from orchestrators.ask_alone import ask_alone
from orchestrators.fan_out import fan_out
from orchestrators.hierarchy import hierarchy
from orchestrators.quorum import quorum
from orchestrators.redriving import redriving
from orchestrators.sequential import sequential

ORCHESTRATORS = (sequential, fan_out, hierarchy, quorum, ask_alone, redriving)
