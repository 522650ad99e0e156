"""What the project is called, and where it lies."""

from __future__ import annotations

from pathlib import Path

PROJECT = Path(__file__).parents[2]
SERVICE = "product-alerts"
DEFAULT_STAGE = "dev"
DEFAULT_REGION = "us-east-1"
"""That of serverless.yml, where neither the command nor the environment names one."""
LOCAL_STAGE = "local"
"""The stage that `npm start` deploys on the laptop."""


def stack_name(stage: str) -> str:
    """Return the name of a stage's CloudFormation stack, as osls makes it."""
    return f"{SERVICE}-{stage}"
