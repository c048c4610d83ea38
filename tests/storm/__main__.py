"""`python -m storm`: let it storm, and say what is left."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console

from steve.core.errors import EmbeddedUnavailable
from storm.driver import Plan, Storm
from storm.faults import ALL, EVERYWHERE, Fault

WAL_SIZE = "256m"
SMALL_WAL = {"max_wal_size": "64MB", "min_wal_size": "32MB"}


@click.command()
@click.option("--seconds", type=float, default=60.0, show_default=True, help="How long.")
@click.option("--seed", type=int, multiple=True, default=(1,), help="One run for each.")
@click.option("--all", "everything", is_flag=True, help="Also what needs packages and mounts.")
@click.option("--only", multiple=True, help="Faults whose name has this in it.")
@click.option("--postgres", type=click.Path(path_type=Path), help="PostgreSQL's programs.")
@click.option("--keep", is_flag=True, help="Keep the folder with logs and data.")
def main(
    seconds: float,
    seed: tuple[int, ...],
    everything: bool,
    only: tuple[str, ...],
    postgres: Path | None,
    keep: bool,
) -> None:
    """Run storms; ends with 1 unless all of them are clean."""
    console = Console(soft_wrap=True)
    faults = chosen(ALL if everything else EVERYWHERE, only)
    clean = True
    for number in seed:
        with folder(keep) as place, small_disk(place, wanted=everything) as wal:
            plan = Plan(
                seconds, number, faults, binaries=postgres, wal=wal,
                settings=SMALL_WAL if wal else {},
                say=lambda text: console.print(text, markup=False),
            )  # fmt: skip
            try:
                verdict = asyncio.run(Storm(plan, place).run())
            except EmbeddedUnavailable as error:
                raise click.ClickException(str(error)) from error
            verdict.show(console)
            clean = clean and verdict.clean
    sys.exit(0 if clean else 1)


def chosen(faults: Sequence[type[Fault]], only: Sequence[str]) -> list[type[Fault]]:
    """The faults whose names have one of these texts in them; all of them for no text."""
    for part in only:
        if not any(part in fault.name for fault in faults):
            names = "".join(f"\n  {fault.name}" for fault in faults)
            raise click.BadParameter(f"no fault has {part!r} in its name; there are{names}")
    return [fault for fault in faults if not only or any(part in fault.name for part in only)]


@contextmanager
def folder(keep: bool) -> Iterator[Path]:
    """A temporary folder that whoever the server runs as can get into."""
    place = Path(tempfile.mkdtemp(prefix="steve-storm-"))
    place.chmod(0o711)
    try:
        yield place
    finally:
        if keep:
            click.echo(f"kept: {place}")
        else:
            shutil.rmtree(place, ignore_errors=True)


@contextmanager
def small_disk(place: Path, *, wanted: bool) -> Iterator[Path | None]:
    """A disk for the write-ahead log that can be filled, where we may mount one."""
    if not wanted or os.geteuid() != 0:
        yield None
        return
    disk = place / "wal"
    disk.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={WAL_SIZE}", "tmpfs", disk], check=False
    )
    if done.returncode:
        yield None
        return
    try:
        inside = disk / "log"
        inside.mkdir()
        yield inside
    finally:
        subprocess.run(["umount", "--lazy", disk], check=False)


if __name__ == "__main__":
    main()
