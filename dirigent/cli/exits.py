"""The statuses that commands end with."""

COMPLETED, FAILED, REFUSED, UNREACHABLE = 0, 1, 2, 3
#: What a shell reports of a program that Ctrl-C ended.
INTERRUPTED = 130
