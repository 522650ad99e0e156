"""A deployed stage, on AWS or on the laptop: the outputs of its stack, and clients for what they name."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EndpointConnectionError

from notifications.common.errors import ConfigurationError
from operations.deployed.local_endpoint import local_session
from operations.deployed.running import Running, find_running
from operations.settings.project import DEFAULT_REGION, DEFAULT_STAGE, LOCAL_STAGE, stack_name
from operations.terminal.arguments import not_empty

_INVOKE_SECONDS = 900  # the longest a function may run


@dataclass(frozen=True)
class Stack:
    """A deployed stage."""

    stage: str
    outputs: dict[str, str]
    session: Any
    endpoint_url: str | None

    def client(self, service: str) -> Any:
        """Make a client of the stage's account and region."""
        config = Config(
            retries={"mode": "standard", "total_max_attempts": 5},
            read_timeout=_INVOKE_SECONDS,
            s3={"addressing_style": "path"} if self.endpoint_url else None,  # there is no host a bucket on a laptop
        )
        return self.session.client(service, endpoint_url=self.endpoint_url, config=config)

    @cached_property
    def table_arn(self) -> str:
        """The products table's ARN."""
        return self.outputs["ProductsStreamArn"].partition("/stream/")[0]


def find_stack(stage: str, region: str | None = None, running: Callable[[], Running | None] | None = None) -> Stack:
    """Look up the stack of a stage. Raises ConfigurationError, which says what to do if it is not there.

    Stage `local` is the one that a running `npm start` deployed, unless AWS_ENDPOINT_URL names another; `running` finds
    that run.
    """
    endpoint_url = os.environ.get("AWS_ENDPOINT_URL")
    if stage == LOCAL_STAGE:
        session = local_session()
        endpoint_url = endpoint_url or _running_endpoint(running or find_running)
    else:
        session = boto3.Session(region_name=region)
        if not session.region_name:
            session = boto3.Session(region_name=DEFAULT_REGION)
    name = stack_name(stage)
    stack = Stack(stage, {}, session, endpoint_url)
    try:
        found = stack.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        raise ConfigurationError(
            f"stack {name} in {session.region_name}: {error.response['Error'].get('Message', error)}. "
            f"Deploy it with `npx sls deploy --stage {stage}`, or name its stage and region with --stage and --region."
        ) from None
    except BotoCoreError as error:
        if endpoint_url and isinstance(error, EndpointConnectionError):
            raise ConfigurationError(_dead_endpoint(endpoint_url, stage)) from None
        raise ConfigurationError(
            f"AWS cannot be asked for stack {name}: {error}. Commands for AWS need credentials, from AWS_PROFILE or "
            "`aws configure`; with --stage local they do not."
        ) from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return Stack(stage, outputs, session, endpoint_url)


def _dead_endpoint(endpoint_url: str, stage: str) -> str:
    instead = "stage local is found without it, while `npm start` runs" if stage == LOCAL_STAGE else "AWS needs none"
    return (
        f"nothing answers at {endpoint_url}, which this shell has in AWS_ENDPOINT_URL. "
        f"Run `unset AWS_ENDPOINT_URL`: {instead}."
    )


def _running_endpoint(find: Callable[[], Running | None]) -> str:
    running = find()
    if running is None:
        raise ConfigurationError(
            "the service does not run on this laptop: start it with `npm start`, in another terminal"
        )
    return running.endpoint_url


def add_stage_to(
    parser: Any,
    default: str | None = DEFAULT_STAGE,
    help: str = "the deployed stage (dev); local: the one that `npm start` runs",  # noqa: A002 - as argparse has it
) -> None:
    """Add the arguments that name a stage."""
    parser.add_argument("--stage", type=not_empty, default=default, help=help)
    parser.add_argument("--region", type=not_empty, help="its region (AWS_REGION, or us-east-1)")
