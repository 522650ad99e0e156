"""The CPU of an alert by part: what is left of it once a part is taken out."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from benchmarks.measuring.figures import Figure
from benchmarks.measuring.timing import interleaved
from benchmarks.workload.contenders import OURS, RULE, client_of, product_alerts
from benchmarks.workload.events import batch, event
from benchmarks.workload.instant import InstantClient
from benchmarks.workload.null_endpoint import null_endpoint
from notifications.alerts.composing import compose
from notifications.batch import RecordState
from notifications.config import rules_file
from notifications.publishing.ledger import LedgerSnapshot
from notifications.publishing.messages import to_message

TOPIC = "CPU of an alert by part"
ALERTS = 500


def measure(rounds: int = 7) -> list[Figure]:
    """Time the parts by themselves, and the whole with clients that cost nothing and with real ones."""
    ruleset = rules_file.parse(RULE)
    parsed = event(batch(ALERTS, matching_every=1))
    text = json.dumps(parsed)

    def read() -> list[RecordState]:
        states = [RecordState(position, raw) for position, raw in enumerate(parsed["Records"])]
        for state in states:
            state.read(ruleset)
        return states

    def decide() -> list[Any]:
        snapshot = LedgerSnapshot()
        return [alert for state in read() for alert in state.decide(ruleset, snapshot)]

    alerts = decide()
    decided = [evaluation for state in read() if not state.decide(ruleset, LedgerSnapshot()) or True
               for evaluation in state.evaluations]  # fmt: skip
    client = InstantClient()
    instant = product_alerts(client, client)
    with null_endpoint() as endpoint:
        real = product_alerts(client_of(OURS, "sns", endpoint.url), client_of(OURS, "dynamodb", endpoint.url))
        runs: dict[str, Callable[[], object]] = {
            "json": lambda: json.loads(text),
            "read": read,
            "decide": decide,
            "compose": lambda: [compose(evaluation, ruleset.product) for evaluation in decided],
            "encode": lambda: [to_message(alert) for alert in alerts],
            "instant": lambda: instant(parsed),
            "real": lambda: real(parsed),
        }
        found = interleaved(runs, rounds, time.process_time, repeat=False)
    each = {name: spread.median / ALERTS * 1e6 for name, spread in found.items()}
    parts = {
        "decode: the record's JSON, which Lambda's runtime reads": each["json"],
        "decode and judge: the change, the rules that it concerns": each["read"],
        "decide: with what the ledger knows": max(each["decide"] - each["read"] - each["compose"], 0.0),
        "compose: title, text, data": each["compose"],
        "encode: the message": each["encode"],
        "order, group, write down": max(each["instant"] - each["decide"] - each["encode"], 0.0),
        "botocore: serialise, sign, send, parse": max(each["real"] - each["instant"], 0.0),
        "together": each["json"] + each["real"],
    }
    return [Figure(TOPIC, name, value, "µs") for name, value in parts.items()]
