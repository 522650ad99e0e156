"""`kmsKeyArn` and `productsKeyArn`: what they encrypt, and who may use them."""

from __future__ import annotations

import json
import subprocess
from typing import Any

from tests.builders import ROOT
from tests.docs.markdown import section
from tests.infrastructure.identity_policies import templates

KEY, OTHER = "arn:aws:kms:eu-west-1:123456789012:key/a", "arn:aws:kms:eu-west-1:123456789012:key/b"
PLAIN: dict[str, dict[str, Any]] = {
    "AWS::SNS::Topic": {},
    "AWS::SQS::Queue": {"SqsManagedSseEnabled": True},
    "AWS::DynamoDB::Table": {"SSESpecification": {"SSEEnabled": True}},
    "AWS::Logs::LogGroup": {},
    "AWS::Lambda::Function": {},
    "AWS::S3::Bucket": {"BucketEncryption": {}},
    "AWS::CloudWatch::Alarm": {},
}


ROLES = ("AlertsRole", "DeliveryRole", "FlushRole")


def with_keys(kms: str = "", products: str = "") -> dict[str, dict[str, Any]]:
    """Give the properties by type, of a role by its name, as the plugin leaves them."""
    template = {kind.replace(":", ""): {"Type": kind, "Properties": given} for kind, given in PLAIN.items()}
    template |= {name: {"Type": "AWS::IAM::Role", "Properties": {"Policies": []}} for name in ROLES}
    template["ServerlessDeploymentBucket"] = {"Type": "AWS::S3::Bucket", "Properties": {}}
    code = (
        "const [resources, keys] = process.argv.slice(1).map(JSON.parse);"
        "require('./infrastructure/own-key.cjs').useKeys(resources, keys); console.log(JSON.stringify(resources));"
    )
    keys = json.dumps({"kmsKeyArn": kms, "productsKeyArn": products})
    done = subprocess.run(
        ["node", "-e", code, json.dumps(template), keys], cwd=ROOT, capture_output=True, text=True, check=True
    )
    found = json.loads(done.stdout)
    assert found.pop("ServerlessDeploymentBucket")["Properties"] == {}
    return {name if name in ROLES else each["Type"]: each["Properties"] for name, each in found.items()}


def test_without_a_key_nothing_changes() -> None:
    """AWS's own keys cost nothing and need no grants."""
    assert with_keys() == {**PLAIN, **{role: {"Policies": []} for role in ROLES}}


def test_one_key_encrypts_all_that_the_stack_makes() -> None:
    """A queue has either SQS's own encryption or a key."""
    found = with_keys(kms=KEY)
    assert found["AWS::SNS::Topic"] == {"KmsMasterKeyId": KEY}
    assert found["AWS::SQS::Queue"] == {"KmsMasterKeyId": KEY}
    assert found["AWS::DynamoDB::Table"]["SSESpecification"]["KMSMasterKeyId"] == KEY
    assert found["AWS::Logs::LogGroup"] == {"KmsKeyId": KEY}
    assert found["AWS::Lambda::Function"] == {"KmsKeyArn": KEY}
    assert KEY in json.dumps(found["AWS::S3::Bucket"])
    assert found["AWS::CloudWatch::Alarm"] == {}


def test_the_roles_may_use_the_keys_and_nothing_more() -> None:
    """To write and read under the stack's key; the stream's role alone to read under the table's."""
    ours, theirs = (["kms:Decrypt", "kms:GenerateDataKey"], KEY), (["kms:Decrypt"], OTHER)

    def granted(role: dict[str, Any]) -> list[Any]:
        documents = [policy["PolicyDocument"]["Statement"] for policy in role["Policies"]]
        return [(each["Action"], each["Resource"]) for statements in documents for each in statements]

    both, products = with_keys(kms=KEY, products=OTHER), with_keys(products=OTHER)
    assert granted(both["AlertsRole"]) == [ours, theirs]
    assert granted(both["DeliveryRole"]) == granted(both["FlushRole"]) == [ours]
    assert granted(products["AlertsRole"]) == [theirs]
    assert granted(products["DeliveryRole"]) == []


def test_without_a_key_topics_have_none_as_the_document_says() -> None:
    """Alarms could not publish under the key that AWS manages for SNS."""
    topics = [each for read in templates() for each in read["Resources"].values() if each["Type"] == "AWS::SNS::Topic"]
    assert topics
    assert not any("KmsMasterKeyId" in topic["Properties"] for topic in topics)
    text = section((ROOT / "docs" / "deploying.md").read_text("utf-8"), "Encryption")
    assert "The topics have no key then" in text
