"""How gates let somebody through, as the HTTP API shows it."""

from dirigent.domain.passages import Passage, Refusal, instant


def passage_view(passage: Passage) -> dict[str, object]:
    """Who let it through, how long that took, and who refused it meanwhile."""
    return {
        "level": passage.level,
        "key": passage.key,
        "state": passage.state,
        "refused": passage.refused,
        "waited": passage.waited,
        "refusals": [_refusal(refusal) for refusal in passage.refusals],
    }


def _refusal(refusal: Refusal) -> dict[str, object]:
    come_back_at = refusal.come_back_at
    return {
        "level": refusal.level,
        "key": refusal.key,
        "why": refusal.why,
        "limit": refusal.limit,
        "come_back_at": None if come_back_at is None else instant(come_back_at),
        "sentence": refusal.sentence,
    }
