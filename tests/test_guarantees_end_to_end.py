"""The guarantees on the local AWS: real processes that die, calls that hang, batches that come twice; then the sums."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from event_source_mapping import FunctionInvoker, Invocation, InvokeResult, Options, RetrySchedule, serve
from event_source_mapping.lanes.failure_documents import RETRIES_EXHAUSTED, DiscardedRecords, failure_document
from event_source_mapping.model.stream_records import from_api
from local.samples.subscriber import Subscriber
from local.stack import local_aws as local_aws_module
from local.stack.deployment import deploy, one_package_at_a_time
from local.stack.local_aws import local_aws
from notifications.publishing.failures import Parked, SqsFailures
from tests import soak
from tests.conftest import DeployedService
from tests.notifications.common.test_embedded_metrics import SCHEMA
from tests.packaging import copy_of_project

pytestmark = pytest.mark.end_to_end

ROOT = Path(__file__).parent.parent
POISON = ROOT / "events" / "poison-record.json"
PRODUCTS = 60
MANY = 2000  # alerts: some two hundred calls to die between, eight at a time
QUIET_SECONDS = 3
BOUND_SECONDS = 300  # for a test that fails, not a promise
TRIES = 8


class Watch:
    """A subscriber that counts."""

    def __init__(self, service: DeployedService) -> None:
        self._subscriber = Subscriber(service.aws, service.outputs.alerts_topic_arn, f"watch-{uuid.uuid4().hex}")
        self.products: Counter[str] = Counter()
        self.ids: set[tuple[str, str]] = set()
        self.titles: dict[str, str] = {}

    def look(self, prefix: str, until: Callable[[], bool] = lambda: False, *, wait_seconds: int = 1) -> None:
        """Take alerts about products of a prefix until it holds, or until none comes for a while."""
        deadline, quiet_since = time.monotonic() + BOUND_SECONDS, time.monotonic()
        while not until() and time.monotonic() < deadline and time.monotonic() - quiet_since < QUIET_SECONDS:
            for alert in self._subscriber.receive(wait_seconds):
                quiet_since = time.monotonic()
                subject = str(alert.message["subject"])
                if subject.startswith(prefix):
                    self.products[subject] += 1
                    self.ids.add((subject, alert.id))
                    self.titles[subject] = str(alert.message["data"]["title"])


@pytest.fixture
def watch(deployed_service: DeployedService) -> Watch:
    """Subscribe before anything is sent."""
    return Watch(deployed_service)


def _batch(service: DeployedService, prefix: str, count: int = PRODUCTS) -> dict[str, Any]:
    """Make a batch of new products, as the mapping would send it."""
    first = time.time_ns() * 100
    return {"Records": [_record(service, f"{prefix}{number}", first + number) for number in range(count)]}


def _record(service: DeployedService, product: str, number: int) -> dict[str, Any]:
    key = {"productId": {"S": product}}
    return {
        "eventID": uuid.uuid4().hex,
        "eventName": "INSERT",
        "eventSource": "aws:dynamodb",
        "eventSourceARN": service.outputs.products_stream_arn,
        "dynamodb": {
            "ApproximateCreationDateTime": int(time.time()),
            "Keys": key,
            "NewImage": {**key, "name": {"S": product}, "price": {"N": "9.99"}, "stock": {"N": "20"}},
            "SequenceNumber": str(number),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
    }


def _invoke(service: DeployedService, event: dict[str, Any]) -> tuple[Any, bool]:
    """Invoke the function; return its answer, and whether it failed."""
    answer = service.aws.client("lambda").invoke(
        FunctionName=service.outputs.alerts_function_name, Payload=json.dumps(event)
    )
    return json.loads(answer["Payload"].read() or b"null"), "FunctionError" in answer


def _until_done(service: DeployedService, event: dict[str, Any]) -> None:
    """Deliver the batch again from where the function says, as the mapping does."""
    for _ in range(TRIES):
        answer, failed = _invoke(service, event)
        failures = [] if failed else answer["batchItemFailures"]
        if not failed and not failures:
            return
        if failures:
            numbers = [record["dynamodb"]["SequenceNumber"] for record in event["Records"]]
            event = {"Records": event["Records"][numbers.index(failures[0]["itemIdentifier"]) :]}
    pytest.fail("the batch is never done")


def _descendants(pid: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            rest = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        children.setdefault(int(rest[1]), []).append(int(stat.parent.name))
    found = list(children.get(pid, []))
    for each in found:
        found += children.get(each, [])
    return found


def _workers(service: DeployedService) -> list[int]:
    """Find the processes that run the function: those of this local AWS that know its ledger."""
    wanted = f"LEDGER_TABLE_NAME={service.outputs.ledger_table_name}".encode()
    found = []
    for pid in _descendants(service.aws.process.pid):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        if wanted in environment:
            found.append(pid)
    return found


@soak.at_full_length_alone
def test_a_function_killed_while_it_publishes_loses_nothing(deployed_service: DeployedService, watch: Watch) -> None:
    """The process dies with alerts out; delivered again, every product has alerted, and a repeat has the same id."""
    for attempt in range(TRIES):
        prefix = f"killed-{attempt}-{uuid.uuid4().hex[:6]}-"
        event = _batch(deployed_service, prefix, MANY)
        _invoke(deployed_service, {"Records": []})  # a process is there already
        with ThreadPoolExecutor(1) as pool:
            invocation = pool.submit(_invoke, deployed_service, event)
            watch.look(prefix, until=lambda: bool(watch.products), wait_seconds=0)
            for pid in _workers(deployed_service):
                os.kill(pid, signal.SIGKILL)
            _, failed = invocation.result(BOUND_SECONDS)
        if failed:
            break
        watch.products.clear()
        watch.ids.clear()
    assert failed, "the function was always faster than the hand that was to kill it"

    _until_done(deployed_service, event)
    watch.look(prefix)
    assert set(watch.products) == {f"{prefix}{number}" for number in range(MANY)}
    assert len(watch.ids) == MANY
    assert max(watch.products.values()) <= 2


def test_a_batch_invoked_twice_at_once_alerts_with_one_id_each(deployed_service: DeployedService, watch: Watch) -> None:
    """Two processes with the same batch may both publish, and then with the same ids; a third finds all sent."""
    prefix = f"twice-{uuid.uuid4().hex[:6]}-"
    event = _batch(deployed_service, prefix)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: _invoke(deployed_service, event), range(2)))
    assert not any(failed for _, failed in answers)
    _until_done(deployed_service, event)
    watch.look(prefix)
    assert set(watch.products) == {f"{prefix}{number}" for number in range(PRODUCTS)}
    assert len(watch.ids) == PRODUCTS
    assert max(watch.products.values()) <= 2

    watch.products.clear()
    assert _invoke(deployed_service, event) == ({"batchItemFailures": []}, False)
    watch.look(prefix)
    assert watch.products == {}


def test_an_aws_that_hangs_hands_the_batch_back(deployed_service: DeployedService, watch: Watch) -> None:
    """The local AWS stands still for longer than a client waits; in the end every product has alerted."""
    prefix = f"hung-{uuid.uuid4().hex[:6]}-"
    event = _batch(deployed_service, prefix)
    _invoke(deployed_service, {"Records": []})  # a process is there already
    workers = set(_workers(deployed_service))
    servers = [pid for pid in _descendants(deployed_service.aws.process.pid) if pid not in workers]
    with ThreadPoolExecutor(1) as pool:
        invocation = pool.submit(_until_done, deployed_service, event)
        watch.look(prefix, until=lambda: bool(watch.products))
        try:
            for pid in servers:
                os.kill(pid, signal.SIGSTOP)
            threading.Event().wait(6)
        finally:
            for pid in servers:
                os.kill(pid, signal.SIGCONT)
        invocation.result(BOUND_SECONDS)
    _until_done(deployed_service, event)
    watch.look(prefix)
    assert set(watch.products) == {f"{prefix}{number}" for number in range(PRODUCTS)}
    assert len(watch.ids) == PRODUCTS


def _ends(service: DeployedService) -> None:
    """Ask the local AWS to end, as a service that is restarted is asked, and wait until it has."""
    for pid in _descendants(service.aws.process.pid)[:1]:
        os.kill(pid, signal.SIGTERM)
    service.aws.process.wait(BOUND_SECONDS)


@soak.at_full_length_alone
def test_after_a_restart_of_the_local_aws_nothing_is_lost_or_repeated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends while the function publishes; with its state kept, the ledger holds, and so does what was parked."""
    plain = local_aws_module._server_environment
    kept = {"PERSIST_STATE": "1", "STATE_DIR": str(tmp_path / "state")}
    monkeypatch.setattr(local_aws_module, "_server_environment", lambda *given: {**plain(*given), **kept})
    prefix = f"restarted-{uuid.uuid4().hex[:6]}-"
    with local_aws(tmp_path) as aws:
        service = DeployedService(aws, deploy(aws))
        watch = Watch(service)
        poison = json.loads(POISON.read_text())
        assert _invoke(service, poison) == ({"batchItemFailures": []}, False)
        written = _batch(service, f"{prefix}before-", 5)
        assert _invoke(service, written) == ({"batchItemFailures": []}, False)
        event = _batch(service, prefix, MANY)
        with ThreadPoolExecutor(1) as pool:
            invocation = pool.submit(_invoke, service, event)
            watch.look(prefix, until=lambda: len(watch.products) > 5, wait_seconds=0)
            _ends(service)
            invocation.exception(BOUND_SECONDS)  # answered or not: the caller cannot know
    with local_aws(tmp_path, int(aws.endpoint_url.rpartition(":")[2])) as again:
        service = DeployedService(again, service.outputs)
        watch.look(prefix)
        _until_done(service, event)
        _until_done(service, written)
        watch.look(prefix)
        before = {f"{prefix}before-{number}" for number in range(5)}
        assert set(watch.products) == {f"{prefix}{number}" for number in range(MANY)} | before
        assert len(watch.ids) == MANY + 5
        assert {watch.products[product] for product in before} == {1}
        assert max(watch.products.values()) <= 2
        queue = service.outputs.failures_queue_url
        names = ["ApproximateNumberOfMessages"]
        found = again.client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=names)
        assert int(found["Attributes"][names[0]]) >= 1


def _operations(service: DeployedService, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Run a command of an operator's; return its status and the JSON lines that it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "operations", *arguments, "--stage", "local", "--json"],
        env=service.aws.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BOUND_SECONDS,
        check=False,
    )
    assert done.stderr == ""
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def _given_up_batch(service: DeployedService, products: list[str]) -> dict[str, Any]:
    """Write the document of a batch given up, over the records that the stream holds of some products."""
    streams, arn = service.aws.client("dynamodbstreams"), service.outputs.products_stream_arn
    for shard in streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]:
        start = {"StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**start)["ShardIterator"]
        found = streams.get_records(ShardIterator=iterator, Limit=1000)["Records"]
        wanted = [record for record in found if record["dynamodb"]["Keys"]["productId"]["S"] in products]
        if wanted:
            records = [from_api(record, arn) for record in wanted]
            given_up = DiscardedRecords(
                records=records, condition=RETRIES_EXHAUSTED, invocations=3, at=time.time(), request_id="1", result=None
            )
            names = service.outputs.alerts_function_name
            return dict(failure_document(given_up, function_arn=names, stream_arn=arn, shard_id=shard["ShardId"]))
    pytest.fail("the stream does not hold what was written")


def test_what_was_given_up_is_played_again(deployed_service: DeployedService, watch: Watch, tmp_path: Path) -> None:
    """Batch and record go through the function, what was alerted is not alerted again; poison stays, and says so."""
    service, outputs = deployed_service, deployed_service.outputs
    sqs, queue = service.aws.client("sqs"), outputs.failures_queue_url
    sqs.purge_queue(QueueUrl=queue)
    prefix = f"redriven-{uuid.uuid4().hex[:6]}-"
    written = [f"{prefix}{number}" for number in range(2)]
    for product in written:
        item = {"productId": {"S": product}, "name": {"S": product}, "price": {"N": "5"}, "stock": {"N": "20"}}
        service.aws.client("dynamodb").put_item(TableName=outputs.products_table_name, Item=item)
    deadline = time.monotonic() + BOUND_SECONDS
    while len(watch.products) < 2 and time.monotonic() < deadline:
        watch.look(prefix, until=lambda: len(watch.products) == 2)
    assert watch.products == Counter(written)

    sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(_given_up_batch(service, written)))
    parked = f"{prefix}parked"
    mended = Parked(_record(service, parked, time.time_ns() * 100), "a rule that is mended by now", "RefusedAlertError")
    SqsFailures(sqs, queue, "0").park(mended)

    status, said = _operations(service, "redrive", "--dry-run")
    assert (status, said[-1]) == (0, {"summary": {"would play": 2}, "left": 2})
    file = tmp_path / "given-up.jsonl"
    status, said = _operations(service, "redrive", "--to-file", str(file))
    assert (status, said[-1]["left"]) == (0, 2)
    events = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted(len(event["Records"]) for event in events) == [1, 2]
    watch.look(prefix)
    assert watch.products == Counter(written), "looking at it alerted"

    status, said = _operations(service, "redrive")
    assert (status, said[-1]) == (0, {"summary": {"played": 2}, "left": 0})
    watch.look(prefix)
    assert watch.products == Counter([*written, parked])

    assert _invoke(service, json.loads(POISON.read_text()))[1] is False
    status, said = _operations(service, "redrive")
    assert status == 1
    assert said[-1]["left"] == said[-1]["summary"]["still failing"] >= 1
    sqs.purge_queue(QueueUrl=queue)

    status, said = _operations(service, "history", "--product", parked)
    assert status == 0
    assert [(alert["productId"], alert["rule"]) for alert in said] == [(parked, "new-product")]


def test_status_names_what_waits_and_what_is_deployed(deployed_service: DeployedService) -> None:
    """After a played failure; the receivers, and the rules of the deployed package, which are the ones here."""
    service = deployed_service
    sqs, queue = service.aws.client("sqs"), service.outputs.failures_queue_url
    sqs.purge_queue(QueueUrl=queue)
    assert _invoke(service, json.loads(POISON.read_text()))[1] is False
    status, (said,) = _operations(service, "status")
    assert status == 1
    assert said["failures"]["waiting"] >= 1
    same = {"added": [], "removed": [], "changed": [], "other": False}
    assert said["function"]["differences"] == {"rules": same, "receivers": same}
    named = {receiver["name"]: receiver["filter"] for receiver in said["receivers"]}
    expected = tomllib.loads((ROOT / "local" / "receivers.toml").read_text("utf-8"))["receivers"]
    assert set(named) == {receiver["name"] for receiver in expected}
    assert {name for name, policy in named.items() if policy} == {each["name"] for each in expected if "only" in each}
    sqs.purge_queue(QueueUrl=queue)


@soak.at_full_length_alone
def test_a_deploy_and_its_rollback_amid_traffic_lose_nothing(
    deployed_service: DeployedService, watch: Watch, tmp_path: Path
) -> None:
    """Changes come all the while: first the old rules alert, then the new ones, then the old ones again."""
    prefix = f"deployed-{uuid.uuid4().hex[:6]}-"
    old, new = f"New product: {prefix}", f"Now here: {prefix}"
    project = copy_of_project(tmp_path / "project")
    rules = (ROOT / "alerts.toml").read_text("utf-8")
    (project / "alerts.toml").write_text(rules.replace("New product: {name}", "Now here: {name}"), "utf-8")
    with _traffic(deployed_service, prefix) as written:

        def until_the_latest_says(text: str) -> None:
            after = len(written)
            watch.look(
                prefix,
                until=lambda: any(
                    title.startswith(text) and int(product.removeprefix(prefix)) > after
                    for product, title in watch.titles.items()
                ),
            )

        until_the_latest_says(old)
        _deploy_from(project, deployed_service)
        until_the_latest_says(new)
        _deploy_from(ROOT, deployed_service)
        until_the_latest_says(old)
    watch.look(prefix, until=lambda: len(watch.products) == len(written))
    watch.look(prefix)
    assert set(watch.products) == set(written)
    assert len(watch.ids) == len(written)
    assert {title.partition(prefix)[0] for title in watch.titles.values()} == {"New product: ", "Now here: "}


@contextmanager
def _traffic(service: DeployedService, prefix: str) -> Iterator[list[str]]:
    """Write new products all the time; give the list of them."""
    dynamodb, written, over = service.aws.client("dynamodb"), list[str](), threading.Event()

    def write() -> None:
        while not over.wait(0.1):
            product = f"{prefix}{len(written)}"
            item = {"productId": {"S": product}, "name": {"S": product}, "price": {"N": "5"}, "stock": {"N": "20"}}
            dynamodb.put_item(TableName=service.outputs.products_table_name, Item=item)
            written.append(product)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        try:
            yield written
        finally:
            over.set()
            writing.result()


def _deploy_from(project: Path, service: DeployedService) -> None:
    assert service.receivers
    with one_package_at_a_time():
        done = subprocess.run(
            [
                "npx", "--no", "--", "sls", "deploy", "--stage", "local",
                f"--param=httpEndpointUrl={service.receivers.endpoint_url}",
            ],
            cwd=project,
            env={**service.aws.environment, "NODE_NO_WARNINGS": "1", "SLS_AWS_MONITORING_FREQUENCY": "200"},
            capture_output=True,
            text=True,
            timeout=BOUND_SECONDS,
            check=False,
        )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


class _Crashing:
    """A function that crashes whatever it is given."""

    def __init__(self, function: FunctionInvoker) -> None:
        """Stand in for the function."""

    def invoke(self, function_arn: str, invocation: Invocation) -> InvokeResult:  # noqa: ARG002 - nothing helps
        """Crash."""
        return InvokeResult(b'{"errorMessage": "crashed"}', function_error="Unhandled")


def test_a_batch_given_up_is_played_again_though_the_stream_has_forgotten_it(
    deployed_service: DeployedService, watch: Watch
) -> None:
    """The mapping leaves it whole in the bucket; `redrive` needs no stream, and leaves nothing behind."""
    service, outputs = deployed_service, deployed_service.outputs
    service.aws.client("sqs").purge_queue(QueueUrl=outputs.failures_queue_url)
    crashed = f"crashed-{uuid.uuid4().hex[:6]}"
    table = {"TableName": f"{crashed}-table"}
    dynamodb = service.aws.client("dynamodb")
    key = {"AttributeName": "productId"}
    made = dynamodb.create_table(
        **table,
        AttributeDefinitions=[{**key, "AttributeType": "S"}],
        KeySchema=[{**key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )["TableDescription"]
    (deployed,) = service.aws.client("lambda").list_event_source_mappings(
        FunctionName=outputs.alerts_function_name, EventSourceArn=outputs.products_stream_arn
    )["EventSourceMappings"]
    mapping = service.aws.client("lambda").create_event_source_mapping(
        EventSourceArn=made["LatestStreamArn"],
        FunctionName=outputs.alerts_function_name,
        StartingPosition="TRIM_HORIZON",
        Enabled=False,
        MaximumRetryAttempts=0,
        DestinationConfig=deployed["DestinationConfig"],  # as serverless.yml has it
    )["UUID"]
    item = {"productId": {"S": crashed}, "name": {"S": crashed}, "price": {"N": "5"}, "stock": {"N": "20"}}
    s3, found = service.aws.client("s3"), list[dict[str, Any]]()
    bucket = {"Bucket": outputs.given_up_bucket_name}
    dynamodb.put_item(**table, Item=item)
    stop = threading.Event()
    options = Options(retry=RetrySchedule.fixed(0.1), poll_interval=0.1)
    endpoint = service.aws.endpoint_url
    with ThreadPoolExecutor(1) as pool:
        pool.submit(serve, [mapping], endpoint_url=endpoint, stop=stop, options=options, around_function=_Crashing)
        deadline = time.monotonic() + BOUND_SECONDS
        while not found and time.monotonic() < deadline:
            stop.wait(0.2)
            found = s3.list_objects_v2(**bucket, Prefix=f"aws/lambda/{mapping}/").get("Contents", [])
        stop.set()
    assert len(found) == 1
    service.aws.client("lambda").delete_event_source_mapping(UUID=mapping)
    dynamodb.delete_table(**table)  # and its stream, with all that it held
    watch.look(crashed)
    assert watch.products == {}

    status, said = _operations(service, "status")
    assert (status, [batch["batch"] for batch in said[0]["givenUp"]]) == (1, [found[0]["Key"]])
    status, said = _operations(service, "redrive")
    assert (status, said[-1]) == (0, {"summary": {"played": 1}, "left": 0})
    watch.look(crashed, until=lambda: bool(watch.products))
    assert watch.products == {crashed: 1}
    assert "Contents" not in s3.list_objects_v2(**bucket)


def test_the_metrics_of_a_batch_are_in_the_functions_log_and_add_up(deployed_service: DeployedService) -> None:
    """Each line is one that CloudWatch takes; records and alerts are those of the batch."""
    service = deployed_service
    logs, group = service.aws.client("logs"), f"/aws/lambda/{service.outputs.alerts_function_name}"

    def lines() -> list[dict[str, Any]]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group)
        texts = [line for page in pages for event in page["events"] for line in event["message"].splitlines()]
        return [json.loads(text) for text in texts if text.startswith("{") and "_aws" in text]

    before = len(lines())
    event = _batch(service, f"counted-{uuid.uuid4().hex[:6]}-", 7)
    assert _invoke(service, event) == ({"batchItemFailures": []}, False)
    deadline = time.monotonic() + BOUND_SECONDS
    found: list[dict[str, Any]] = []
    while not any(each.get("Rule") for each in found) and time.monotonic() < deadline:
        time.sleep(0.2)
        found = [each for each in lines()[before:] if each.get("Records") == 7 or each.get("Rule") == "new-product"]
    for each in found:
        SCHEMA.validate(each)
    total, by_rule = found[:2]
    assert (total["Records"], total["Alerts"], by_rule["Alerts"], by_rule["Type"]) == (7, 7, 7, "product.added")
    assert total["FunctionName"] == service.outputs.alerts_function_name
