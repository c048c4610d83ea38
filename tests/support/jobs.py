"""Jobs made for tests."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from steve.core.job import Job
from steve.core.uid import uuid7

MOMENT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def job(**changes: Any) -> Job:
    """Make a pending job of type "t", with `changes`."""
    fields: dict[str, Any] = {
        "id": 1,
        "uid": uuid7(),
        "attempt_id": None,
        "type": "t",
        "payload": {},
        "result": None,
        "status": "pending",
        "attempts": 0,
        "refunded": 0,
        "crashes": 0,
        "max_attempts": 3,
        "max_crashes": 3,
        "created_at": MOMENT,
        "updated_at": MOMENT,
        "started_at": None,
        "completed_at": None,
        "run_at": MOMENT,
        "scheduled_at": MOMENT,
        "expires_at": None,
        "backoff_strategy": "exp",
        "queue": "default",
        "priority": 0,
        "timeout": None,
        "unique_key": None,
        "limit_key": None,
        "fair_key": None,
    }
    return Job(**{**fields, **changes})
