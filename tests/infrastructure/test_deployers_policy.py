"""The deployer's policy of docs/deploying.md lets CloudFormation do all that AWS's own schemas say it does.

The schemas list what a type can ask for; what only a property asks for that no template has is not needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.builders import ROOT
from tests.docs.markdown import code_in, section
from tests.infrastructure.computed import resources_of
from tests.infrastructure.identity_policies import EVERYWHERE, Grant, denied_of, policy_under, templates
from tests.infrastructure.provider_schemas import permissions_for
from tests.template.test_receivers import RECEIVERS

STACK, HERE = "product-alerts-prod", "us-east-1:123456789012"
ROLE = f"arn:aws:iam::123456789012:role/{STACK}-AlertsRole-1A2B3C"
# The property that names a resource, if the template does, and its ARN. Source: AWS Service Authorization Reference.
ARNS = {
    "AWS::CloudWatch::Alarm": ("AlarmName", f"arn:aws:cloudwatch:{HERE}:alarm:"),
    "AWS::CloudWatch::Dashboard": ("DashboardName", "arn:aws:cloudwatch::123456789012:dashboard/"),
    "AWS::DynamoDB::Table": ("TableName", f"arn:aws:dynamodb:{HERE}:table/"),
    "AWS::IAM::Role": ("RoleName", "arn:aws:iam::123456789012:role/"),
    "AWS::Lambda::EventSourceMapping": ("", f"arn:aws:lambda:{HERE}:event-source-mapping:"),
    "AWS::Lambda::Function": ("FunctionName", f"arn:aws:lambda:{HERE}:function:"),
    "AWS::Logs::LogGroup": ("LogGroupName", f"arn:aws:logs:{HERE}:log-group:"),
    "AWS::S3::Bucket": ("BucketName", "arn:aws:s3:::"),
    "AWS::S3::BucketPolicy": ("", "arn:aws:s3:::"),
    "AWS::SES::ConfigurationSet": ("Name", f"arn:aws:ses:{HERE}:configuration-set/"),
    "AWS::SNS::Subscription": ("", f"arn:aws:sns:{HERE}:"),
    "AWS::SNS::Topic": ("TopicName", f"arn:aws:sns:{HERE}:"),
    "AWS::SNS::TopicPolicy": ("", f"arn:aws:sns:{HERE}:"),
    "AWS::SQS::Queue": ("QueueName", f"arn:aws:sqs:{HERE}:"),
    "AWS::SQS::QueuePolicy": ("", f"arn:aws:sqs:{HERE}:"),
    "AWS::Scheduler::Schedule": ("Name", f"arn:aws:scheduler:{HERE}:schedule/default/"),
}
# What needs an action that the policy does not give: properties of a type, of which no template has one.
NOT_USED = {
    ("AWS::DynamoDB::Table", "iam:CreateServiceLinkedRole"): ("ContributorInsightsSpecification", "Replicas"),
    ("AWS::DynamoDB::Table", "kinesis:*"): ("KinesisStreamSpecification",),
    ("AWS::DynamoDB::Table", "logs:*"): ("ImportSourceSpecification",),
    ("AWS::IAM::Role", "iam:*RolePermissionsBoundary"): ("PermissionsBoundary",),
    ("AWS::IAM::Role", "iam:AttachRolePolicy"): ("ManagedPolicyArns",),
    ("AWS::IAM::Role", "iam:DetachRolePolicy"): ("ManagedPolicyArns",),
    ("AWS::IAM::Role", "iam:UpdateRole*"): ("Description", "MaxSessionDuration"),
    ("AWS::Lambda::Function", "ec2:*"): ("VpcConfig",),
    ("AWS::Lambda::Function", "elasticfilesystem:*"): ("FileSystemConfigs",),
    ("AWS::Lambda::Function", "s3files:*"): ("FileSystemConfigs",),
    ("AWS::Logs::LogGroup", "logs:CreateLogDelivery"): ("DataProtectionPolicy",),
    ("AWS::Logs::LogGroup", "logs:PutResourcePolicy"): ("ResourcePolicyDocument",),
    ("AWS::Logs::LogGroup", "logs:PutIndexPolicy"): ("FieldIndexPolicies",),
    ("AWS::Logs::LogGroup", "logs:DeleteIndexPolicy"): ("FieldIndexPolicies",),
    ("AWS::Logs::LogGroup", "logs:DeleteResourcePolicy"): ("ResourcePolicyDocument",),
    ("AWS::Logs::LogGroup", "firehose:*"): ("DataProtectionPolicy",),
    ("AWS::Logs::LogGroup", "s3:REST.PUT.OBJECT"): ("DataProtectionPolicy",),
    ("AWS::S3::Bucket", "s3tables:*"): ("MetadataConfiguration", "MetadataTableConfiguration"),
    ("AWS::SES::ConfigurationSet", "ses:PutConfigurationSetArchivingOptions"): ("ArchivingOptions",),
    ("AWS::SES::ConfigurationSet", "ses:PutConfigurationSetDeliveryOptions"): ("DeliveryOptions",),
    ("AWS::SES::ConfigurationSet", "ses:PutConfigurationSetReputationOptions"): ("ReputationOptions",),
    ("AWS::SES::ConfigurationSet", "ses:PutConfigurationSetSendingOptions"): ("SendingOptions",),
    ("AWS::SES::ConfigurationSet", "ses:PutConfigurationSetTrackingOptions"): ("TrackingOptions",),
    ("AWS::SES::ConfigurationSet", "ses:PutConfigurationSetVdmOptions"): ("VdmOptions",),
}
# What `sls` itself calls, as tests/local/run/test_watcher_end_to_end.py records, and CloudFormation for no type.
OF_SLS = {"cloudformation:ValidateTemplate", "sts:GetCallerIdentity"}

Asked = Mapping[tuple[str, str], str]


@pytest.fixture(scope="module")
def resources(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, Mapping[str, Any]]]:
    """Give each resource of each stage, and of a receiver of every kind, with its name in the template."""
    file = tmp_path_factory.mktemp("project") / "receivers.toml"
    file.write_text(RECEIVERS, encoding="utf-8")
    found = [template["Resources"] for template in templates()]
    found.append(resources_of("receivers.cjs", "prod", receiversFile=str(file)))
    return [(name, resource) for each in found for name, resource in each.items()]


@pytest.fixture(scope="module")
def asked(resources: list[tuple[str, Mapping[str, Any]]]) -> dict[tuple[str, str], str]:
    """Give the actions on resources that CloudFormation may ask for, each with a type that needs it."""
    return {
        (action, _resource_of(action, arn)): resource["Type"]
        for name, resource in resources
        for arn in [_arn(name, resource)]
        for action in permissions_for(resource["Type"])
    }


def _arn(name: str, resource: Mapping[str, Any]) -> str:
    """Write the ARN; a name that CloudFormation makes begins with the stack's."""
    key, before = ARNS[resource["Type"]]
    given = str(resource["Properties"].get(key) or "")
    given = re.sub(r"\$\{self:service\}-\$\{sls:stage\}|product-alerts-(dev|staging|prod)", STACK, given)
    made = f"{STACK}-{name}-1A2B3C"
    return before + (given or (made.lower() if "s3" in before else made))


def _resource_of(action: str, arn: str) -> str:
    if action in EVERYWHERE:
        return "*"
    if action.startswith("iam:"):
        return arn if ":role/" in arn else ROLE
    return f"{arn}/object" if action in {"s3:GetObject", "s3:GetObjectVersion", "s3:DeleteObject"} else arn


def _missing(asked: Asked, grants: list[Grant]) -> Iterator[tuple[str, str]]:
    """Yield type and action of what is not allowed; a key's actions stand beside the policy."""
    for action, resource in denied_of(asked, grants):
        if not action.startswith("kms:"):
            yield asked[action, resource], action


def test_whatever_cloudformation_calls_is_allowed(asked: Asked) -> None:
    """For every type of every stage, but for what only properties ask for that no template has."""
    missing = set(_missing(asked, policy_under("A deployer's policy")))
    unexplained = {
        (kind, action)
        for kind, action in missing
        if not any(kind == of and fnmatchcase(action, pattern) for of, pattern in NOT_USED)
    }
    assert unexplained == set()
    idle = {
        each
        for each in NOT_USED
        if not any(kind == each[0] and fnmatchcase(action, each[1]) for kind, action in missing)
    }
    assert idle == set()


def test_no_template_has_a_property_that_the_policy_leaves_out(resources: list[tuple[str, Mapping[str, Any]]]) -> None:
    """Who adds one gives the deployer what it needs."""
    used = {(resource["Type"], name) for _, resource in resources for name in resource["Properties"]}
    left_out = {(kind, name) for (kind, _), names in NOT_USED.items() for name in names}
    assert used & left_out == set()


def test_each_single_action_is_needed(asked: Asked) -> None:
    """Taken away, something is denied: by CloudFormation or by `sls`. Wildcards are for the service's own names."""
    grants = policy_under("A deployer's policy")
    single = {grant for grant in grants if "*" not in grant.action}
    needed = dict(asked) | {(action, "*"): "sls" for action in OF_SLS} | {("iam:PassRole", ROLE): "sls"}
    covering = [{grant for grant in grants if grant.covers(*each)} for each in needed]
    alone = {grant for found in covering if len(found) == 1 for grant in found}
    assert {grant.action for grant in single - alone} == set()
    services = {action.partition(":")[0] for action, _ in asked}
    wide = {grant.action.partition(":")[0] for grant in grants if grant.action.endswith(":*")}
    assert wide <= services | {"cloudformation"}
    assert all("product-alerts-" in grant.resource for grant in grants if grant.action.endswith(":*"))


def test_the_document_names_what_a_key_of_your_own_asks_of_a_deployer(asked: Asked) -> None:
    """All but the aliases, by which only keys of AWS are found."""
    text = section((ROOT / "docs" / "deploying.md").read_text("utf-8"), "Encryption")
    paragraph = text[text.index("Whoever deploys") :]
    named = {code for code in code_in(paragraph) if code.startswith("kms:")}
    assert named == {action for action, _ in asked if action.startswith("kms:")} - {"kms:ListAliases"}


def test_the_document_says_that_a_deployer_can_become_an_administrator(
    resources: list[tuple[str, Mapping[str, Any]]],
) -> None:
    """As long as no role has a permissions boundary, and the policy makes roles and functions."""
    grants = policy_under("A deployer's policy")
    function = f"arn:aws:lambda:{HERE}:function:{STACK}-any"
    asked = [("iam:PutRolePolicy", ROLE), ("iam:PassRole", ROLE), ("lambda:CreateFunction", function)]
    assert denied_of(asked, grants) == set()
    roles = [resource["Properties"] for _, resource in resources if resource["Type"] == "AWS::IAM::Role"]
    assert roles
    assert not any("PermissionsBoundary" in properties for properties in roles)
    text = section((ROOT / "docs" / "deploying.md").read_text("utf-8"), "A deployer's policy")
    assert "people whom you trust with the whole account" in text
    assert "no permissions boundary on its roles" in " ".join(text.split())


def test_another_service_another_stack_and_another_action_are_denied() -> None:
    """The evaluator says no."""
    grants = policy_under("A deployer's policy")
    right = [("sqs:CreateQueue", f"arn:aws:sqs:{HERE}:{STACK}-failures"), ("iam:PassRole", ROLE)]
    wrong = [
        ("sqs:CreateQueue", f"arn:aws:sqs:{HERE}:another-failures"),
        ("iam:PassRole", "arn:aws:iam::123456789012:role/Admin"),
        ("iam:AttachRolePolicy", ROLE),
        ("ec2:RunInstances", "*"),
    ]
    assert denied_of([*right, *wrong], grants) == set(wrong)
