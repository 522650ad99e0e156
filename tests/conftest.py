"""What tests of several packages share."""

from __future__ import annotations

import fcntl
import gc
import logging
import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader

from local.samples.sample_receivers import SampleReceivers, sample_receivers
from local.stack.deployment import Deployment, deploy
from local.stack.local_aws import LocalAws, local_aws
from local.stack.served_mapping import served_mapping
from operations.activity.activity_log import ActivityLog
from operations.settings.project import PROJECT
from tests import soak
from tests.aws_requests.checked import watch_all_clients
from tests.infrastructure.identity_policies import Grant, denied_of, policy_under
from tests.infrastructure.operators_calls import Called, watch_operators
from tests.packaging import Package, Packaged, copy_of_project, package_project

MOST_PROCESSES = 8  # each collects the tests anew, and the longest file takes as long in any case


_REFUSED: list[str] = []
_OPERATORS: set[Called] = set()


@pytest.fixture(autouse=True)
def requests_that_aws_takes(request: pytest.FixtureRequest) -> Iterator[list[str]]:
    """Hold every request of a boto3 client against what AWS takes, unless the test is about a refusal."""
    _REFUSED.clear()
    yield _REFUSED
    if not request.node.get_closest_marker("refused_by_aws"):
        assert not _REFUSED, "\n".join(_REFUSED)


@pytest.fixture(autouse=True)
def operators_calls() -> Iterator[set[Called]]:
    """Hold what operations/ and console/ call against the policy to copy in docs/deploying.md."""
    _OPERATORS.clear()
    yield _OPERATORS
    if _OPERATORS:
        assert denied_of(_OPERATORS, _operators_policy()) == set()


@cache
def _operators_policy() -> list[Grant]:
    return policy_under("An operator's policy")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the one switch for the length of the soaks."""
    parser.addoption(
        "--soak", action="store_true", help="run the tests marked `soak` at full length, not a tenth of it"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Set the length before test modules ask for it."""
    soak.divisor = soak.FULL if config.getoption("--soak") else soak.GATE
    watch_all_clients(_REFUSED)
    watch_operators(_OPERATORS)
    _parse_service_models_once()


def _parse_service_models_once() -> None:
    """Keep what botocore parses for a client beyond its session: each test has a session, and each took 50 ms."""
    parse = JSONFileLoader.load_file

    @cache
    def load_file(path: str) -> Any:
        return parse(JSONFileLoader(), path)

    JSONFileLoader.load_file = lambda _, path: load_file(path)


def pytest_collection() -> None:
    """Look for no garbage while modules are imported and tests are listed: nearly all of it stays."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Look for it in what tests make from here on, and less often than Python does: it took a tenth of the time."""
    gc.freeze()
    gc.set_threshold(20_000, 10, 10)
    gc.enable()


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Run one process more than there are cores, as some mostly wait for a server; soaks never do."""
    cores = os.cpu_count() or 1
    return cores if config.getoption("--soak") else min(cores + 1, MOST_PROCESSES)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Side by side, begin with the files that take longest: those that wait for a server or package, then the soaks."""
    if hasattr(config, "workerinput"):
        early = ("end_to_end", "packaged", "soak")  # markers, and a fixture
        items.sort(
            key=lambda item: min(
                (
                    early.index(name)
                    for name in early
                    if name in item.keywords or name in getattr(item, "fixturenames", ())
                ),
                default=3,
            )
        )


@pytest.fixture
def silence() -> Iterator[None]:
    """Log nothing: what is spoilt a thousand times over is logged as often."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Give a copy of the project that a test may spoil."""
    return copy_of_project(tmp_path / "project")


@pytest.fixture(scope="session")
def packaged(tmp_path_factory: pytest.TempPathFactory) -> Packaged:
    """Package a stage with parameters; each combination once, in whichever process asks first.

    What `npm run check` has packaged already, it names in PACKAGED_STAGES.
    """
    given = os.environ.get("PACKAGED_STAGES")
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def packaged_once(stage: str = "dev", **params: str) -> Package:
        if given and not params and (Path(given) / stage).is_dir():
            return Package(Path(given) / stage)
        key = sha256(repr((stage, sorted(params.items()))).encode()).hexdigest()[:16]
        project, complete = shared / "packages" / key, shared / "packages" / f"{key}.complete"
        project.parent.mkdir(exist_ok=True)
        with project.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not complete.exists():
                package_project(copy_of_project(project), stage, **params)
                complete.touch()
        return Package(project / "out")

    return packaged_once


@dataclass(frozen=True)
class DeployedService:
    """The service, deployed to a local AWS."""

    aws: LocalAws
    outputs: Deployment
    receivers: SampleReceivers | None = None

    def put_then_set(self, key: dict[str, Any], item: dict[str, Any], **numbers: str) -> None:
        """Put a product, and then change one number of it after the other."""
        dynamodb, table = self.aws.client("dynamodb"), self.outputs.products_table_name
        dynamodb.put_item(TableName=table, Item={**key, **item})
        for attribute, value in numbers.items():
            dynamodb.update_item(
                TableName=table,
                Key=key,
                UpdateExpression="SET #a = :v",
                ExpressionAttributeNames={"#a": attribute},
                ExpressionAttributeValues={":v": {"N": value}},
            )

    directory: Path = Path()
    """Where the activity log is."""


@pytest.fixture(scope="session")
def deployed_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedService]:
    """Deploy the service once with the real `sls deploy --stage local`, for all tests that use it."""
    with local_aws(tmp_path_factory.mktemp("local-aws")) as aws, sample_receivers() as receivers:
        receivers.prepare(aws)
        outputs = deploy(aws, receivers.endpoint_url)
        directory = tmp_path_factory.mktemp("activity")
        with closing(ActivityLog(directory)) as activity, served_mapping(aws, activity=activity) as mapping:
            activity.rules((PROJECT / "alerts.toml").read_text("utf-8"))
            yield DeployedService(aws, outputs, receivers, directory)
            list(mapping.log_events())  # raises if it was not served to the end
