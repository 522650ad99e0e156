"""What SNS takes.

Sources: Amazon SNS API Reference, "Publish" and "PublishBatch"; Amazon SNS Developer Guide, "Amazon SNS message
attributes" and "Subscription filter policy constraints".
"""

from __future__ import annotations

import re
from decimal import Decimal

MOST_ENTRIES = 10
"""Messages of one PublishBatch call."""
MOST_BYTES = 262_144
"""Of one message and of one call, message attributes included: 256 KB."""
LONGEST_SUBJECT = 99
"""Characters, in units of UTF-16."""
MOST_ATTRIBUTES = 10
"""Message attributes that SNS hands on to a queue under raw delivery."""
ATTRIBUTE_NAME = re.compile(r"(?!(?i:aws|amazon)\.)(?!.*\.\.)[A-Za-z0-9_-][A-Za-z0-9_.-]{0,254}(?<!\.)")
LARGEST_NUMBER = Decimal(10) ** 9
"""Filter policies compare numbers from -10^9 to 10^9 with five digits after the point."""
NUMBER_PLACES = 5
