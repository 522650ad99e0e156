"""Signatures of webhooks. Source: the Standard Webhooks specification, "Webhook headers" and "Signature scheme"."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac

from notifications.common.errors import DeliveryFailedError

_PREFIX = "whsec_"
MOST_KEYS = 2
_SHORTEST_KEY, _LONGEST_KEY = 24, 64  # bytes, of the specification


def keys_in(secret: str) -> list[bytes]:
    """Read the keys of a secret: one, or while they are changed two, with white space between.

    Each is `whsec_` and base64 of 24 to 64 bytes. Raises DeliveryFailedError, as the secret can be put right.
    """
    written = secret.split()
    if not 1 <= len(written) <= MOST_KEYS:
        raise DeliveryFailedError(f"the secret of the webhook has {len(written)} keys; expected one or two")
    return [_key(text) for text in written]


def _key(text: str) -> bytes:
    try:
        key = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not text.startswith(_PREFIX) or not _SHORTEST_KEY <= len(key) <= _LONGEST_KEY:
        raise DeliveryFailedError(
            f"a key of the webhook's secret cannot be used; expected {_PREFIX} and base64 of "
            f"{_SHORTEST_KEY} to {_LONGEST_KEY} bytes"
        )
    return key


def signed_headers(message_id: str, timestamp: int, body: bytes, keys: list[bytes]) -> dict[str, str]:
    """Return the three headers by which a receiver knows who sent the body; one signature a key."""
    content = f"{message_id}.{timestamp}.".encode() + body
    signatures = [base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode() for key in keys]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
