"""The template of the mail, compiled from MJML: what Lambda fills is HTML."""

from __future__ import annotations

from mjml import mjml2html

from notifications.delivery.rendering.mail import TEMPLATE
from operations.settings.project import PROJECT

SOURCE = TEMPLATE.with_suffix(".mjml").relative_to(PROJECT)
COMPILED = TEMPLATE.relative_to(PROJECT)


def compiled(source: str) -> str:
    """Compile MJML, without the fonts that MJML would load from elsewhere."""
    return str(mjml2html(source, fonts={})).strip() + "\n"
