"""The deployed service: its outputs, and clients for what they name. On AWS and on the laptop by the same words."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local.running import find_running
from notifications.errors import ConfigurationError
from operations.service_file import SERVICE

LOCAL_STAGE = "local"
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
        config = Config(retries={"mode": "standard", "total_max_attempts": 5}, read_timeout=_INVOKE_SECONDS)
        return self.session.client(service, endpoint_url=self.endpoint_url, config=config)

    @cached_property
    def table_arn(self) -> str:
        """The products table's ARN."""
        return self.outputs["ProductsStreamArn"].partition("/stream/")[0]


def find_stack(stage: str, region: str | None = None) -> Stack:
    """Look the stage's stack up; ConfigurationError says what to do if it is not there.

    Stage `local` is the one that `npm start` runs beside this command, unless AWS_ENDPOINT_URL names another.
    """
    endpoint_url = os.environ.get("AWS_ENDPOINT_URL")
    session = boto3.Session(region_name=region)
    if stage == LOCAL_STAGE and not endpoint_url:
        running = find_running()
        if running is None:
            raise ConfigurationError("nothing runs on this laptop: start it with `npm start`, in another terminal")
        endpoint_url = running.endpoint_url
    if stage == LOCAL_STAGE:
        session = boto3.Session("test", "test", region_name="us-east-1")
    elif not session.region_name:
        session = boto3.Session(region_name="us-east-1")  # as serverless.yml has it
    name = f"{SERVICE}-{stage}"
    stack = Stack(stage, {}, session, endpoint_url)
    try:
        found = stack.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        raise ConfigurationError(
            f"stack {name} in {session.region_name}: {error.response['Error'].get('Message', error)}. "
            f"Deploy it with `npx sls deploy --stage {stage}`, or name its stage and region with --stage and --region."
        ) from None
    except BotoCoreError as error:
        raise ConfigurationError(
            f"AWS cannot be asked for stack {name}: {error}. Commands for AWS need credentials in the environment, "
            "as AWS_PROFILE or `aws configure` gives them; --stage local needs none."
        ) from None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
    return Stack(stage, outputs, session, endpoint_url)


def add_stage_to(parser: Any) -> None:
    """Add the arguments that name a stage."""
    parser.add_argument("--stage", default="dev", help="the deployed stage (dev); local: the one that `npm start` runs")
    parser.add_argument("--region", help="its region (AWS_REGION, or us-east-1)")
