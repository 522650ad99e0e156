"""The parameters of serverless.yml, before osls sees them."""

from __future__ import annotations

import pytest

from notifications.common.errors import ConfigurationError
from operations.settings.params import KEYS, RANGES, WORDS, check_params
from operations.settings.project import PROJECT
from operations.settings.service_file import read_service

DEFAULTS = {"batchSize": 100, "startingPosition": "TRIM_HORIZON", "maximumRecordAgeInSeconds": 21_600}


@pytest.mark.parametrize("given", [{"batchSise": "3"}, {"batchsize": "3"}])
def test_a_name_that_is_nearly_a_parameter_is_a_mistake(given: dict[str, str]) -> None:
    """A parameter that nothing reads would change nothing, and its user would believe that it did."""
    with pytest.raises(ConfigurationError, match="did you mean batchSize"):
        check_params(DEFAULTS, {}, given)
    with pytest.raises(ConfigurationError, match="did you mean batchSize"):
        check_params(DEFAULTS, given, {})


@pytest.mark.parametrize(("of_stage", "given"), [({"team": "shop"}, {}), ({}, {"team": "shop"})])
def test_a_parameter_without_a_default_is_a_mistake(of_stage: dict[str, str], given: dict[str, str]) -> None:
    """Nothing reads it; the message says where one of the user's own is named."""
    with pytest.raises(ConfigurationError, match=r"team is unknown and would have no effect; .* params, default"):
        check_params(DEFAULTS, of_stage, given)


def test_a_parameter_of_the_users_own_is_left_alone() -> None:
    """Users may add parameters, with a default."""
    defaults = {**DEFAULTS, "team": "", "alertsEmail": ""}
    check_params(defaults, {"alertsEmail": "me@example.com"}, {"team": "shop"})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("batchSize", "20000", "from 1 to 10000"),
        ("batchSize", "0", "from 1 to 10000"),
        ("batchSize", "many", "from 1 to 10000"),
        ("maximumRecordAgeInSeconds", "59", "from 60 to 604800"),
        ("startingPosition", "BEGIN", "TRIM_HORIZON or LATEST"),
        *(
            (name, value, "the ARN of a KMS key")
            for name in KEYS
            for value in (
                "foo",
                "alias/shop",
                "1234abcd-12ab-34cd-56ef-1234567890ab",
                "arn:aws:kms:eu-west-1:123456789012:alias/shop",
                "arn:aws:kms:eu-west-1:12345:key/1234abcd",
                "arn:aws:sqs:eu-west-1:123456789012:key/1234abcd",
                "arn:aws:kms:eu-west-1:123456789012:key/",
                "arn:aws:kms:eu-west-1:123456789012:key/1234abcd\n",
            )
        ),
    ],
)
def test_a_value_out_of_range_is_named_with_what_was_expected(name: str, value: str, expected: str) -> None:
    """The message speaks of the parameter, in the words of serverless.yml."""
    with pytest.raises(ConfigurationError, match=f"{name} is {value}; expected .*{expected}"):
        check_params({**DEFAULTS, "kmsKeyArn": "", "productsKeyArn": ""}, {}, {name: value})


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    "value",
    [
        "",
        "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/mrk-1234abcd12ab34cd56ef1234567890ab",
    ],
)
def test_the_arn_of_a_key_is_taken(name: str, value: str) -> None:
    """In any partition, in several regions, or not at all."""
    check_params({**DEFAULTS, name: ""}, {name: value}, {})


@pytest.mark.parametrize(("name", "value"), [("maximumRecordAgeInSeconds", -1), ("batchSize", "10000")])
def test_a_value_at_the_edge_is_taken(name: str, value: object) -> None:
    """The edges belong to the range, and -1 means no limit of age."""
    check_params(DEFAULTS, {name: value}, {})


@pytest.mark.parametrize("stage", ["dev", "prod", "local"])
def test_every_range_is_of_a_parameter_that_exists(stage: str) -> None:
    """The stages of serverless.yml pass, and no range is kept for a parameter that is gone."""
    read_service(PROJECT, stage, {})
    text = (PROJECT / "serverless.yml").read_text(encoding="utf-8")
    assert all(f"    {name}: " in text for name in (*RANGES, *WORDS, *KEYS))
