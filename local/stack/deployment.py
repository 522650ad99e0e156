"""The service deployed to the local AWS by the command that deploys it to AWS: `sls deploy`."""

from __future__ import annotations

import fcntl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from local.stack import supervised_process
from local.stack.errors import DeployRefusedError
from local.stack.local_aws import LocalAws
from operations.settings.project import LOCAL_STAGE, PROJECT, stack_name

DEPLOYED_WITHIN_SECONDS = 600
REMOVED_WITHIN_SECONDS = 60
_GONE = "DELETE_COMPLETE"
LAST_LOOK_SECONDS = 7  # osls looks every 5 s


@dataclass(frozen=True)
class Deployment:
    """The outputs of the stack; infrastructure/outputs.yml explains them."""

    products_table_name: str
    products_stream_arn: str
    alerts_function_name: str
    alerts_topic_arn: str
    failures_queue_url: str
    ledger_table_name: str
    given_up_bucket_name: str
    people_topic_arn: str = ""
    """Empty where no receiver is of kind text."""


def deploy(aws: LocalAws, http_endpoint_url: str = "") -> Deployment:
    """Deploy stage `local` of the project and return its outputs; HTTP deliveries go to `http_endpoint_url`.

    A stage that was deployed for a table of the user's own keeps to it.

    Raises DeployRefusedError with the output of `sls`, or DiedError.
    """
    sls = PROJECT / "node_modules" / ".bin" / "sls"
    if not sls.exists():
        raise DeployRefusedError("The Node packages are not installed yet. Run `npm run setup` first.")
    params = [f"--param=httpEndpointUrl={http_endpoint_url}"] if http_endpoint_url else []
    with one_package_at_a_time():
        own_stream = _own_stream(aws)
        params += [f"--param=productsStreamArn={own_stream}"] if own_stream else []
        status, output = _run(
            [str(sls), "deploy", "--stage", LOCAL_STAGE, *params],
            {
                **_unproxied(aws.environment),
                "NODE_NO_WARNINGS": "1",  # about the SDK's plans for older Node versions
                "NO_COLOR": "1",
                "SLS_AWS_MONITORING_FREQUENCY": "200",  # ms between looks; 5 s suit AWS
            },
        )
    if status != 0:
        aws.check()
        raise DeployRefusedError(
            f"`npx sls deploy --stage {LOCAL_STAGE}` was refused. Put this right, and start again.",
            _error_of_sls(output),
        )
    outputs = _outputs_of(_stack(aws))
    return Deployment(
        products_table_name=outputs["ProductsTableName"],
        products_stream_arn=outputs["ProductsStreamArn"],
        alerts_function_name=outputs["AlertsFunctionName"],
        alerts_topic_arn=outputs["AlertsTopicArn"],
        failures_queue_url=outputs["FailuresQueueUrl"],
        ledger_table_name=outputs["LedgerTableName"],
        given_up_bucket_name=outputs["GivenUpBucketName"],
        people_topic_arn=outputs.get("PeopleTopicArn", ""),
    )


def _own_stream(aws: LocalAws) -> str:
    """Give the stream that the stack was deployed for; "" where it made its own table, or is not there yet."""
    try:
        outputs = _outputs_of(_stack(aws))
        found = aws.client("cloudformation").describe_stack_resources(StackName=stack_name(LOCAL_STAGE))
    except (ClientError, BotoCoreError):  # a local AWS that is gone is told of by what comes next
        return ""
    resources = found["StackResources"]
    made = {resource["LogicalResourceId"] for resource in resources if resource["ResourceStatus"] != "DELETE_COMPLETE"}
    return "" if "ProductsTable" in made else outputs.get("ProductsStreamArn", "")


def _stack(aws: LocalAws) -> dict[str, Any]:
    """Describe the stack. Raises ClientError where there is no such stack."""
    stacks = aws.client("cloudformation").describe_stacks(StackName=stack_name(LOCAL_STAGE))["Stacks"]
    return dict(stacks[0])


def _outputs_of(stack: dict[str, Any]) -> dict[str, str]:
    return {output["OutputKey"]: output["OutputValue"] for output in stack.get("Outputs", ())}


def is_being_removed(aws: LocalAws) -> bool:
    """Tell whether the stack is on its way out, or gone."""
    return _status(aws).startswith("DELETE")


def until_removed(aws: LocalAws) -> None:
    """Wait until the stack is gone, and the command that removes it has had the time to hear so."""
    deadline = time.monotonic() + REMOVED_WITHIN_SECONDS
    while time.monotonic() < deadline and _status(aws) != _GONE:
        time.sleep(0.5)
    time.sleep(LAST_LOOK_SECONDS)


def _status(aws: LocalAws) -> str:
    try:
        return str(_stack(aws)["StackStatus"])
    except ClientError:
        return _GONE


@contextmanager
def one_package_at_a_time() -> Iterator[None]:
    """Wait for whoever packages this project: osls does it in .serverless/, where two at once would mix halves."""
    directory = PROJECT / ".local"
    directory.mkdir(exist_ok=True)
    with (directory / "deploy.next").open("w") as upcoming, (directory / "deploy.lock").open("w") as lock:
        fcntl.flock(upcoming, fcntl.LOCK_EX)  # who waits is the next one, also when the holder comes back at once
        fcntl.flock(lock, fcntl.LOCK_EX)
        fcntl.flock(upcoming, fcntl.LOCK_UN)
        yield


def _unproxied(environment: dict[str, str]) -> dict[str, str]:
    """Give the user's proxy to pip alone, which may need it: osls would reach for the local AWS through it."""
    proxies = {
        name.upper(): value
        for name, value in environment.items()
        if name.lower() in {"proxy", "http_proxy", "https_proxy"}
    }
    proxy = proxies.get("HTTPS_PROXY") or proxies.get("HTTP_PROXY") or proxies.get("PROXY")
    unproxied = {name: value for name, value in environment.items() if name.upper() not in proxies}
    return {"PIP_PROXY": proxy, **unproxied} if proxy else unproxied


def _run(command: list[str], env: dict[str, str]) -> tuple[int, str]:
    with tempfile.TemporaryFile() as output:
        process = supervised_process.start(command, env=env, cwd=PROJECT, output=output)
        try:
            status = process.wait(timeout=DEPLOYED_WITHIN_SECONDS)
        except subprocess.TimeoutExpired:
            raise DeployRefusedError(
                f"`{' '.join(command[1:])}` did not end within {DEPLOYED_WITHIN_SECONDS} s. "
                "Perhaps the package index is out of reach. Check the network, and start again with `npm start`."
            ) from None
        finally:
            supervised_process.stop(process)
        output.seek(0)
        return status, output.read().decode(errors="replace")


def _error_of_sls(output: str) -> str:
    """Keep the error itself: osls prints it after `Error:`, among notes about itself."""
    _, marker, error = output.partition("Error:\n")
    message = error if marker else output
    kept = [line for line in message.splitlines() if not line.startswith(("Environment:", "Docs:", "\u00d7 Stack"))]
    return "\n".join(kept).strip()
