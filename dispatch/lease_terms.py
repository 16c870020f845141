"""The terms of a dispatcher's lease, in seconds."""

from __future__ import annotations

HEARTBEAT_SECONDS = 2.0
"""A dispatcher's tick comes at least so often."""

LEASE_SECONDS = 10.0
"""A dispatcher whose heartbeat is older is dead: what it held is taken from it."""

MARGIN_SECONDS = 2.0
"""A dispatcher starts no hand-over in the last seconds of its lease."""
