"""What the environment decides, read once at the door; what will not do is named at once, with its remedy."""

from dirigent.settings.callers import OBJECT_CLAIM, TENANT_CLAIM
from dirigent.settings.endpoints import Endpoint
from dirigent.settings.names import NAMES, is_name
from dirigent.settings.namespace import Namespace
from dirigent.settings.problems import Problem, SettingRefused
from dirigent.settings.reader import HOME
from dirigent.settings.settings import Settings
from dirigent.settings.storage import Storage

__all__ = [
    "HOME",
    "NAMES",
    "OBJECT_CLAIM",
    "TENANT_CLAIM",
    "Endpoint",
    "Namespace",
    "Problem",
    "SettingRefused",
    "Settings",
    "Storage",
    "is_name",
]
