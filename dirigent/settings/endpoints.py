"""Where models are reached."""

from dataclasses import dataclass, field

from dirigent.settings.addresses import place_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One service that speaks OpenAI's protocol."""

    #: With the version, such as `https://api.openai.com/v1`.
    url: str
    #: None: whoever runs the app signs in with Entra, and no key is needed.
    key: str | None = field(default=None, repr=False)
    #: In the words of OpenTelemetry: `openai`, `azure.ai.openai`.
    provider: str = "openai"
    #: The variables that say it; empty where nobody knows.
    url_from: str = field(default="", compare=False)
    key_from: str = field(default="", compare=False)

    @property
    def host(self) -> str:
        """As people are told of it, with its port where that says something."""
        return place_of(self.url)
