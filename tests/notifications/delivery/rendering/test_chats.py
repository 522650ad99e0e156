"""What chats get, within what they take."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from notifications.delivery.rendering import discord, slack, teams
from notifications.delivery.rendering.digest import DigestView, digest_of
from notifications.delivery.rendering.kinds import JsonMessage, render
from notifications.delivery.rendering.view import AlertView
from tests.notifications.delivery.rendering.examples import CHATS, HOSTILE, event, many, receiver, ten_thousand, view


def message(kind: str, shown: AlertView | DigestView | None) -> Any:
    """Render for a chat, and read it as the chat does."""
    assert shown
    made = render(shown, receiver(kind))
    assert isinstance(made, JsonMessage)
    assert made.content_type == "application/json"
    return json.loads(made.body)


def texts(value: Any) -> Iterator[str]:
    """Give every text in a message."""
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from texts(inner)


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize(("own", "times"), [(("price-drop",), 1), ((), 0)])
def test_a_title_of_the_rules_own_is_a_line(kind: str, own: tuple[str, ...], times: int) -> None:
    """It stands before the rule; any other title says what the headline does."""
    made = "\n".join(texts(message(kind, view(title="Discontinued <b>now", own_titles=own))))
    assert made.count("Discontinued") == times
    assert not times or made.index("Discontinued") < made.index("Rule price")


def shape(value: Any) -> Any:
    """Give a message without its texts."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def nodes(value: Any) -> Iterator[dict[str, Any]]:
    """Give every object in a message."""
    if isinstance(value, dict):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from nodes(inner)


@pytest.mark.parametrize("kind", CHATS)
def test_an_alert_says_what_a_mail_says(kind: str) -> None:
    """Headline, old, new, reason, link, time, receiver and stage."""
    said = re.sub(r"[\u2060\\]", "", "\n".join(texts(message(kind, view()))))
    for part in ("Wireless Mouse is 23% cheaper", "25.99", "19.99\u00a0USD", "Rule price-drop: needs 10%",
                 "https://shop.example/p/prod-123", "10:02 CET", "merchandising", "stage dev", "Info"):  # fmt: skip
        assert part in said


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("name", HOSTILE.values(), ids=HOSTILE)
def test_a_products_name_changes_no_more_than_texts(kind: str, name: str) -> None:
    """The message has the same objects as that of a harmless product, and the words of the name as words."""
    harmless, harmful = (
        view(product={"name": each}, title=each, text=each, changes=[{"attribute": each, "old": each, "new": each}],
             rule=each.strip() or "r", heldBack={"count": 1, "latest": {"title": each}})
        for each in ("Mouse", name)
    )  # fmt: skip
    pairs = ((harmless, harmful), (digest_of([harmless], receiver()), digest_of([harmful], receiver())))
    for one, other in pairs:
        assert shape(message(kind, one)) == shape(message(kind, other))


def _formatted(kind: str, made: Any) -> str:
    """Give the texts that a chat reads as markup."""
    if kind == "slack":
        return "\n".join(node["text"] for node in nodes(made) if node.get("type") == "mrkdwn")
    if kind == "discord":
        return "\n".join((made["embeds"][0]["title"], made["embeds"][0]["description"]))
    return "\n".join((made["content"]["title"], made["content"]["description"]))


def test_slack_sees_no_mention_link_or_format_in_a_name() -> None:
    """Angle brackets are entities; marks of formatting stand at no word's edge; nothing is linked by itself."""
    made = message("slack", view(product={"name": HOSTILE["mrkdwn"]}, link=None))
    text = _formatted("slack", made)
    assert "<" not in text
    assert "&lt;!channel&gt;" in text.replace("\u2060", "")
    assert not re.search(r"(?<!\u2060)[_`~]|[_`~:](?!\u2060)", text.replace("~25.99~", ""))
    assert all(node["verbatim"] is True for node in nodes(made) if node.get("type") == "mrkdwn")


def test_discord_mentions_nobody_and_reads_no_markdown_in_a_name() -> None:
    """Every mark has a backslash, and no mention is parsed."""
    made = message("discord", view(product={"name": HOSTILE["markdown"]}))
    assert made["allowed_mentions"] == {"parse": []}
    assert not re.search(r"(?<!\\)[\[\]()@<>#|]", made["embeds"][0]["title"])


def test_teams_reads_a_name_where_it_reads_no_markdown() -> None:
    """Texts stand in runs alone; there is no TextBlock, which reads Markdown."""
    for shown in (view(), digest_of(many(3, 3), receiver())):
        card = message("teams", shown)["attachments"][0]["content"]
        assert {node["type"] for node in nodes(card) if "text" in node} == {"TextRun"}
        assert "entities" not in card["msteams"]


# What they take


@cache
def big() -> list[AlertView]:
    """Give alerts with the longest texts, of as many products as a digest may name."""
    return many(100, 8, "*" * 100)


@pytest.mark.parametrize("kind", CHATS)
@pytest.mark.parametrize("size", ["alert", "digest", "ten thousand", "256 KB"])
def test_messages_are_within_the_limits(kind: str, size: str) -> None:
    """Whatever is in them."""
    longest = {"attribute": "*" * 99, "old": "_" * 99, "new": "<" * 99}
    shown: dict[str, Callable[[], AlertView | DigestView | None]] = {
        "alert": lambda: view(product={"name": "*" * 200}, changes=[longest] * 20),
        "digest": lambda: digest_of(big(), receiver(most_products=100)),
        "ten thousand": ten_thousand,
        "256 KB": lambda: view(product={"name": "&" * 250_000}, title="<" * 1000, rule="`" * 100),
    }
    _check(kind, message(kind, shown[size]()))


def _check(kind: str, made: Any) -> None:
    if kind == "slack":
        blocks = [*made["blocks"], *made["attachments"][0]["blocks"]]
        assert len(blocks) <= slack.MOST_BLOCKS
        sections = [block["text"]["text"] for block in blocks if block["type"] == "section"]
        assert all(1 <= len(text) <= slack.LONGEST_SECTION for text in sections)
    elif kind == "teams":
        assert teams.size_of(made) <= teams.MOST_BYTES
        assert len(json.dumps(made).encode()) <= 28_000
    elif kind == "discord":
        (embed,) = made["embeds"]
        lengths = [len(embed["title"]), len(embed["description"]), len(embed["footer"]["text"])]
        assert all(length <= limit for length, limit in zip(lengths, (256, 4096, 2048), strict=True))
        assert sum(lengths) <= discord.MOST_CHARACTERS
    else:
        assert set(made) <= {"version", "source", "id", "content", "metadata"}
        assert (made["version"], made["source"]) == ("1.0", "custom")
        assert made["content"]["textType"] == "client-markdown"
        assert len(made["content"]["title"]) <= 250


@pytest.mark.parametrize("kind", CHATS)
def test_what_a_digest_does_not_name_is_counted(kind: str) -> None:
    """Whether the receiver or the chat takes no more."""
    made = digest_of(big(), receiver(most_products=90))
    said = re.sub(r"[\u2060\\]", "", "\n".join(texts(message(kind, made))))
    named = sum(f"{'*' * 100} {number:03}" in said for number in range(100))
    counted = re.search(r"and (?:\d+ more alerts about )?(\d+) (?:more|other) products", said)
    assert counted
    assert named + int(counted[1]) == 100


def test_a_webhook_gets_the_alert_as_it_is() -> None:
    """Byte for byte; a digest is for people."""
    body = json.dumps(event(), indent=3)
    shown = view()
    made = render(shown, receiver("webhook"))
    assert made == JsonMessage(shown.body.encode(), "application/cloudevents+json")
    assert json.loads(shown.body) == json.loads(body)
    digest = digest_of([shown], receiver())
    assert digest
    with pytest.raises(ValueError, match="no digest"):
        render(digest, receiver("webhook"))
