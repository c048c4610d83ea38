"""What the API is asked in the part of an address after its question mark."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from steve.monitor.shapes.asked import After, Filter, Name, Number

Range = Literal["5m", "1h", "6h", "24h", "7d"]
Sort = Literal["newest", "oldest", "finished"]


class Listing(Filter, forbid_unknown_fields=True):
    """A page of the jobs that match. `finished` are those that are over, the last one first."""

    sort: Sort = "newest"
    limit: Annotated[int, Meta(ge=1, le=200)] = 50
    after: After | None = None


class Counting(Filter, forbid_unknown_fields=True):
    """A stretch of the jobs that match, to be counted, from a cursor on."""

    after: After | None = None


class LogAfter(msgspec.Struct, forbid_unknown_fields=True):
    """The lines after this one."""

    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=1000)] = 500


class Course(msgspec.Struct, forbid_unknown_fields=True):
    """How far back, and for which queue; without it for all together."""

    range: Range = "1h"
    queue: Name | None = None


class Lately(msgspec.Struct, forbid_unknown_fields=True):
    """How many seconds back."""

    seconds: Annotated[int, Meta(ge=60, le=31_536_000)] = 86_400


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """No parameters."""
