"""Identity policies, such as those of docs/deploying.md, and whether they allow an action on a resource."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tests.builders import ROOT
from tests.docs.markdown import blocks

# Actions that know no resources: a policy can only allow them on all. Source: AWS Service Authorization Reference.
EVERYWHERE = frozenset({
    "cloudwatch:GetMetricStatistics", "cloudwatch:ListMetrics", "lambda:CreateEventSourceMapping",
    "lambda:ListEventSourceMappings", "logs:CreateLogDelivery", "logs:DeleteIndexPolicy", "logs:DeleteResourcePolicy",
    "logs:DescribeIndexPolicies", "logs:DescribeLogGroups", "logs:DescribeResourcePolicies", "logs:PutIndexPolicy",
    "logs:PutResourcePolicy", "sns:GetSubscriptionAttributes", "sns:SetSubscriptionAttributes", "sns:Unsubscribe",
})  # fmt: skip


class Grant(NamedTuple):
    """An action and a resource of a statement, both with wildcards."""

    action: str
    resource: str

    def covers(self, action: str, resource: str) -> bool:
        """Match as IAM does: actions whatever their case."""
        return fnmatchcase(action.lower(), self.action.lower()) and fnmatchcase(resource, self.resource)


def policy_under(heading: str) -> list[Grant]:
    """Read a policy of docs/deploying.md."""
    text = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    (block,) = [block for block in blocks(text) if block.heading == heading]
    return [
        Grant(action, resource)
        for statement in json.loads(block.text)["Statement"]
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    ]


def denied_of(asked: Iterable[tuple[str, str]], grants: Sequence[Grant]) -> set[tuple[str, str]]:
    """List the actions on resources that no grant covers."""
    return {each for each in asked if not any(grant.covers(*each) for grant in grants)}


def listed(value: Any) -> list[Any]:
    """Give a list, where a policy has one entry bare."""
    return value if isinstance(value, list) else [value]


def templates() -> list[Mapping[str, Any]]:
    """Read the reviewed template of each stage."""
    return [json.loads(file.read_text("utf-8")) for file in sorted((ROOT / "tests" / "snapshots").glob("*.json"))]
