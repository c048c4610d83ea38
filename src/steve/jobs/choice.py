"""Which jobs a caller means: one, several, or all that a filter matches."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypedDict, cast
from uuid import UUID

from steve.core.checks import instant, label, labels, seconds, whole
from steve.core.errors import OptionError, OptionTypeError
from steve.core.job import Job, JobStatus, check_statuses
from steve.core.text import safe_repr
from steve.core.uid import as_uid

Uid: TypeAlias = UUID | str | Job
"""What names a job: its uid, as a UUID or as text, or the job itself."""

Cursor: TypeAlias = Job | int | UUID | str
"""What names the last job of a page: the job, its id, or its uid."""

MOST_NAMES = 1000
HIGHEST = 2**63 - 1


class Filter(TypedDict, total=False):
    """The keywords of `fetch_all`, which also choose jobs to be cancelled, retried or deleted."""

    status: JobStatus | Iterable[JobStatus | None] | None
    type: str | Iterable[str] | None
    queue: str | Iterable[str] | None
    tag: str | None
    since: datetime | float | timedelta | None
    after: Cursor | None
    limit: int | None
    offset: int
    ascending: bool


_KEYWORDS = tuple(Filter.__annotations__)


def check_filter(given: Mapping[str, Any]) -> None:
    """Raise `OptionTypeError` for a keyword that does not exist, naming those that do."""
    for name in given:
        if name not in _KEYWORDS:
            raise OptionTypeError(
                f"unknown option {safe_repr(name)}: allowed are {', '.join(_KEYWORDS)}"
            )


def check_page(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filter of a page as `operations.query.page` takes it, without `after`.

    `since` may remain a duration in seconds, to be counted back from the database's clock.
    """
    since = given.get("since")
    if since is not None and not isinstance(since, datetime):
        since = seconds(since, "since")
    limit = given.get("limit")
    ascending = given.get("ascending", False)
    if not isinstance(ascending, bool):
        raise OptionTypeError(f"ascending must be True or False, not {safe_repr(ascending)}")
    return {
        "statuses": check_statuses(given.get("status")),
        "types": _names(given.get("type"), "type"),
        "queues": _names(given.get("queue"), "queue"),
        "tag": None if given.get("tag") is None else label(given["tag"], "tag"),
        "since": instant(since, "since") if isinstance(since, datetime) else since,
        "limit": None if limit is None else whole(limit, "limit", 0, HIGHEST),
        "offset": whole(given.get("offset", 0), "offset", 0, HIGHEST),
        "ascending": ascending,
    }


def check_uids(given: Uid | Iterable[Uid]) -> list[UUID]:
    """Return the uids of one job or several, without repeats.

    Raises `OptionError` for malformed ones, `OptionTypeError` for anything else.
    """
    if isinstance(given, UUID | str | Job):
        return [as_uid(given)]
    if not isinstance(given, Iterable) or isinstance(given, bytes | Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
        return [as_uid(cast("Any", given))]
    return list(dict.fromkeys(map(as_uid, given)))


def require_choice(uids: object, given: Mapping[str, Any], verb: str) -> None:
    """Raise unless jobs are chosen in exactly one way: nobody means all jobs by saying nothing."""
    check_filter(given)
    if uids is None and not given:
        raise OptionTypeError(
            f"say which jobs to {verb}: a uid, several, or a filter such as status='failed' "
            "(status=None means all)"
        )
    if uids is not None and given:
        raise OptionError(f"choose the jobs to {verb} by uids or by a filter, not by both")


def _names(value: str | Iterable[str] | None, name: str) -> list[str] | None:
    if value is None:
        return None
    return [label(value, name)] if isinstance(value, str) else labels(value, name, MOST_NAMES)
