"""How the scripted model comes by its words: from role, wording and data, never from names."""

from dirigent.adapters.scripted.answers import answer

__all__ = ["answer"]
