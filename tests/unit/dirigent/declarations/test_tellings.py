"""Events are told where somebody may hear of them, with properties that are the teller's to give."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dirigent.declarations import Finding, read
from dirigent.domain.steps import ChooseStep, NotifyStep, SendStep

Find = Callable[..., list[Finding]]

SHOP = """\
shop:
  description: Tells what was sold.
  type: shop
  input: {ware: {}, buyer: {}, count: {type: integer}}
  steps:
    - name: ask
      agent: baker
      prompt: Sell {{ware}} {{count}}.
      output: sale
      answers: {kind: {one_of: [cash, card]}, sum: {type: number}}
    - name: tell
      event: WareSold
      topic: sales
      with: {ware: "{{ware}}", sum: "{{sale.sum}}", note: "{{count}} to {{buyer}}"}
      properties: {kind: "{{sale.kind}}"}
      time_to_live: 60
      output: told
    - name: thank
      notify: email
      to: "{{buyer}}"
      subject: Your {{ware}}
      text: Thank you for {{sale}}.
      output: thanks
      timeout: 5
    - name: settle
      choose: sale.kind
      branches:
        cash: {event: CashPaid, topic: cash, properties: {sum: "{{sale.sum}}"}}
        card: {notify: chat, to: desk, text: "Card: {{told.id}}"}
      output: settled
  result: {id: told.id, address: thanks.address, is_simulated: thanks.simulated, settled: settled}
"""
FAIR = """\
fair:
  description: Tells everybody.
  type: fair
  pattern: fan_out
  input: {news: {}}
  prompt: Say {{news}}.
  branches:
    - {name: by-mail, notify: email, to: all@example.org, text: "{{branch}}: {{news}}"}
    - {name: by-event, event: News, topic: news, with: {news: "{{news}}"}}
    - {name: crier, agent: baker}
  result: {said: branches, mail: by_mail.address, event: by_event.id}
"""
SALES = "sales: {topic: sales, workflow: bread}\n"


def test_steps_are_built_as_they_are_declared(declare: Callable[..., Path]) -> None:
    steps = {step.name: step for step in read(declare(**{"workflows/shop": SHOP})).workflows["shop"].steps}

    assert steps["tell"] == SendStep(
        name="tell",
        topic="sales",
        event="WareSold",
        output="told",
        given={"ware": "{{ware}}", "sum": "{{sale.sum}}", "note": "{{count}} to {{buyer}}"},
        properties={"kind": "{{sale.kind}}"},
        time_to_live=60.0,
    )
    assert steps["thank"] == NotifyStep(
        name="thank",
        channel="email",
        to="{{buyer}}",
        subject="Your {{ware}}",
        text="Thank you for {{sale}}.",
        output="thanks",
        timeout=5.0,
    )
    settle = steps["settle"]
    assert isinstance(settle, ChooseStep)
    assert settle.branches == {
        "cash": SendStep(
            name="settle",
            topic="cash",
            event="CashPaid",
            output="settled",
            properties={"sum": "{{sale.sum}}"},
        ),
        "card": NotifyStep(
            name="settle", channel="chat", to="desk", text="Card: {{told.id}}", output="settled"
        ),
    }


def test_branches_side_by_side_tell_and_notify(declare: Callable[..., Path]) -> None:
    definition = read(declare(**{"workflows/fair": FAIR})).definition("fair")

    kinds = {step.name: (step.activity, step.timeout, step.agent) for step in definition.plan()}
    assert kinds == {
        "by-mail": ("notify_people", 30.0, None),
        "by-event": ("send_event", 30.0, None),
        "crier": ("ask_agent", 30.0, "baker"),
        "combine": ("combine_branches", 30.0, None),
    }
    assert definition.step("by-mail").output == "by_mail"


def test_nobody_has_to_subscribe(findings: Find) -> None:
    assert (
        findings(**{"workflows/shop": SHOP, "subscriptions/news": "a: {topic: other, workflow: bread}"}) == []
    )


def test_a_topic_that_is_subscribed_to_is_no_slip(findings: Find) -> None:
    more = "sale: {topic: sale, workflow: bread}\n"

    assert findings(**{"workflows/shop": SHOP, "subscriptions/news": SALES + more}) == []


@pytest.mark.parametrize("topic", ["sale", "salse", "sles", "sa-les"])
def test_a_topic_that_nearly_is_one_that_is_subscribed_to_is_refused(findings: Find, topic: str) -> None:
    shop = SHOP.replace("topic: sales", f"topic: {topic}")

    (found,) = findings(**{"workflows/shop": shop, "subscriptions/news": SALES})

    assert (found.path, found.line) == ("workflows.shop.steps[1].topic", 13)
    assert found.message == (
        f"Nobody subscribes to {topic!r}, which looks like 'sales': did you mean 'sales'? "
        "If not, call it otherwise."
    )


def test_a_slip_is_found_in_every_way_a_step_may_go(findings: Find) -> None:
    (found,) = findings(
        **{"workflows/shop": SHOP, "subscriptions/news": "a: {topic: cashs, workflow: bread}"}
    )

    assert found.path == "workflows.shop.steps[3].branches.cash.topic"


def test_subscriptions_that_cannot_be_read_blame_nobody(findings: Find) -> None:
    shop = SHOP.replace("topic: sales", "topic: sale")

    found = findings(**{"workflows/shop": shop, "subscriptions/news": SALES, "subscriptions/more": "a: ["})

    assert {finding.file for finding in found} == {"subscriptions/more.yaml"}


@pytest.mark.parametrize(
    ("old", "new", "path", "says"),
    [
        (
            "properties: {kind: ",
            "properties: {Type: ",
            "steps[1].properties.Type",
            "is reserved, events are marked by it",
        ),
        ("properties: {kind: ", "properties: {REPLAY_FOR: ", "steps[1].properties.REPLAY_FOR", "is reserved"),
        (
            "properties: {kind: ",
            "properties: {traceparent: ",
            "steps[1].properties.traceparent",
            "is reserved",
        ),
        (
            "properties: {kind: ",
            "properties: {KIND: a, kind: ",
            "steps[1].properties.kind",
            "differs from 'KIND' in capitals only",
        ),
        (
            "properties: {kind: ",
            "properties: {a-b: ",
            "steps[1].properties.a-b",
            "letters, digits and underscores that begins with a",
        ),
        ("with: {ware: ", "with: {a.b: ", "steps[1].with.a.b", "'a.b' does not fit"),
        ("{{sale.kind}}", "{{sale.knd}}", "steps[1].properties.kind", "has no field 'knd'"),
        ("{{sale.sum}}", "{{sum}}", "steps[1].with.sum", "Nothing is called 'sum'"),
        ('"{{buyer}}"', '"{{told.it}}"', "steps[2].to", "'told' has no field 'it'"),
        ("Your {{ware}}", "Your {ware}", "steps[2].subject", "{ware} is no variable: write {{ware}}"),
        ("{{sale}}.", "{{thanks}}.", "steps[2].text", "The step reads its own output"),
        ("thanks.address", "thanks.adress", "result.address", "did you mean 'address'?"),
        ("event: WareSold", "event: Ware sold", "steps[1].event", "does not fit: write a name of letters"),
        ("topic: sales", "topic: Sales", "steps[1].topic", "write the name of a topic"),
        ("      topic: sales\n", "", "steps[1]", "The key 'topic' is missing"),
        ("time_to_live: 60", "time_to_live: 0", "steps[1].time_to_live", "number from 1 to 1,209,600"),
        ("notify: email", "notify: mail", "steps[2].notify", "did you mean 'email'?"),
        ("      subject:", "      topic:", "steps[2].topic", "belongs to a step with `event`"),
        ("      subject:", "      channel:", "steps[2].channel", "the channel is what `notify` says"),
        ("time_to_live: 60", "text: a", "steps[1].text", "belongs to a step with `notify`"),
        ("time_to_live: 60", "data: {}", "steps[1].data", "stands in `with`"),
        ("time_to_live: 60", "prompt: a", "steps[1].prompt", "belongs to a step that asks an agent"),
        ("notify: email", "notify: email\n      event: a", "steps[2]", "Has both 'event' and 'notify'"),
        ("{notify: chat, to: desk,", "{notify: chat,", "branches.card", "The key 'to' is missing"),
        ("choose: sale.kind", "choose: told.id", "steps[3].choose", "is not the answer of an agent"),
    ],
)
def test_refuses(findings: Find, old: str, new: str, path: str, says: str) -> None:
    assert old in SHOP

    found = findings(**{"workflows/shop": SHOP.replace(old, new, 1)})

    assert says in " ".join(finding.message for finding in found if finding.path.endswith(f".{path}")), found


@pytest.mark.parametrize("unread", ["subject: 5", "text: 5", "to: 5"])
def test_what_could_not_be_read_may_have_read_a_field(findings: Find, unread: str) -> None:
    key = unread.partition(":")[0]
    line = next(line.strip() for line in SHOP.splitlines() if line.strip().startswith(f"{key}:"))

    (found,) = findings(**{"workflows/shop": SHOP.replace(line, unread)})

    assert found.path == f"workflows.shop.steps[2].{key}"
