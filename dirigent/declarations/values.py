"""Kinds of single values that keys of several declarations take."""

import re

from dirigent.declarations.kinds import IDENTIFIER, LONGEST_NAME, NAME, Number, Text

LONGEST_RUN = 7 * 24 * 3600
LONGEST_CALL = 1800
#: In less time nothing is ever done: every order would come too late and be given again.
SHORTEST = 0.1
LONGEST_WAIT = 86_400

LINE = Text(says="a text of up to 2,000 characters", longest=2_000)
PROSE = Text(says="a text of up to 100,000 characters", longest=100_000)
NAMED = Text(says="a name of lower-case letters, digits and hyphens", longest=LONGEST_NAME, pattern=NAME)
IDENTIFIED = Text(
    says="a name of letters, digits and underscores that begins with no digit",
    longest=LONGEST_NAME,
    pattern=IDENTIFIER,
)
AGENT_NAME = Text(says="the name of an agent", longest=LONGEST_NAME, pattern=NAME)
MODEL_NAME = Text(says="the name of a model", longest=LONGEST_NAME, pattern=NAME)
WORKFLOW_NAME = Text(says="the name of a workflow", longest=LONGEST_NAME, pattern=NAME)
TOPIC = Text(says="the name of a topic", longest=LONGEST_NAME, pattern=NAME)
EVENT_TYPE = Text(
    says="a name of letters, digits, `.`, `-` and `_` that begins with a letter, such as `OrderPaid`",
    longest=100,
    pattern=re.compile(r"[A-Za-z][A-Za-z0-9._-]*"),
)
#: What filters call a property without brackets.
PROPERTY = Text(
    says="a name of letters, digits and underscores that begins with a letter",
    longest=LONGEST_NAME,
    pattern=re.compile(r"[A-Za-z][A-Za-z0-9_]*"),
)
CHANNELS = ("email", "sms", "chat", "webhook")
TIMEOUT = Number(low=SHORTEST, high=LONGEST_CALL)
DURATION = Number(low=SHORTEST, high=LONGEST_RUN)
