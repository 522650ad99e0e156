"""Many alerts as one message: grouped by product, the newest state first, and no longer than a person reads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import itemgetter
from typing import NamedTuple

from notifications.config.receiver import Receiver
from notifications.config.rule_keys import SEVERITY
from notifications.delivery.rendering.safe_text import clean
from notifications.delivery.rendering.view import LONGEST_SUBJECT, AlertView, counted

MOST_LINES = 5  # of one product
_IN_SUBJECT = 3
_RANKS = {severity: rank for rank, severity in enumerate(SEVERITY.words)}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class DigestLine(NamedTuple):
    """One change."""

    phrase: str
    """What happened, without the product."""
    moved: str
    """Old → new; "" where the phrase says it all."""
    severity: str
    clock: str
    """The time of day; "" where nobody knows."""


@dataclass(frozen=True, slots=True)
class DigestProduct:
    """What happened to one product."""

    name: str
    link: str
    severity: str
    """The highest of its changes."""
    lines: tuple[DigestLine, ...]
    """The newest change first."""
    more_lines: int


@dataclass(frozen=True, slots=True)
class DigestView:
    """What is shown of many alerts."""

    count: int
    """Of all alerts."""
    subject: str
    """How many, and the three that matter most."""
    headline: str
    """How many alerts about how many products."""
    severity: str
    products: tuple[DigestProduct, ...]
    more_products: int
    """How many products are not named."""
    more_alerts: int
    """How many alerts there are about them."""
    span: str
    """When the alerts happened, from the earliest to the latest; "" where nobody knows."""
    stage: str


def digest_of(alerts: Iterable[AlertView], receiver: Receiver) -> DigestView | None:
    """Put alerts together for a receiver; None where there is no alert. A repeat, by its id, counts once."""
    by_product: dict[tuple[str, str, str], list[AlertView]] = {}
    for alert in {alert.id: alert for alert in alerts}.values():
        by_product.setdefault(alert.identity, []).append(alert)
    if not by_product:
        return None
    groups = [sorted(group, key=_newest_first) for group in by_product.values()]
    groups.sort(key=_most_important_first)
    everything = [alert for group in groups for alert in group]
    shown = groups[: receiver.most_products]
    times = sorted((alert for alert in everything if alert.happened), key=_happened)
    about = counted(len(groups), "product")
    return DigestView(
        count=len(everything),
        subject=_subject(len(everything), _in_subject(groups)),
        headline=f"{counted(len(everything), 'alert')} about {about}",
        severity=_highest(everything),
        products=tuple(_product(group) for group in shown),
        more_products=len(groups) - len(shown),
        more_alerts=len(everything) - sum(map(len, shown)),
        span=_span(times[0], times[-1]) if times else "",
        stage=everything[0].stage,
    )


def _product(group: list[AlertView]) -> DigestProduct:
    lines = {(alert.sequence_number, alert.phrase): alert for alert in reversed(group)}  # two rules, one thing to say
    changes = sorted(lines.values(), key=_newest_first)
    return DigestProduct(
        name=group[0].name,
        link=next((alert.link for alert in group if alert.link), ""),
        severity=_highest(group),
        lines=tuple(
            DigestLine(_phrase(alert), "" if _says_it_all(alert) else alert.moved, alert.severity, alert.clock)
            for alert in changes[:MOST_LINES]
        ),
        more_lines=max(len(changes) - MOST_LINES, 0),
    )


def _span(first: AlertView, last: AlertView) -> str:
    """Write two moments, the day once where it is the same."""
    if first.moment == last.moment:
        return first.moment
    together = first.moment.replace(first.clock, f"{first.clock} to {last.clock}", 1)
    same_day = first.moment.replace(first.clock, "", 1) == last.moment.replace(last.clock, "", 1)
    return together if same_day else f"{first.moment} to {last.moment}"


def _phrase(alert: AlertView) -> str:
    """Say what happened, in the rule's own words if it has some; the product's name stands above."""
    rest = alert.own_title.removeprefix(alert.name)
    return (rest.lstrip(" :,-") if rest != alert.own_title else rest) or alert.phrase


def _in_subject(groups: list[list[AlertView]]) -> list[str]:
    """Choose the headlines that matter most: the most severe, of these the newest of each product, then the others."""
    ranked: list[tuple[tuple[int, int, float], AlertView]] = []
    for group in groups:
        before = Counter[str]()
        for alert in group:
            rank, moment = _most_important(alert)
            ranked.append(((rank, before[alert.severity], moment), alert))
            before[alert.severity] += 1
    ranked.sort(key=itemgetter(0))
    return list(dict.fromkeys(alert.headline for _, alert in ranked))[:_IN_SUBJECT]


def _says_it_all(alert: AlertView) -> bool:
    return alert.after == "0" or alert.phrase.endswith((f" {alert.after}", f" {alert.after} left"))


def _subject(count: int, headlines: list[str]) -> str:
    return clean(f"{counted(count, 'alert')}: {', '.join(headlines)}", LONGEST_SUBJECT)


def _highest(alerts: Iterable[AlertView]) -> str:
    return max((alert.severity for alert in alerts), key=_RANKS.__getitem__)


def _happened(alert: AlertView) -> datetime:
    return alert.happened or _LONG_AGO


def _newest_first(alert: AlertView) -> tuple[int, float, int]:
    return -alert.sequence_number, -_happened(alert).timestamp(), -_RANKS[alert.severity]


def _most_important(alert: AlertView) -> tuple[int, float]:
    return -_RANKS[alert.severity], -_happened(alert).timestamp()


def _most_important_first(group: list[AlertView]) -> tuple[int, float]:
    return -_RANKS[_highest(group)], -_happened(group[0]).timestamp()
