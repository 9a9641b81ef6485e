"""The catalogue's YAML into domain types; refuses what is wrong, naming file, line, key and remedy."""

from dirigent.declarations.findings import CatalogueRefused, Finding
from dirigent.declarations.folder import read
from dirigent.declarations.lines import line

__all__ = ["CatalogueRefused", "Finding", "line", "read"]
