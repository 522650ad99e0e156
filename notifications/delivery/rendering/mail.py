"""The mail: HTML that holds in Gmail, Outlook and dark mode, and a plain-text part.

`templates/mail.mjml` is compiled into `templates/mail.html` by `npm run generate`, and never on Lambda. The compiled
file is a Jinja2 template; every value is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from functools import lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, TemplateError

from notifications.common.errors import ConfigurationError
from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestView
from notifications.delivery.rendering.text import footer, plain_part
from notifications.delivery.rendering.view import BARS, AlertView

TEMPLATE = Path(__file__).parent.parent / "templates" / "mail.html"
_SEVEN_BITS = SMTP.clone(cte_type="7bit")  # whatever servers are on the way
SENDER_NAME = "Product alerts"
LIGHT: Mapping[str, str] = {
    "ground": "#f3f4f6", "card": "#ffffff", "line": "#e5e7eb", "text": "#1f2937", "dim": "#586070",
    "accent": "#1d4ed8", "info": "#1d4ed8", "warning": "#92400e", "critical": "#b91c1c",
    "button": "#1d4ed8", "on_button": "#ffffff",
}  # fmt: skip
DARK: Mapping[str, str] = {
    "ground": "#111418", "card": "#1b1f24", "line": "#333a43", "text": "#e6e8eb", "dim": "#a3acb8",
    "accent": "#8ab4f8", "info": "#8ab4f8", "warning": "#f5b74f", "critical": "#ff8a80",
    "button": "#8ab4f8", "on_button": "#111418",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class MailMessage:
    """What is sent to the addresses of a receiver."""

    subject: str
    """One line, without control characters."""
    text: str
    html: str
    message_id: str
    """The local part of its Message-ID: the same for the same alert."""

    def to_email(self, receiver: Receiver) -> EmailMessage:
        """Put headers and both parts together, as SES takes it in SendRawEmail."""
        email = EmailMessage(policy=_SEVEN_BITS)
        email["Subject"] = self.subject
        email["From"] = Address(SENDER_NAME, addr_spec=receiver.sender)
        email["To"] = [Address(addr_spec=address) for address in receiver.to]
        email["Message-ID"] = f"<{self.message_id}@{receiver.sender.partition('@')[2]}>"
        # A mailto alone: one-click unsubscribing would need an endpoint that acts on POST, and there is none.
        email["List-Unsubscribe"] = f"<mailto:{receiver.sender}?subject=unsubscribe%20{receiver.name}>"
        email["Auto-Submitted"] = "auto-generated"
        email["X-Auto-Response-Suppress"] = "All"
        email.set_content(self.text)
        email.add_alternative(self.html, subtype="html")
        return email


def render_mail(shown: AlertView | DigestView, receiver: Receiver, message_id: str, folder: Path) -> MailMessage:
    """Fill the template, the owner's of `folder` if the receiver names one.

    Raises ConfigurationError for a template that cannot be read or filled; `operations check` finds it earlier.
    """
    path = folder / receiver.template if receiver.template else TEMPLATE
    try:
        html = _template(path).render(_context(shown, receiver))
    except OSError as error:
        raise ConfigurationError(f"{receiver.template or path.name} cannot be read: {error.strerror}") from None
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        place = f", line {line}" if line else ""
        raise ConfigurationError(f"{receiver.template or path.name}{place}: {error.message or error}") from None
    except Exception as error:  # noqa: BLE001 - an owner's template can run into anything: 1 / 0, a missing attribute
        raise ConfigurationError(f"{receiver.template or path.name}: {type(error).__name__}: {error}") from None
    return MailMessage(shown.subject, plain_part(shown, receiver), html, "".join(filter(_in_message_id, message_id)))


def _in_message_id(character: str) -> bool:
    return character.isascii() and (character.isalnum() or character in "-.")


def _context(shown: AlertView | DigestView, receiver: Receiver) -> dict[str, Any]:
    """Give what a template can name; docs/receivers.md lists it."""
    alert = shown if isinstance(shown, AlertView) else None
    return {
        "alert": alert,
        "digest": None if alert else shown,
        "receiver": receiver.name,
        "subject": shown.subject,
        "headline": shown.headline,
        "preview": alert.moved or alert.reason if alert else shown.subject,
        "severity": shown.severity,
        "severity_colour": LIGHT[shown.severity],
        "bar": BARS[shown.severity],
        "light": LIGHT,
        "dark": DARK,
        "footer": footer(shown, receiver),
    }


@lru_cache(8)
def _template(path: Path) -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(path.read_text(encoding="utf-8"))
