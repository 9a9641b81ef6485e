"""Hosts an app inside a test, on a real or a virtual clock."""

from devhost.testing.local_host import HostDied, LocalHost, OrchestrationFailed
from devhost.testing.reply import Reply
from devhost.testing.virtual_clock import VirtualClock

__all__ = ["HostDied", "LocalHost", "OrchestrationFailed", "Reply", "VirtualClock"]
