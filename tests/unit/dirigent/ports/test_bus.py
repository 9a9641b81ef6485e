"""What a bus may answer."""

from dirigent.ports.bus import BusRefused


def test_a_refusal_has_a_reason_for_machines_and_a_sentence_for_people() -> None:
    refusal = BusRefused("unknown_topic", "The bus has no topic 'data'.")

    assert (refusal.reason, refusal.sentence) == ("unknown_topic", "The bus has no topic 'data'.")
    assert str(refusal) == refusal.sentence
