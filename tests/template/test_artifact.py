"""What the functions are deployed with, and start from."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.builders import ROOT
from tests.packaging import Package, Packaged
from tests.template.expected import STAGES

LARGEST_ARTIFACT = 3 * 1024 * 1024


def names_in(package: Package) -> set[str]:
    """List the files in the artifact."""
    with zipfile.ZipFile(package.artifact) as artifact:
        return set(artifact.namelist())


@pytest.mark.parametrize("stage", STAGES)
def test_the_artifact_holds_the_code_the_rules_and_nothing_of_ours_besides(packaged: Packaged, stage: str) -> None:
    """Handler, rules and `notifications` as they are in the repository; no tests, operations or local AWS."""
    names = names_in(packaged(stage))
    ours = {str(path.relative_to(ROOT)) for path in (ROOT / "notifications").rglob("*.py")}
    ours.add("notifications/delivery/templates/mail.html")
    assert {"handler.py", "alerts.toml", "receivers.toml", *ours} <= names
    assert not [name for name in names if name.endswith(".mjml") or name.startswith("mjml")]
    tops = {name.split("/")[0] for name in names}
    foreign = {
        "tests",
        "operations",
        "event_source_mapping",
        "local",
        "benchmarks",
        "infrastructure",
        "events",
        "docs",
        "schemas",
        "scripts",
    }
    assert not tops & foreign
    assert not tops & {"node_modules", ".venv", "serverless.yml", "package.json", "pytest", "moto", "ministack"}


def test_the_artifact_holds_the_pinned_boto3_and_what_it_needs(packaged: Packaged) -> None:
    """What runs on AWS is what was tested here, with the services that the functions call."""
    names = names_in(packaged())
    (pin,) = re.findall(r"^boto3==(\S+)", (ROOT / "requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    assert f"boto3-{pin}.dist-info/METADATA" in names
    data = {name.split("/")[2] for name in names if name.startswith("botocore/data/") and name.count("/") > 2}
    assert data == {"sns", "sqs", "dynamodb", "ses", "ssm"}
    assert {"botocore/data/endpoints.json", "botocore/data/_retry.json"} <= names


def test_the_artifact_is_small(packaged: Packaged) -> None:
    """At most 3 MB, and no bytecode of the machine that packaged it."""
    package = packaged()
    assert package.artifact.stat().st_size <= LARGEST_ARTIFACT
    assert not [name for name in names_in(package) if name.endswith(".pyc") or "__pycache__" in name]


def test_the_function_starts_from_the_artifact_alone(packaged: Packaged, tmp_path: Path) -> None:
    """Unpacked into an empty place, the handler imports, builds its clients and answers."""
    with zipfile.ZipFile(packaged().artifact) as artifact:
        artifact.extractall(tmp_path)
    code = (
        f"import handler, boto3; assert boto3.__file__.startswith({str(tmp_path)!r}), boto3.__file__; "
        "print(handler.handle_stream({'Records': []}, None))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code],
        cwd=tmp_path,
        env={
            "AWS_REGION": "us-east-1",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "none",
            "AWS_SECRET_ACCESS_KEY": "none",
            "ALERTS_TOPIC_ARN": "arn:aws:sns:us-east-1:123456789012:alerts",
            "FAILURES_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/failures",
            "LEDGER_TABLE_NAME": "ledger",
            "LEDGER_RETENTION_DAYS": "90",
            "FUNCTION_TIMEOUT_SECONDS": "60",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "{'batchItemFailures': []}", done.stderr
