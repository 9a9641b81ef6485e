"""Lines of the log: ours name what they speak of, for people in the text and for programs in fields."""

from logging import NOTSET, WARNING, Logger, getLogger

#: Packages that tell of each request they send, some with all that is in it; an exporter's requests would
#: tell of themselves without end.
TALKATIVE = (
    "azure.core",
    "azure.data",
    "azure.identity",
    "azure.monitor",
    "azure.storage",
    "httpx2",
    "openai",
)


def hush() -> None:
    """Let talkative packages tell of trouble alone, except where somebody has set what they tell."""
    for name in TALKATIVE:
        if (logger := getLogger(name)).level == NOTSET:
            logger.setLevel(WARNING)


def line(log: Logger, level: int, sentence: str, **facts: str | float | None) -> None:
    """Say it, with those of the facts that are known; no text of a prompt or an answer is one."""
    if not log.isEnabledFor(level):
        return
    known = {name: fact for name, fact in facts.items() if fact is not None}
    words = " ".join(f"{name}={_word(fact)}" for name, fact in known.items())
    # The host keeps the text, an exporter the fields as well. Who logs is whose line it is, not this module.
    log.log(level, "%s: %s", sentence, words, extra=known, stacklevel=2)


def _word(fact: str | float) -> str:
    text = f"{fact:g}" if isinstance(fact, float) else str(fact)
    return text if text.isprintable() and text and " " not in text else repr(text)
