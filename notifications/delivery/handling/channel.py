"""A receiver with its ways to render and to send."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from notifications.common.errors import ConfigurationError, PermanentError, ProductAlertsError
from notifications.config.receiver import Receiver
from notifications.delivery.rendering.digest import DigestView, digest_of
from notifications.delivery.rendering.view import AlertView, as_test
from notifications.delivery.sending.sender import Outgoing, Sender

MACHINE = "webhook"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Channel:
    """All that delivery needs for one receiver. Its methods raise nothing but ProductAlertsError."""

    receiver: Receiver
    read: Callable[[str], AlertView]
    """Reads the body of a message. Raises MalformedAlertError."""
    render: Callable[[AlertView], Outgoing]
    render_digest: Callable[[DigestView, str], Outgoing]
    """Takes the digest's id, too."""
    sender: Sender

    def view_of(self, body: str) -> AlertView:
        """Read the body of a message. Raises PermanentError."""
        with _its_own_fault():
            return self.read(body)

    def send(self, view: AlertView) -> None:
        """Render and send one alert."""
        with _its_own_fault():
            self.sender.send(self.render(view))

    def send_test(self, body: str) -> None:
        """Render and send an alert that is marked as a test."""
        self.send(as_test(self.view_of(body)))

    def send_digest(self, views: list[AlertView], digest_id: str) -> None:
        """Render and send many alerts as one message. To a machine, which reads no digests, each is sent as it is."""
        if self.receiver.kind == MACHINE:
            for view in views:
                self.send(view)
            return
        with _its_own_fault():
            digest = digest_of(views, self.receiver)
            if digest:
                self.sender.send(self.render_digest(digest, digest_id))


@contextmanager
def _its_own_fault() -> Iterator[None]:
    """Take whatever nobody thought of for the fault of this one message: it is kept, and the others go on."""
    try:
        yield
    except ConfigurationError as error:  # the owner's template: put right, the message can be played again
        raise PermanentError(str(error)) from error
    except ProductAlertsError:
        raise
    except Exception as error:
        log.exception("a message could not be rendered or sent")
        raise PermanentError(f"{type(error).__name__}: {error}") from error
