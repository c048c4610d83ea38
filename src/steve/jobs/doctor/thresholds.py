"""From when on the doctor calls something wrong. Seconds, where nothing else is said."""

from __future__ import annotations

AHEAD_DAYS = 14.0
"""Days for which there must be partitions. Workers make them for 21, every hour."""

AHEAD_ERROR = 2 * 86_400.0
"""A gap that is this near is an error: nobody has made partitions for weeks."""

RESCUE_MARGIN = 10.0
"""A rescue comes within 2 s of the end of a lease, where there is anybody to make it."""

UNHANDLED_ERROR = 600.0
"""Within that time a deploy should have brought workers for what it creates."""

WAIT_WARNING = 300.0
WAIT_ERROR = 3600.0
"""How long a job may wait that somebody could take."""

SNAPSHOT_WARNING = 300.0
SNAPSHOT_ERROR = 3600.0
"""How old a transaction may be."""

SNAPSHOT_TRANSACTIONS = 1_000_000
"""The same for what has no time to its name: transactions begun since."""

DEAD_ROWS = 50_000
"""Dead rows of the live table that are nothing to speak of: a busy second or two leaves as many."""

VACUUM_SILENCE = 600.0
"""Autovacuum looks every minute, unless that was changed."""

BLOAT_BYTES = 64 << 20
BLOAT_SHARE = 0.2
"""A live table that is larger, and of which less than this share is rows, is called bloated."""

ROW_OVERHEAD = 28
FILL_FACTOR = 0.7
"""Bytes of a row beside its values, and how full steve lets its pages become."""

FEW_CONNECTIONS = 5
"""So many free connections are too few in any case."""

ECHO_TIMEOUT = 5.0
"""In which a notification to ourselves must come back."""

CLOCK_WARNING = 2.0
"""By how much the two clocks may differ, beyond what the round trip leaves open."""

LOCK_TIMEOUT = 2.0
STATEMENT_TIMEOUT = 20.0
"""What the doctor's own statements may take."""
