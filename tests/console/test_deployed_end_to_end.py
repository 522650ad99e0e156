"""The console of a deployed stage over the real stack in the local AWS, as over one on AWS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.aws.stage import Stage
from operations.deployed.local_endpoint import local_session
from operations.deployed.stack import Stack
from tests.conftest import DeployedService
from tests.console.stage import Browser, serving, until
from tests.lambda_log import lambda_log, put, report
from tests.notifications.delivery.handling.test_delivery import Function, body, id_in

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def browser(deployed_service: DeployedService, tmp_path: Path) -> Iterator[Browser]:
    """Serve a console that takes the local stack for one on AWS."""
    endpoint = deployed_service.aws.endpoint_url
    found = deployed_service.aws.client("cloudformation").describe_stacks(StackName="product-alerts-local")["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}
    stack = Stack("staging", outputs, local_session(), endpoint)
    with serving(Stage("staging", find=lambda *_: stack), tmp_path, writes=False) as (_, browser):
        yield browser


def test_live_and_a_records_way_read_the_functions_logs(deployed_service: DeployedService, browser: Browser) -> None:
    """With what the functions themselves have written there."""
    service = deployed_service
    outputs = service.outputs
    item = {"name": {"S": "Tea Caddy"}, "price": {"N": "25.99"}}
    service.put_then_set({"productId": {"S": "console-9"}}, item, price="19.99")
    until(lambda: "Tea Caddy" in browser.get("/alerts?product=console-9").text, 90)
    function = Function()
    with lambda_log() as lines:
        function.receive(body())
    logs = service.aws.client("logs")
    put(logs, outputs.alerts_function_name, [report("timeout")])
    put(logs, outputs.alerts_function_name.removesuffix("alerts") + "delivery", lines)
    text = browser.get("/live").text
    assert "ran out of time after 30.0 s" in text
    assert f'href="/alerts/{id_in(body())}"' in text
    assert browser.get("/live").status == 200
