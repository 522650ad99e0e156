"""Whatever a stream sends, the function calls what its role allows, with requests that AWS takes."""

from __future__ import annotations

import json
import random

import pytest

from tests import soak
from tests.builders import ROOT, rules
from tests.fuzz.events import canary, mutated
from tests.fuzz.test_fuzz import RULES
from tests.infrastructure.policies import Recorder, allowed, denied, function_on
from tests.notifications.test_batch_report import NOISY

pytestmark = pytest.mark.usefixtures("silence")

EVENTS = soak.length(20_000, gate=20)  # 2.6 ms each, in clients that are real but for the network


@pytest.mark.soak
def test_whatever_comes_every_call_is_allowed_and_every_request_is_taken() -> None:
    """Under rules of all kinds; each request is held against AWS's limits as those of every test are (conftest.py)."""
    role = json.loads((ROOT / "tests/snapshots/prod.json").read_text("utf-8"))["Resources"]["AlertsRole"]
    grants = allowed(
        statement for policy in role["Properties"]["Policies"] for statement in policy["PolicyDocument"]["Statement"]
    )
    recorder = Recorder()
    functions = [function_on(recorder, each) for each in (*RULES, rules(NOISY))]
    for seed in range(EVENTS):
        event = mutated(random.Random(seed))  # noqa: S311 - a test's dice
        if isinstance(event, dict) and isinstance(event.get("Records"), list):
            event["Records"].append(canary(seed))
        functions[seed % len(functions)].handle(event)
    assert {call.action for call in recorder.calls} == {
        "dynamodb:BatchGetItem",
        "dynamodb:BatchWriteItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "sns:Publish",
        "sqs:SendMessage",
    }
    assert denied(recorder.calls, grants) == set()
