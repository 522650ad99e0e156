"""Clients for the AWS that runs on the laptop. They read nothing of the user's AWS profiles and settings."""

from __future__ import annotations

import os
from typing import Any

import boto3
import botocore.session
from botocore.config import Config

REGION = "us-east-1"
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
}
# Profiles, single sign-on and the role of the instance: a user may have them, and none of them may be used here.
NO_OTHER_CREDENTIALS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
}


def environment(endpoint_url: str) -> dict[str, str]:
    """Return the settings that lead an AWS tool to this endpoint, and keep it from every other."""
    return {**NO_OTHER_CREDENTIALS, **CREDENTIALS, "AWS_ENDPOINT_URL": endpoint_url}


def local_session() -> boto3.Session:
    """Make a boto3 session with dummy credentials."""
    unset = (None, None, None, None)
    nowhere = (None, None, os.devnull, None)
    session = botocore.session.Session(
        session_vars={"profile": unset, "config_file": nowhere, "credentials_file": nowhere}
    )
    return boto3.Session(
        botocore_session=session,
        region_name=REGION,
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    )


def local_client(service: str, endpoint_url: str) -> Any:
    """Make a boto3 client of `service` that reaches `endpoint_url` and nothing else, through no proxy."""
    config = Config(proxies={}, connect_timeout=5, retries={"max_attempts": 1})
    return local_session().client(service, endpoint_url=endpoint_url, config=config)
