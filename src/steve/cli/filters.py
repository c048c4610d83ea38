"""The options that choose jobs, the same for looking at them and for changing them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, TypeVar

import click
from click.shell_completion import CompletionItem

from steve.cli.values import Kind, Moment

T = TypeVar("T")


class Status(Kind[str]):
    """A status of a job."""

    name = "status"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from steve.core.job import STATUSES

        if value not in STATUSES:
            self.fail(f"{value!r} is no status: {', '.join(STATUSES)}", param, ctx)
        return value

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        from steve.core.job import STATUSES

        return [CompletionItem(status) for status in STATUSES if status.startswith(incomplete)]


def filters(function: Callable[..., T]) -> Callable[..., T]:
    """Give a command --status, --type, --queue, --tag and --since.

    It gets those that were given as the keywords of `fetch_all`.
    """

    @click.option(
        "--status",
        "statuses",
        type=Status(),
        multiple=True,
        help="Status; several are possible.",
    )
    @click.option("--type", "types", metavar="TYPE", multiple=True, help="Type; several.")
    @click.option("--queue", "queues", metavar="NAME", multiple=True, help="Queue; several.")
    @click.option("--tag", metavar="TAG", help="Tag.")
    @click.option(
        "--since",
        type=Moment(),
        metavar="TIME",
        help="Created since 2026-05-01T08:30:00Z, or in the last 90s, 5m, 2h, 7d.",
    )
    @functools.wraps(function)
    def command(
        *,
        statuses: tuple[str, ...],
        types: tuple[str, ...],
        queues: tuple[str, ...],
        tag: str | None,
        since: datetime | timedelta | None,
        **others: Any,
    ) -> T:
        chosen: dict[str, Any] = {
            "status": list(statuses) or None,
            "type": list(types) or None,
            "queue": list(queues) or None,
            "tag": tag,
            "since": since,
        }
        return function(**chosen, **others)

    return command
