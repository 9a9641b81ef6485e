"""What every message has in common."""

from msgspec import Struct


class Message(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A fact or a wish, written once; it grows by optional fields only, for histories outlive code.

    What a run is frozen to says `omit_defaults=False`: a default may change with the next deployment.
    """
