"""What `npm run audit` reads out of the reports of pip-audit and npm."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.builders import ROOT


def read(function: str, report: Any) -> Any:
    """Call a function of the script with a report."""
    code = (
        f"import {{ {function} }} from './scripts/audit.mjs';"
        f"console.log(JSON.stringify({function}(JSON.parse(process.argv[1])) ?? 'unknown'))"
    )
    command = ["node", "--input-type=module", "-e", code, json.dumps(report)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"dependencies": [{"name": "six", "version": "1.17.0", "vulns": []}], "fixes": []}, []),
        (
            {
                "dependencies": [
                    {
                        "name": "urllib3",
                        "version": "1.0",
                        "vulns": [
                            {"id": "PYSEC-1", "fix_versions": ["1.1", "2.0"]},
                            {"id": "PYSEC-2", "fix_versions": []},
                        ],
                    },
                    {"name": "left-out", "skip_reason": "not on the index"},
                ]
            },
            ["urllib3 1.0: PYSEC-1, mended in 1.1, 2.0", "urllib3 1.0: PYSEC-2, not mended yet"],
        ),
        (None, "unknown"),
        ({"message": "no connection"}, "unknown"),
    ],
    ids=range(4),
)
def test_the_report_of_python_packages(report: Any, expected: Any) -> None:
    """A line a vulnerability; without a report nothing is known, which is not the same as nothing found."""
    assert read("ofPython", report) == expected


@pytest.mark.parametrize(
    ("report", "expected"),
    [
        ({"vulnerabilities": {}, "metadata": {"vulnerabilities": {"total": 0}}}, []),
        (
            {"vulnerabilities": {"tar": {"name": "tar", "severity": "high", "range": "<6"}}, "metadata": {}},
            [{"severity": "high", "line": "tar <6: high"}],
        ),
        ({"message": "405 Method Not Allowed"}, "unknown"),
        (None, "unknown"),
    ],
    ids=range(4),
)
def test_the_report_of_node_packages(report: Any, expected: Any) -> None:
    """With how severe each is."""
    assert read("ofNode", report) == expected
