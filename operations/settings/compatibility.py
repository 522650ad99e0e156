"""Whether the stream and the function that serverless.yml describes suit the rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notifications.common.sns_limits import MOST_ENTRIES
from notifications.common.time_budget import FULL_TIMEOUT, LEAST_TIMEOUT
from notifications.rules.rule import Rule
from notifications.rules.ruleset import Ruleset, describe_missing_images
from notifications.rules.where import AnyOf, WhereClause
from notifications.stream.changes import images_sent
from notifications.text.nearest import nearest
from operations.settings.service_file import Service

_SECONDS_A_PUBLISH = 0.1  # of ten alerts, generously
_OSLS_BATCH_SIZE = 10  # if the stream event sets no batchSize
_IMAGE_OF = {"INSERT": "NewImage", "REMOVE": "OldImage"}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A setting in serverless.yml that keeps rules from firing, or breaks a guarantee."""

    key: str
    """The setting, as serverless.yml or CloudFormation names it."""
    message: str
    """What goes wrong, and what to change."""
    rule: str = ""
    """The rule that suffers; empty where all do."""
    view_type: str = ""
    """The stream's, where that is what leaves the rule without an image."""
    of_place: bool = False
    """Whether it is the stage or the region that is wrong, whatever the rules are."""
    fatal: bool = False
    """Whether nothing could be deployed so."""


def mismatches(ruleset: Ruleset, service: Service, region: str = "") -> list[Mismatch]:
    """List every mismatch between the rules and the settings of a stage, deployed in `region` if that is known."""
    patterns = service.stream.get("filterPatterns")
    return [
        *_place(service, region),
        *_view_type(ruleset, service),
        *_settings(service),
        *_filters(ruleset, patterns),
        *_keys(ruleset, service),
    ]


def in_few_lines(found: Sequence[Mismatch]) -> list[str]:
    """Say what does not fit, a line each; rules that one view type leaves blind share a line."""
    blind = [each for each in found if each.view_type]
    if len(blind) <= 1:
        return [f"{each.key}: {each.message}" for each in found]
    names = ", ".join(f'"{each.rule}"' for each in blind)
    line = (
        f"{blind[0].key}: {len(blind)} rules need an image that the stream does not send, as it sends "
        f"{blind[0].view_type}: they will not fire. Give the table a stream with NEW_AND_OLD_IMAGES. The rules: {names}"
    )
    return [line, *(f"{each.key}: {each.message}" for each in found if not each.view_type)]


def _place(service: Service, region: str) -> Iterator[Mismatch]:
    if service.stages and service.stage not in service.stages:
        close = nearest(service.stage, service.stages)
        named = ", ".join(service.stages) + (f"; did you mean {close}?" if close else ".")
        yield Mismatch(
            "stage",
            f"{service.stage} is not among the stages of serverless.yml, {named} "
            f"For a new one write {service.stage}: {{}} under params",
            of_place=True,
        )
    if region and service.stream_region and service.stream_region != region:
        yield Mismatch(
            "productsStreamArn",
            f"the stream is in {service.stream_region}, and the function would be in {region}, where no mapping can "
            f"read it; deploy with --region {service.stream_region}",
            of_place=True,
            fatal=True,
        )


def _keys(ruleset: Ruleset, service: Service) -> Iterator[Mismatch]:
    for rule in ruleset.rules:
        watched = rule.condition.watches if rule.when == "changed" else None
        if watched and all(path.top in service.key_attributes for path in watched):
            yield Mismatch(
                "KeySchema",
                f'rule "{rule.name}" waits for a change of {", ".join(path.text for path in watched)}, which is in the '
                "table's key: a key never changes. An item with another key is another item, added and removed",
                rule.name,
            )


def _view_type(ruleset: Ruleset, service: Service) -> Iterator[Mismatch]:
    sent = images_sent(service.view_type)
    for rule in ruleset.rules:
        for event_name in sorted(rule.condition.events, reverse=True):
            missing = rule.needs(event_name, service.key_attributes) - sent
            if missing:
                message = describe_missing_images(rule, service.view_type, missing)
                yield Mismatch("StreamViewType", message, rule.name, service.view_type)
                break


def _settings(service: Service) -> Iterator[Mismatch]:
    stream = service.stream
    if str(stream.get("startingPosition", "TRIM_HORIZON")).upper() != "TRIM_HORIZON":
        yield Mismatch(
            "startingPosition",
            "LATEST loses the changes made while the mapping is created or updated; expected TRIM_HORIZON",
        )
    retries = str(stream.get("maximumRetryAttempts", -1))
    age = str(stream.get("maximumRecordAgeInSeconds", -1))
    if (retries != "-1" or age != "-1") and not (stream.get("destinations") or {}).get("onFailure"):
        yield Mismatch(
            "destinations",
            "retries end, and batches given up are lost; give the stream event destinations.onFailure",
        )
    if stream.get("functionResponseType") != "ReportBatchItemFailures":
        yield Mismatch(
            "functionResponseType",
            "without ReportBatchItemFailures a batch handed back in part counts as done, and its alerts are lost",
        )
    batch_size = stream.get("batchSize") or _OSLS_BATCH_SIZE
    needed = service_seconds(int(batch_size)) if str(batch_size).isdecimal() else 0
    if service.timeout < needed:
        yield Mismatch(
            "timeout",
            f"{service.timeout:g} s is short for batches of {batch_size}: the least is {needed:g} s, "
            "or make batchSize smaller. Records that are not done in time are handed back and come again",
        )


def service_seconds(batch_size: int) -> float:
    """Return the least timeout in seconds for batches of this size: every record alerts, and three calls hang.

    Calls take at most a quarter of a short timeout, so the fourth quarter is for publishing; from `FULL_TIMEOUT` on
    they take no longer.
    """
    publishing = -(-batch_size // MOST_ENTRIES) * _SECONDS_A_PUBLISH
    return round(min(LEAST_TIMEOUT + 4 * publishing, FULL_TIMEOUT + publishing), 1)


def _filters(ruleset: Ruleset, patterns: Any) -> Iterator[Mismatch]:
    if not isinstance(patterns, list) or not patterns:
        return
    for pattern in patterns:
        for path in _numeric_on_n(pattern, ()):
            yield Mismatch(
                "filterPatterns",
                f"numeric never matches {'.'.join(path)}: an N is a text in the record. "
                'Compare texts, as in {"N": ["5"]}, or leave numbers to the rules',
            )
    for rule in ruleset.rules:
        if not any(_lets_through(pattern, rule, event) for pattern in patterns for event in rule.condition.events):
            yield Mismatch(
                "filterPatterns",
                f'no pattern lets through what rule "{rule.name}" ({rule.when}) waits for: '
                f"{' or '.join(sorted(rule.condition.events))} records",
                rule.name,
            )


def _numeric_on_n(pattern: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if isinstance(pattern, dict):
        for key, inner in pattern.items():
            if key in {"N", "NS"} and isinstance(inner, list):
                if any(isinstance(test, dict) and "numeric" in test for test in inner):
                    yield (*path, key)
            else:
                yield from _numeric_on_n(inner, (*path, key))
    elif isinstance(pattern, list):
        for inner in pattern:
            yield from _numeric_on_n(inner, path)


def _lets_through(pattern: Any, rule: Rule, event_name: str) -> bool:
    """Return whether a record of this event that the rule waits for could pass, as far as literals can tell."""
    if not isinstance(pattern, dict):
        return True
    named = pattern.get("eventName")
    if isinstance(named, list) and all(isinstance(test, str) for test in named) and event_name not in named:
        return False
    change = pattern.get("dynamodb")
    if not isinstance(change, dict):
        return True
    if event_name in _IMAGE_OF:  # the record lacks the other image, so nothing in it can match
        other = "OldImage" if _IMAGE_OF[event_name] == "NewImage" else "NewImage"
        if _requires_presence(change.get(other)):
            return False
    return not _contradicts(change.get(_IMAGE_OF.get(event_name, "NewImage")), rule)


def _requires_presence(pattern: Any) -> bool:
    if isinstance(pattern, dict):
        return any(_requires_presence(inner) for inner in pattern.values())
    return isinstance(pattern, list) and not any(
        isinstance(test, dict) and test.get("exists") is False for test in pattern
    )


def _contradicts(image: Any, rule: Rule) -> bool:
    """Return whether the pattern and the rule's `where` ask for different texts."""
    if not isinstance(image, Mapping):
        return False
    return any(_contradicts_clause(image, clause) for clause in rule.where)


def _contradicts_clause(image: Mapping[str, Any], clause: WhereClause) -> bool:
    if isinstance(clause, AnyOf):
        return all(any(_contradicts_clause(image, each) for each in conditions) for conditions in clause.alternatives)
    if clause.path.rest:
        return False
    typed = image.get(clause.path.top)
    texts = typed.get("S") if isinstance(typed, Mapping) else None
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return False
    return any(
        test.operator == "any_of" and not set(texts) & {each for each in test.wanted if isinstance(each, str)}
        for test in clause.predicates
    )
