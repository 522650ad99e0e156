"""Looking a deployed stage up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs

import pytest

from notifications.common.errors import ConfigurationError
from operations.deployed.stack import find_stack

STREAM = "arn:aws:dynamodb:eu-west-1:123456789012:table/products/stream/2026-11-21T09:00:00.000"
FOUND = f"""<DescribeStacksResponse><DescribeStacksResult><Stacks><member><StackName>x</StackName><Outputs>
<member><OutputKey>ProductsStreamArn</OutputKey><OutputValue>{STREAM}</OutputValue></member>
<member><OutputKey>LedgerTableName</OutputKey><OutputValue>ledger</OutputValue></member>
</Outputs></member></Stacks></DescribeStacksResult></DescribeStacksResponse>"""
MISSING = """<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code>
<Message>Stack with id product-alerts-prod does not exist</Message></Error></ErrorResponse>"""


@contextmanager
def _cloud_formation(status: int, answer: str) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer to every request; give the address and the names of the stacks that were asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            asked.extend(parse_qs(body)["StackName"])
            self.send_response(status)
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *_: object) -> None:
            """Stay silent."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Give an environment that names credentials and nothing else of AWS."""
    for name in ("AWS_ENDPOINT_URL", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return monkeypatch


def test_a_stage_is_known_by_its_outputs(environment: pytest.MonkeyPatch) -> None:
    """The stack of the stage, in the region that is named; the table's ARN is the beginning of its stream's."""
    with _cloud_formation(200, FOUND) as (address, asked):
        environment.setenv("AWS_ENDPOINT_URL", address)
        stack = find_stack("prod", "eu-west-1")
    assert asked == ["product-alerts-prod"]
    assert stack.outputs == {"ProductsStreamArn": STREAM, "LedgerTableName": "ledger"}
    assert stack.table_arn == "arn:aws:dynamodb:eu-west-1:123456789012:table/products"
    assert stack.client("sqs").meta.region_name == "eu-west-1"


def test_without_a_region_it_is_that_of_the_service_file(environment: pytest.MonkeyPatch) -> None:
    """us-east-1, as serverless.yml has it."""
    with _cloud_formation(200, FOUND) as (address, _):
        environment.setenv("AWS_ENDPOINT_URL", address)
        assert find_stack("prod").client("sqs").meta.region_name == "us-east-1"


def test_the_local_stage_needs_nothing_of_the_users_aws_settings(environment: pytest.MonkeyPatch) -> None:
    """Neither a profile that does not exist here nor missing credentials are in its way."""
    environment.setenv("AWS_PROFILE", "production")
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    with _cloud_formation(200, FOUND) as (address, asked):
        environment.setenv("AWS_ENDPOINT_URL", address)
        assert find_stack("local").client("sqs").meta.region_name == "us-east-1"
    assert asked == ["product-alerts-local"]


def test_a_stage_that_is_not_deployed_is_said_with_what_to_do(environment: pytest.MonkeyPatch) -> None:
    """Which stack was looked for, where, and how to make it or find it."""
    with _cloud_formation(400, MISSING) as (address, _):
        environment.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(ConfigurationError) as raised:
            find_stack("prod")
    assert str(raised.value) == (
        "stack product-alerts-prod in us-east-1: Stack with id product-alerts-prod does not exist. "
        "Deploy it with `npx sls deploy --stage prod`, or name its stage and region with --stage and --region."
    )


def test_without_credentials_the_reason_is_said(environment: pytest.MonkeyPatch) -> None:
    """In one line, as botocore says it."""
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(ConfigurationError, match=r"^AWS cannot be asked for stack product-alerts-dev: [^\n]+$"):
        find_stack("dev")


@pytest.mark.parametrize(("stage", "instead"), [("local", "stage local is found without"), ("prod", "AWS needs none")])
def test_a_dead_endpoint_is_said_with_the_way_out(stage: str, instead: str, environment: pytest.MonkeyPatch) -> None:
    """An export of a run that has ended gets advice about the export, not about credentials."""
    environment.setattr("botocore.endpoint.time.sleep", lambda _: None)  # between its attempts
    environment.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    with pytest.raises(ConfigurationError, match=f"Run `unset AWS_ENDPOINT_URL`: {instead}") as raised:
        find_stack(stage)
    assert "credentials" not in str(raised.value)
