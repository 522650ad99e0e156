"""What tests of several packages share."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from local.stack.deployment import Deployment, deploy
from local.stack.local_aws import LocalAws, local_aws
from local.stack.served_mapping import served_mapping


@dataclass(frozen=True)
class DeployedService:
    """The service, deployed to a local AWS."""

    aws: LocalAws
    outputs: Deployment


@pytest.fixture(scope="session")
def deployed_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedService]:
    """Deploy the service once with the real `sls deploy --stage local`, for all tests that use it."""
    with local_aws(tmp_path_factory.mktemp("local-aws")) as aws:
        outputs = deploy(aws)
        with served_mapping(aws, outputs) as mapping:
            yield DeployedService(aws, outputs)
            list(mapping.log_events())  # raises if it was not served to the end
