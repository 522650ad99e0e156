"""A refused deploy is reported in the words of the tool that refused it."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from pathlib import Path

import pytest

from local.stack import deployment
from local.stack.deployment import deploy, one_package_at_a_time
from local.stack.errors import DeployRefusedError
from local.stack.local_aws import LocalAws


class Alive:
    """A process that runs."""

    def poll(self) -> None:
        """Say that it has not ended."""


AWS = LocalAws("http://127.0.0.1:9", Path("log"), process=Alive())  # type: ignore[arg-type]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with no Node packages."""
    monkeypatch.setattr(deployment, "PROJECT", tmp_path)
    return tmp_path


def _sls(project: Path, script: str) -> None:
    sls = project / "node_modules" / ".bin" / "sls"
    sls.parent.mkdir(parents=True)
    sls.write_text(f"#!/bin/sh\n{script}\n")
    sls.chmod(0o755)


def test_the_message_of_the_check_is_what_the_user_reads(project: Path) -> None:
    """Of what osls prints only the error itself is kept."""
    _sls(
        project,
        'echo "Deploying product-alerts" >&2\n'
        'printf "Error:\\nalerts.toml: rule price-drop: at_least\\n"\n'
        'echo "Environment: linux, node 20, osls 4" >&2\n'
        "exit 1",
    )

    with pytest.raises(DeployRefusedError, match="sls deploy --stage local` was refused") as caught:
        deploy(AWS)

    assert caught.value.details == "alerts.toml: rule price-drop: at_least"


def test_sls_sees_the_local_aws_and_no_other(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The deploy gets the endpoint, dummy credentials and no profile; a proxy is left to pip."""
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    _sls(project, "env; exit 1")

    with pytest.raises(DeployRefusedError) as caught:
        deploy(AWS)

    environment = dict(line.split("=", 1) for line in caught.value.details.splitlines() if "=" in line)
    assert environment["AWS_ENDPOINT_URL"] == AWS.endpoint_url
    assert environment["AWS_ACCESS_KEY_ID"] == "test"
    assert environment["AWS_CONFIG_FILE"] == os.devnull
    assert environment["PIP_PROXY"] == "http://proxy.example:3128"
    assert {"AWS_PROFILE", "HTTPS_PROXY"}.isdisjoint(environment)


@pytest.mark.usefixtures("project")
def test_without_node_packages_the_user_learns_how_to_get_them() -> None:
    """Where nothing is set up, the message names `npm run setup`."""
    with pytest.raises(DeployRefusedError, match="npm run setup"):
        deploy(AWS)


def test_who_waits_to_package_comes_before_the_holders_next_turn(project: Path) -> None:
    """Tests that package one stage after another do not keep a deploy waiting until they are through."""
    turns = []

    def deploys() -> None:
        with one_package_at_a_time():
            turns.append("waited")

    other = threading.Thread(target=deploys)
    with one_package_at_a_time():
        other.start()
        deadline = time.monotonic() + 10
        while _is_free(project / ".local" / "deploy.next") and time.monotonic() < deadline:
            pass
    with one_package_at_a_time():
        turns.append("held before")
    other.join()
    assert turns == ["waited", "held before"]


def _is_free(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
