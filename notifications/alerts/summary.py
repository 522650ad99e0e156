"""The alert that stands for all that the limit of an hour holds back."""

from __future__ import annotations

from dataclasses import replace

from notifications.alerts.alert import Alert
from notifications.alerts.composing import id_of
from notifications.rules.memory import Hour
from notifications.text.formatting import rfc3339


def summarised(alert: Alert, summary_id: str, limit: int, hour: Hour) -> Alert:
    """Turn the first alert beyond the limit into the one that says so; every invocation gives it the same id."""
    until = rfc3339(hour.ends_at) or ""
    data = {
        **alert.data,
        "title": f"{alert.rule}: {limit} alert{'' if limit == 1 else 's'} this hour, more are held back",
        "text": (
            f'Rule "{alert.rule}" has alerted {limit} times since {rfc3339(hour.starts_at)}. '
            f"Further alerts of it are held back until {until}. The first of them: {alert.title}"
        ),
        "summary": {"limit": limit, "until": until},
    }
    return replace(alert, id=summary_id, data=data)


def summary_id(table_arn: str, hour: Hour) -> str:
    """Return the id of the one alert that says that the limit of an hour is reached."""
    return id_of(table_arn, hour.rule, str(hour.starts_at))
