"""OpenAI's protocol over the scripted model, for tests and demos; it is never deployed."""

from dirigent.modelserver.counts import Counts, Tally
from dirigent.modelserver.server import AddressInUse, ModelServer

__all__ = ["AddressInUse", "Counts", "ModelServer", "Tally"]
