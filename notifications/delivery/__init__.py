"""Alerts brought to receivers: rendered, held for digests and quiet hours, and sent. handle_delivery alone needs it."""
