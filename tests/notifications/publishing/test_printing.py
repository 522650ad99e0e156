"""What `sls invoke local` shows in the place of a topic and a queue."""

from __future__ import annotations

import io

from notifications.publishing.failures import Parked
from notifications.publishing.printing import PrintingFailures, PrintingTopic
from tests.builders import message


def test_an_alert_is_printed_readable_and_counts_as_published() -> None:
    """Type, severity, rule, title, text, attributes and id, a blank line after each."""
    out = io.StringIO()
    sent = message("prod-1", 1, "my rule", message_attributes={"category": {"S": "Home"}})
    (outcome,) = PrintingTopic(out).publish([sent])
    assert outcome.error is None
    assert outcome.message_id
    assert out.getvalue() == (
        "alert   product.added (info) by rule my rule\n"
        "        A title\n"
        "        A text.\n"
        "        type=product.added, rule=my rule, severity=info, productId=prod-1, category=Home\n"
        f"        id {sent.alert.id}\n\n"
    )


def test_a_parked_record_is_printed_with_its_reason() -> None:
    """What would be in the failures queue."""
    out = io.StringIO()
    PrintingFailures(out).park(Parked({}, "the reason", "RefusedAlertError", "my rule"))
    PrintingFailures(out).park(Parked({}, "the reason", "MalformedRecordError"))
    assert out.getvalue() == (
        "parked  RefusedAlertError (rule my rule): the reason\n\nparked  MalformedRecordError: the reason\n\n"
    )


def test_a_products_text_cannot_forge_lines() -> None:
    """Line breaks and escape sequences of a product are printed as what they are."""
    out = io.StringIO()
    hostile = "A\nparked  Forged: \x1b[31mred\x9b"
    PrintingTopic(out).publish([message("prod-1", 1, title=hostile)])
    PrintingFailures(out).park(Parked({}, hostile, "RefusedAlertError"))
    assert "\x1b" not in out.getvalue()
    assert "\x9b" not in out.getvalue()
    assert not [line for line in out.getvalue().splitlines() if line.startswith("parked  Forged")]
    assert out.getvalue().count(r"A\nparked  Forged: \x1b[31mred\x9b") == 2
