"""`steve retry`, `steve cancel` and `steve delete`."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

import click

from steve.cli.common import Common, common, run
from steve.cli.database import located
from steve.cli.filters import filters
from steve.cli.output import document, note
from steve.cli.selection import change, count
from steve.cli.values import Uid

if TYPE_CHECKING:
    from steve.jobs.manager import Jobs

Act = Callable[["Jobs", list[UUID]], Awaitable[list[UUID]]]

_uids = click.argument("uids", type=Uid(), nargs=-1, metavar="[UID]...")
_yes = click.option("--yes", "-y", is_flag=True, help="Do not ask; needed without a terminal.")


@click.command()
@_uids
@filters
@click.option(
    "--starts",
    type=click.IntRange(1, 32_767),
    default=1,
    show_default=True,
    help="Starts that each gets.",
)
@click.option("--force", is_flag=True, help="Also jobs that completed.")
@_yes
@common
def retry(
    common: Common, uids: tuple[UUID, ...], yes: bool, starts: int, force: bool, **choice: Any
) -> None:
    """Bring failed, cancelled or expired jobs back: the named ones, or those that are chosen.

    \b
    steve retry 0192f0c1-…
    steve retry --status failed --type send_email --since 2h
    """

    async def act(jobs: Jobs, chosen: list[UUID]) -> list[UUID]:
        return await jobs.retry(chosen, starts=starts, force=force)

    over = ["failed", "cancelled", "expired", *(["completed"] if force else [])]
    _change(common, uids, choice, over, yes, act, ("retry", "will run again"))


@click.command()
@_uids
@filters
@_yes
@common
def cancel(common: Common, uids: tuple[UUID, ...], yes: bool, **choice: Any) -> None:
    """Cancel jobs that are not over: the named ones, or those that are chosen.

    Pending ones are cancelled at once; running ones are told to stop.
    """

    async def act(jobs: Jobs, chosen: list[UUID]) -> list[UUID]:
        return await jobs.cancel(chosen)

    live = ["pending", "blocked", "running"]
    _change(common, uids, choice, live, yes, act, ("cancel", "cancelled or told to stop"))


@click.command()
@_uids
@filters
@_yes
@common
def delete(common: Common, uids: tuple[UUID, ...], yes: bool, **choice: Any) -> None:
    """Delete jobs and their history: the named ones, or those that are chosen.

    A job that runs cannot be deleted: cancel it first.
    """

    async def act(jobs: Jobs, chosen: list[UUID]) -> list[UUID]:
        return await jobs.delete(chosen)

    idle = ["pending", "blocked", "completed", "failed", "cancelled", "expired"]
    _change(common, uids, choice, idle, yes, act, ("delete", "deleted"))


def _change(
    common: Common,
    uids: tuple[UUID, ...],
    choice: dict[str, Any],
    usual: list[str],
    yes: bool,
    act: Act,
    words: tuple[str, str],
) -> None:
    """Change the named jobs, or after a question those that the filters choose."""
    verb, done = words
    chosen = any(value is not None for value in choice.values())
    if bool(uids) == chosen:
        raise click.UsageError(
            "name jobs by uid or choose them by --status, --type, --queue, --tag or --since, "
            "one of the two"
        )
    if chosen and choice["status"] is None:
        choice["status"] = usual
    changed = run(_run(common, uids, choice, yes, act, verb))
    if common.json:
        document({"changed": changed})
    else:
        note(f"{len(changed):,} jobs {done}" if len(changed) != 1 else f"1 job {done}")
    missed = [uid for uid in uids if uid not in set(changed)]
    if missed:
        _fail(missed, verb)


async def _run(
    common: Common,
    uids: tuple[UUID, ...],
    choice: dict[str, Any],
    yes: bool,
    act: Act,
    verb: str,
) -> list[UUID]:
    async with located(common.db) as dsn, common.jobs() as jobs:
        if uids:
            return await act(jobs, list(dict.fromkeys(uids)))
        total = await count(dsn, common.chosen_schema, choice)
        if total and not yes:
            _ask(total, verb)
        return await change(jobs, choice, total, lambda page: act(jobs, page), verb)


def _ask(total: int, verb: str) -> None:
    if not sys.stdin.isatty():
        raise click.UsageError(f"{total:,} jobs match: pass --yes to {verb} them")
    if not click.confirm(f"{verb} {total:,} jobs?", err=True):
        note("nothing was changed")
        raise click.exceptions.Exit(1)


def _fail(missed: list[UUID], verb: str) -> None:
    shown = ", ".join(map(str, missed[:5])) + (" …" if len(missed) > 5 else "")
    note(f"Error: could not {verb}: {shown} (unknown, or in another status; see `steve show`)")
    click.get_current_context().exit(1)
