"""One record's way: the page that explains."""

from __future__ import annotations

from tests.console.stage import Browser, MemoryStage, console_of, until
from tests.rules.scenario import MINUTE, Shop


def way(browser: Browser, number: str, product: str = "") -> str:
    """Read the page of a record, once it has passed."""
    answer = until(lambda: (found := browser.get(f"/records/{number}?product={product}")).status == 200 and found)
    return str(answer.text)


def numbers(shop: Shop) -> list[str]:
    """Give the sequence numbers of a shop's records."""
    return [record["dynamodb"]["SequenceNumber"] for record in shop.records]


def test_a_record_shows_what_changed_the_verdicts_the_alert_and_its_deliveries(
    browser: Browser, stage: MemoryStage
) -> None:
    """With the numbers compared; rules that did not fire say why."""
    shop = Shop().put(name="Mug", price=10, stock=3).put(after=MINUTE, price=8)
    stage.play(shop, delivered_to="merchandising")
    text = way(browser, numbers(shop)[1])
    assert "<s>10</s> → <b>8</b>" in text
    assert "dropped 20.0% from 10, needs 10%" in text
    for label, value in (("baseline", "10"), ("new", "8"), ("threshold", "10%")):
        assert f"<dt>{label}</dt><dd>{value}</dd>" in text
    assert "stock stays at 3" in text
    assert "Mug: 8.00 USD, was 10.00" in text
    assert "published <time" in text
    assert ">delivered</span>" in text


def test_a_record_without_an_alert_says_so(browser: Browser, stage: MemoryStage) -> None:
    """With each rule's reason."""
    shop = Shop().put(name="Mug", price=10).put(after=MINUTE, price="9.5")
    stage.play(shop)
    text = way(browser, numbers(shop)[1])
    assert "No rule fired" in text
    assert "needs 10%" in text


def test_a_number_is_the_same_with_zeros_in_front_and_without(browser: Browser, stage: MemoryStage) -> None:
    """The ledger, which the Alerts page lists, leaves them out."""
    shop = Shop().put(name="Mug", price=10).put(after=MINUTE, price=8)
    shop.records[1]["dynamodb"]["SequenceNumber"] = "000000000000000000042"
    stage.play(shop)
    for number in ("42", "000000000000000000042"):
        assert "published <time" in way(browser, number)


def test_a_malformed_record_is_explained(browser: Browser, stage: MemoryStage) -> None:
    """Which says why it goes to the failures queue."""
    stage.activity.invoking([{"eventName": "MODIFY", "dynamodb": {"SequenceNumber": "7", "Keys": "<b>none</b>"}}])
    text = way(browser, "7")
    assert "expected a map" in text
    assert "<b>none" not in text


def test_retries_are_shown(browser: Browser, stage: MemoryStage) -> None:
    """Each invocation with its error."""
    record = Shop().put(name="Mug", price=10).records[0]
    number = record["dynamodb"]["SequenceNumber"]
    for error in ("Timeout: <1 s", ""):
        stage.activity.invoking([record])
        stage.activity.invoked([number], (), error)
    text = until(lambda: (found := way(browser, number)) and "Invocation 2" in found and found)
    assert "failed: Timeout: &lt;1 s" in text


def test_a_record_that_was_not_seen_passing_is_put_together_from_its_alert(stage: MemoryStage) -> None:
    """As on a deployed stage: the ledger and the deliveries say what changed and what was compared."""
    shop = Shop().put(name="Mug", price=10).put(after=MINUTE, price=8)
    stage.play(shop, delivered_to="everyone")
    with console_of(stage, "prod") as (_, browser):
        text = way(browser, numbers(shop)[1], "mug")
        assert "<s>10</s> → <b>8</b>" in text
        assert "<dt>baseline</dt><dd>10</dd>" in text
        assert ">delivered</span>" in text


def test_a_record_that_nobody_knows_of_is_said_to_be_so(browser: Browser) -> None:
    """Status 404, whatever the number is."""
    for number in ("1", "x", "9" * 3000, "%3Cscript%3E", "%E2%80%AE"):
        answer = browser.get(f"/records/{number}?product=mug")
        assert answer.status == 404
        assert "No record with this sequence number is known" in answer.text
        assert "<script>" not in answer.text
