"""What the project is called, and where it lies."""

from pathlib import Path

PROJECT = Path(__file__).parents[2]
SERVICE = "product-alerts"
DEFAULT_STAGE = "dev"
LOCAL_STAGE = "local"
"""The stage that `npm start` deploys on the laptop."""


def stack_name(stage: str) -> str:
    """Return the name of a stage's CloudFormation stack, as osls makes it."""
    return f"{SERVICE}-{stage}"
