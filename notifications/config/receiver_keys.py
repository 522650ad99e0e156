"""The keys of a `[[receivers]]` entry: the one place that knows them.

receivers.toml is read by this table; its JSON Schema and the key reference in docs/receivers.md are generated from it,
by `npm run generate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from notifications.config.fields import Key, MistakeError, OneOf, WholeNumber, by_name, text
from notifications.config.only_reader import only
from notifications.config.receiver import Digest, Quiet
from notifications.text.formatting import shorten
from notifications.text.nearest import nearest

LONGEST_NAME = 32
NAME = re.compile(rf"[a-z][a-z0-9-]{{0,{LONGEST_NAME - 1}}}(?<!-)")
SECRET_NAME = re.compile(r"[a-z][a-z0-9-]{0,63}")
ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?=.{4,255}$)[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
SPECIAL_IN_TEMPLATES = re.compile(r"[*?$]")  # wildcards of IAM, and what begins a variable of CloudFormation and osls
TEMPLATE_PATH = re.compile(r"templates/[A-Za-z0-9_-]+\.html")
MOST_ADDRESSES = 50  # Amazon SES API Reference, "SendRawEmail": recipients of one message
HOURLY = "hourly"
_CHAT_HOST = re.compile(
    r"(^|\.)(hooks\.slack\.com|discord(app)?\.com|webhook\.office\.com|logic\.azure\.com|powerplatform\.com)$"
)
_SECRET_PARAMETER = re.compile(r"(?:^|&)([\w.-]*(?:token|secret|password|signature|api_?key)|sig)=", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")
_LONGEST_ZONE = 60
_NO_SECRETS = (
    "expected the name of an SSM SecureString, such as buyers-slack, and never the secret itself or a URL: store it as "
    "/product-alerts/STAGE/NAME, and have one that was committed replaced by whoever issued it"
)

KIND = OneOf({
    "text": "plain words to the topic PeopleTopicArn, for e-mail and SMS subscribers of SNS",
    "mail": "an HTML mail with a plain-text part, through SES",
    "slack": "a message to an incoming webhook of Slack",
    "teams": "an Adaptive Card to a Workflows webhook of Microsoft Teams",
    "discord": "an embed to a webhook of Discord",
    "webhook": "the alert as it is, signed, to a URL of yours",
    "chatbot": "a notification through Amazon Q Developer in chat applications",
})  # fmt: skip
LANGUAGE = OneOf({
    "en": "1,234.50 and 21 Nov 2026, 14:30",
    "de": "1.234,50 and 21.11.2026, 14:30",
    "es": "1.234,50 and 21/11/2026, 14:30",
    "fr": "1 234,50 and 21/11/2026 14:30",
    "it": "1.234,50 and 21/11/2026, 14:30",
    "nl": "1.234,50 and 21-11-2026 14:30",
    "pl": "1 234,50 and 21.11.2026, 14:30",
    "pt": "1.234,50 and 21/11/2026, 14:30",
    "sv": "1 234,50 and 2026-11-21 14:30",
})  # fmt: skip


class SecretMistakeError(MistakeError):
    """A value that may be a secret is where no secret belongs."""

    secret = True


def receiver_name(value: Any) -> str:
    """Read a receiver's name: it is part of the names of queues."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise MistakeError(
            f"expected a lower-case letter, then letters, digits and hyphens, at most {LONGEST_NAME} together"
        )
    return value


def address(value: Any) -> str:
    """Read an e-mail address, without a display name."""
    if not isinstance(value, str) or not ADDRESS.fullmatch(value):
        raise MistakeError('expected an address such as "alerts@shop.example"')
    return value


def sender(value: Any) -> str:
    """Read the address that a mail comes from: the role may send from it, and the template holds it."""
    if SPECIAL_IN_TEMPLATES.search(address(value)):
        raise MistakeError("expected an address without *, ? and $, which mean something else in a template of AWS")
    return str(value)


def addresses(value: Any) -> tuple[str, ...]:
    """Read a list of e-mail addresses."""
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_ADDRESSES:
        raise MistakeError(f'expected a list of 1 to {MOST_ADDRESSES} addresses such as ["merch@shop.example"]')
    return tuple(address(entry) for entry in value)


def secret_name(value: Any) -> str:
    """Read the name of a secret; a value that may be the secret itself is refused, and not repeated."""
    name = text(value)
    unlike_a_name = not SECRET_NAME.fullmatch(name) or name.startswith(("xox", "whsec", "http"))
    if unlike_a_name or re.search(r"[0-9a-f]{20}", name.replace("-", "")):
        raise SecretMistakeError(_NO_SECRETS)
    return name


def https_url(value: Any) -> str:
    """Read the address of a webhook."""
    return _url(value, ("https",))


def plain_url(value: Any) -> str:
    """Read the same for a stage with `allowPrivateAddresses`, whose webhooks may be without TLS."""
    return _url(value, ("https", "http"))


def _url(value: Any, schemes: tuple[str, ...]) -> str:
    try:
        parts = urlsplit(value) if isinstance(value, str) and value.isascii() and value.isprintable() else None
        good = parts is not None and parts.hostname and (parts.port or 1) and " " not in value
    except ValueError:
        parts, good = None, False
    if parts and (parts.username is not None or parts.password is not None):
        raise SecretMistakeError("must hold no user name or password; the request is signed with `secret`")
    if good and parts and parts.scheme == "http" and "http" not in schemes:
        raise MistakeError(
            'expected an address such as "https://shop.example/alerts"; http is for stages with allowPrivateAddresses: '
            "true in serverless.yml, as local is"
        )
    if not good or parts is None or parts.scheme not in schemes:
        raise MistakeError('expected an address such as "https://shop.example/alerts"')
    if _CHAT_HOST.search(parts.hostname or ""):
        raise SecretMistakeError(
            "the URL of a chat's webhook is a secret: store it in SSM, and name it as `secret` of a receiver of kind "
            "slack, teams or discord; have one that was committed replaced"
        )
    word = _SECRET_PARAMETER.search(parts.query)
    if word:
        raise SecretMistakeError(
            f"must hold no secret, and {word[1]}= looks like one: the request is signed with `secret`"
        )
    return str(value)


def template_path(value: Any) -> str:
    """Read the path of the owner's template."""
    if not isinstance(value, str) or not TEMPLATE_PATH.fullmatch(value):
        raise MistakeError('expected a file such as "templates/shop.html", in the folder beside receivers.toml')
    return value


def digest(value: Any) -> Digest:
    """Read "hourly", or a time of day with its zone."""
    if value == HOURLY:
        return Digest()
    clock, _, zone = value.partition(" ") if isinstance(value, str) else ("", "", "")
    at = _time(clock)
    if at is None or not zone:
        raise MistakeError('expected "hourly", or a time with its zone such as "08:00 Europe/Berlin"')
    return Digest(at, _zone(zone))


def quiet(value: Any) -> Quiet:
    """Read a span of the day with its zone."""
    span, _, zone = value.partition(" ") if isinstance(value, str) else ("", "", "")
    start, end = (_time(part) for part in (span.partition("-")[0], span.partition("-")[2]))
    if start is None or end is None or not zone:
        raise MistakeError('expected a span with its zone such as "22:00-07:00 Europe/Berlin"')
    if start == end:
        raise MistakeError("expected two different times; a receiver that is always quiet gets nothing")
    return Quiet(start, end, _zone(zone))


def _time(clock: str) -> time | None:
    match = _CLOCK.fullmatch(clock)
    return time(int(match[1]), int(match[2])) if match else None


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        close = nearest(name[:_LONGEST_ZONE], sorted(available_timezones()))
        hint = f"did you mean {close}?" if close else "expected a name such as Europe/Berlin or UTC"
        raise MistakeError(f"unknown time zone {shorten(name, _LONGEST_ZONE)!r}; {hint}") from None


_CHATS = ("slack", "teams", "discord")
_PEOPLE = ("text", "mail", *_CHATS, "chatbot")
RECEIVER_KEYS = by_name(
    Key("name", receiver_name, "a name that no other receiver has, such as merchandising", required=True),
    Key("kind", KIND, "how the receiver is reached", required=True),
    Key("to", addresses, "the addresses of the mail", ("mail",), required=True),
    Key("from", sender, "the address that the mail comes from; SES has to know it", ("mail",), required=True),
    Key("url", https_url, "where alerts are posted to", ("webhook",), required=True),
    Key("secret", secret_name, "the name of an SSM SecureString, /product-alerts/STAGE/NAME: the webhook's URL for "
        "chats, the signing key for a webhook", (*_CHATS, "webhook"), required=True),
    Key("only", only, "conditions on message attributes, all of which have to hold", unset="every alert"),
    Key("digest", digest, "when to send what came in as one message", _PEOPLE, unset="each alert at once"),
    Key("quiet", quiet, "the hours in which only critical alerts are sent; the others follow as a digest", _PEOPLE,
        unset="no quiet hours"),
    Key("language", LANGUAGE, "how numbers and dates are written", _PEOPLE, default="en"),
    Key("most_products", WholeNumber(1, 100), "the most products that a digest names; the rest is counted", _PEOPLE,
        default=20),
    Key("template", template_path, "your own template of the mail", ("mail",), unset="the project's own"),
)  # fmt: skip
COMMON_KEYS = tuple(key.name for key in RECEIVER_KEYS.values() if not key.of)
KEYS_BY_KIND: Mapping[str, tuple[str, ...]] = {
    kind: tuple(key.name for key in RECEIVER_KEYS.values() if kind in key.of) for kind in KIND.words
}
URLS_ARE_SECRET = dict.fromkeys(
    _CHATS, "the URL of a chat's webhook is a secret: store it in SSM, and give its name as `secret`"
)
"""By kind: what to say to a `url` there."""
