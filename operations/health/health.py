"""How a deployed stage is: read through CloudWatch, queues and the ledger, never as one more reader of the stream."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from notifications.batch_report import REASON, RULE
from notifications.delivery.handling.counted import DELIVERIES, OUTCOME, RECEIVER
from notifications.text.formatting import rfc3339
from operations.deployed.running import find_running
from operations.deployed.stack import Stack
from operations.health.difference import RECEIVERS, differences
from operations.health.laptop import told_by_npm_start
from operations.health.metrics import DAY, HOUR, CloudWatchMetrics
from operations.health.receivers import receivers_and_subscribers
from operations.health.waiting import given_up, waiting
from operations.ledger.mutes import mutes_of
from operations.settings.project import LOCAL_STAGE, stack_name


def read_health(stack: Stack, now: datetime | None = None) -> dict[str, Any]:
    """Read it all; times are RFC 3339, durations are seconds, and None is what AWS does not say."""
    now = now or datetime.now(UTC)
    metrics = CloudWatchMetrics(stack, now)
    receivers, subscribers = receivers_and_subscribers(stack)
    health: dict[str, Any] = {
        "stage": stack.stage,
        "at": rfc3339(now.timestamp()),
        "behindSeconds": metrics.behind(),
        "lastInvocation": metrics.last_invocation(),
        "function": _function(stack),
        "mappings": _mappings(stack),
        "alarms": _alarms(stack),
        "failures": waiting(stack, "FailuresQueueUrl", metrics, now),
        "givenUp": given_up(stack),
        "undelivered": waiting(stack, "UndeliveredQueueUrl", metrics, now),
        "alerts": {span: metrics.by([RULE], "Alerts", seconds) for span, seconds in _SPANS.items()},
        "suppressed": {span: metrics.by([REASON], "Suppressed", seconds) for span, seconds in _SPANS.items()},
        "deliveries": _deliveries(stack, metrics),
        "errors": {span: _errors(stack, metrics, seconds) for span, seconds in _SPANS.items()},
        "mutes": mutes_of(stack, now),
        "receivers": receivers,
        "subscribers": subscribers,
    }
    running = find_running() if stack.stage == LOCAL_STAGE else None
    if running and running.endpoint_url == stack.endpoint_url:
        health |= told_by_npm_start(running.directory, health["mappings"])
    return health


_SPANS = {"hour": HOUR, "day": DAY}


def _deliveries(stack: Stack, metrics: CloudWatchMetrics) -> dict[str, dict[str, int]]:
    name = stack.outputs.get("DeliveryFunctionName")
    if not name:
        return {span: {} for span in _SPANS}
    return {span: metrics.by([RECEIVER, OUTCOME], DELIVERIES, seconds, name) for span, seconds in _SPANS.items()}


def _errors(stack: Stack, metrics: CloudWatchMetrics, seconds: int) -> dict[str, int]:
    """Count what ended badly, by function; as with other counts, without those that are 0."""
    named = {"alerts": "AlertsFunctionName", "delivery": "DeliveryFunctionName"}
    found = {name: metrics.errors(stack.outputs[key], seconds) for name, key in named.items() if key in stack.outputs}
    return {name: count for name, count in found.items() if count}


def _function(stack: Stack) -> dict[str, Any]:
    client = stack.client("lambda")
    found = client.get_function(FunctionName=stack.outputs["AlertsFunctionName"])
    configuration = found["Configuration"]
    variables = configuration.get("Environment", {}).get("Variables", {})
    return {
        "version": variables.get("CODE_VERSION"),
        "deployed": _moment(configuration.get("LastModified")),
        "state": configuration.get("State"),
        "differences": differences(found.get("Code", {}).get("Location", ""), _receivers_file(stack, client)),
    }


def _moment(text: Any) -> str | None:
    """Write a time of Lambda's as all others; the local AWS has two forms of them."""
    try:
        return rfc3339(int(datetime.fromisoformat(text).timestamp()))
    except (TypeError, ValueError):
        return None


def _receivers_file(stack: Stack, client: Any) -> str:
    """Return the name of the receivers' file that was deployed; empty where there are no receivers."""
    name = stack.outputs.get("DeliveryFunctionName")
    if not name:
        return ""
    found = client.get_function_configuration(FunctionName=name).get("Environment", {}).get("Variables", {})
    return str(found.get("RECEIVERS_FILE", RECEIVERS))


def _mappings(stack: Stack) -> list[dict[str, Any]]:
    found = stack.client("lambda").list_event_source_mappings(FunctionName=stack.outputs["AlertsFunctionName"])
    return [
        {"uuid": each["UUID"], "state": each.get("State"), "lastResult": each.get("LastProcessingResult")}
        for each in found["EventSourceMappings"]
    ]


def _alarms(stack: Stack) -> list[dict[str, Any]]:
    found = stack.client("cloudwatch").describe_alarms(
        AlarmNamePrefix=f"{stack_name(stack.stage)}-", StateValue="ALARM"
    )
    return [
        {"name": each["AlarmName"], "description": each.get("AlarmDescription", "")} for each in found["MetricAlarms"]
    ]
